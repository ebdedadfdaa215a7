"""Data sets of streets and of objects, and the transforms that prepare them."""

from seginpaint_mm.datasets.camvid import CamVidSceneDataset
from seginpaint_mm.datasets.cityscapes import CityscapesSceneDataset
from seginpaint_mm.datasets.cityscapes_instances import CityscapesInstanceDataset
from seginpaint_mm.datasets.coco_instances import CocoInstanceDataset
from seginpaint_mm.datasets.cocoa import COCOADataset
from seginpaint_mm.datasets.dyce import DYCEDataset
from seginpaint_mm.datasets.folder_instances import FolderInstanceDataset
from seginpaint_mm.datasets.instance_dataset import InstanceDataset
from seginpaint_mm.datasets.kitti import KITTISceneDataset
from seginpaint_mm.datasets.partial_epoch_sampler import PartialEpochSampler
from seginpaint_mm.datasets.sbd import SBDInstanceDataset
from seginpaint_mm.datasets.transforms import (
    ChooseObjects,
    CropAppearances,
    FrameObjects,
    GrowBoxes,
    LoadAmodalObjects,
    LoadClasses,
    LoadInstances,
    LoadObjects,
    LoadSceneAnnotations,
    LoadSceneImage,
    PackScene,
    PasteForeground,
    RandomRectangles,
    SignedDistance,
)
from seginpaint_mm.datasets.voc import VOCInstanceDataset

__all__ = [
    'COCOADataset',
    'CamVidSceneDataset',
    'ChooseObjects',
    'CityscapesInstanceDataset',
    'CityscapesSceneDataset',
    'CocoInstanceDataset',
    'CropAppearances',
    'DYCEDataset',
    'FolderInstanceDataset',
    'FrameObjects',
    'GrowBoxes',
    'InstanceDataset',
    'KITTISceneDataset',
    'LoadAmodalObjects',
    'LoadClasses',
    'LoadInstances',
    'LoadObjects',
    'LoadSceneAnnotations',
    'LoadSceneImage',
    'PackScene',
    'PartialEpochSampler',
    'PasteForeground',
    'RandomRectangles',
    'SBDInstanceDataset',
    'SignedDistance',
    'VOCInstanceDataset',
]
