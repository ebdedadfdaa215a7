"""Data sets of streets and the transforms that prepare them."""

from seginpaint_mm.datasets.cityscapes import CityscapesSceneDataset
from seginpaint_mm.datasets.partial_epoch_sampler import PartialEpochSampler
from seginpaint_mm.datasets.transforms import LoadSceneAnnotations, LoadSceneImage, PackScene

__all__ = [
    'CityscapesSceneDataset',
    'LoadSceneAnnotations',
    'LoadSceneImage',
    'PackScene',
    'PartialEpochSampler',
]
