"""Data sets of streets and of objects, and the transforms that prepare them."""

from seginpaint_mm.datasets.camvid import CamVidLabelDataset, CamVidSceneDataset
from seginpaint_mm.datasets.cityscapes import (
    CityscapesInstanceDataset,
    CityscapesLabelDataset,
    CityscapesSceneDataset,
)
from seginpaint_mm.datasets.coco_instances import CocoInstanceDataset
from seginpaint_mm.datasets.coco_panoptic import CocoPanopticInstanceDataset
from seginpaint_mm.datasets.cocoa import COCOADataset
from seginpaint_mm.datasets.dyce import DYCEDataset
from seginpaint_mm.datasets.folder_instances import FolderInstanceDataset
from seginpaint_mm.datasets.instance_dataset import InstanceDataset
from seginpaint_mm.datasets.kitti import KITTISceneDataset
from seginpaint_mm.datasets.label_folder import LabelFolderDataset
from seginpaint_mm.datasets.outdoor_scenes import OutdoorScenesDataset
from seginpaint_mm.datasets.pairs import PairsDataset
from seginpaint_mm.datasets.partial_epoch_sampler import PartialEpochSampler
from seginpaint_mm.datasets.scene_folder import SceneFolderDataset
from seginpaint_mm.datasets.transforms import (
    CentreHole,
    ChooseObjects,
    CropAppearances,
    FrameObjects,
    FreeFormStrokes,
    GrowBoxes,
    HoleTransform,
    IrregularHoles,
    KeepTrueImage,
    LoadAmodalObjects,
    LoadClasses,
    LoadHole,
    LoadInstances,
    LoadObjects,
    LoadPair,
    LoadSceneAnnotations,
    LoadSceneImage,
    ObjectHole,
    PackScene,
    PasteForeground,
    RandomRectangles,
    SignedDistance,
)
from seginpaint_mm.datasets.voc import SBDInstanceDataset, VOCInstanceDataset

__all__ = [
    'COCOADataset',
    'CamVidLabelDataset',
    'CamVidSceneDataset',
    'CentreHole',
    'ChooseObjects',
    'CityscapesInstanceDataset',
    'CityscapesLabelDataset',
    'CityscapesSceneDataset',
    'CocoInstanceDataset',
    'CocoPanopticInstanceDataset',
    'CropAppearances',
    'DYCEDataset',
    'FolderInstanceDataset',
    'FrameObjects',
    'FreeFormStrokes',
    'GrowBoxes',
    'HoleTransform',
    'InstanceDataset',
    'IrregularHoles',
    'KITTISceneDataset',
    'KeepTrueImage',
    'LabelFolderDataset',
    'LoadAmodalObjects',
    'LoadClasses',
    'LoadHole',
    'LoadInstances',
    'LoadObjects',
    'LoadPair',
    'LoadSceneAnnotations',
    'LoadSceneImage',
    'ObjectHole',
    'OutdoorScenesDataset',
    'PackScene',
    'PairsDataset',
    'PartialEpochSampler',
    'PasteForeground',
    'RandomRectangles',
    'SBDInstanceDataset',
    'SceneFolderDataset',
    'SignedDistance',
    'VOCInstanceDataset',
]
