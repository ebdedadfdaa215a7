"""Writers of Street in the on-disk layouts of real data sets."""

from seginpaint_mm.datasets.street.writers.camvid import CamVidLayout
from seginpaint_mm.datasets.street.writers.cityscapes import CityscapesLayout
from seginpaint_mm.datasets.street.writers.kitti import KITTILayout
from seginpaint_mm.datasets.street.writers.writer import Layout, Order, write_dataset

LAYOUTS: dict[str, Layout] = {
    'cityscapes': CityscapesLayout(),
    'kitti': KITTILayout(),
    'camvid': CamVidLayout(),
}

__all__ = ['LAYOUTS', 'Layout', 'Order', 'write_dataset']
