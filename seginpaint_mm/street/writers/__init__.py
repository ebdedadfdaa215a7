"""Writers of Street in the on-disk layouts of real data sets."""

from seginpaint_mm.street.writers.dyce import DYCELayout
from seginpaint_mm.street.writers.street_layouts import CamVidLayout, CityscapesLayout, KITTILayout
from seginpaint_mm.street.writers.voc import SBDLayout, VOCLayout
from seginpaint_mm.street.writers.writer import Layout, Order, write_dataset

LAYOUTS: dict[str, Layout] = {
    'cityscapes': CityscapesLayout(),
    'kitti': KITTILayout(),
    'camvid': CamVidLayout(),
    'voc': VOCLayout(),
    'sbd': SBDLayout(),
    'dyce': DYCELayout(),
}

__all__ = ['LAYOUTS', 'Layout', 'Order', 'write_dataset']
