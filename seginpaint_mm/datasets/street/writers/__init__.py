"""Writers of Street in the on-disk layouts of real data sets."""

from seginpaint_mm.datasets.street.writers.camvid import CamVidLayout
from seginpaint_mm.datasets.street.writers.cityscapes import CityscapesLayout
from seginpaint_mm.datasets.street.writers.dyce import DYCELayout
from seginpaint_mm.datasets.street.writers.kitti import KITTILayout
from seginpaint_mm.datasets.street.writers.layout import Layout
from seginpaint_mm.datasets.street.writers.sbd import SBDLayout
from seginpaint_mm.datasets.street.writers.voc import VOCLayout
from seginpaint_mm.datasets.street.writers.writer import Order, write_dataset

LAYOUTS: dict[str, Layout] = {
    'cityscapes': CityscapesLayout(),
    'kitti': KITTILayout(),
    'camvid': CamVidLayout(),
    'voc': VOCLayout(),
    'sbd': SBDLayout(),
    'dyce': DYCELayout(),
}

__all__ = ['LAYOUTS', 'Layout', 'Order', 'write_dataset']
