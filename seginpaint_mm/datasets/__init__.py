"""Data sets of streets and the transforms that prepare them."""

from seginpaint_mm.datasets.camvid import CamVidSceneDataset
from seginpaint_mm.datasets.cityscapes import CityscapesSceneDataset
from seginpaint_mm.datasets.kitti import KITTISceneDataset
from seginpaint_mm.datasets.partial_epoch_sampler import PartialEpochSampler
from seginpaint_mm.datasets.transforms import (
    LoadObjects,
    LoadSceneAnnotations,
    LoadSceneImage,
    PackScene,
    PasteForeground,
    RandomRectangles,
)

__all__ = [
    'CamVidSceneDataset',
    'CityscapesSceneDataset',
    'KITTISceneDataset',
    'LoadObjects',
    'LoadSceneAnnotations',
    'LoadSceneImage',
    'PackScene',
    'PartialEpochSampler',
    'PasteForeground',
    'RandomRectangles',
]
