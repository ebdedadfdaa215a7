"""Transforms of a pipeline, one a file."""

from seginpaint_mm.datasets.transforms.choose_objects import ChooseObjects
from seginpaint_mm.datasets.transforms.crop_appearances import CropAppearances
from seginpaint_mm.datasets.transforms.frame_objects import FrameObjects
from seginpaint_mm.datasets.transforms.grow_boxes import GrowBoxes
from seginpaint_mm.datasets.transforms.load_amodal_objects import LoadAmodalObjects
from seginpaint_mm.datasets.transforms.load_classes import LoadClasses
from seginpaint_mm.datasets.transforms.load_instances import LoadInstances
from seginpaint_mm.datasets.transforms.load_objects import LoadObjects
from seginpaint_mm.datasets.transforms.loading import LoadSceneAnnotations, LoadSceneImage
from seginpaint_mm.datasets.transforms.packing import PackScene
from seginpaint_mm.datasets.transforms.paste_foreground import PasteForeground
from seginpaint_mm.datasets.transforms.random_rectangles import RandomRectangles
from seginpaint_mm.datasets.transforms.signed_distance import SignedDistance

__all__ = [
    'ChooseObjects',
    'CropAppearances',
    'FrameObjects',
    'GrowBoxes',
    'LoadAmodalObjects',
    'LoadClasses',
    'LoadInstances',
    'LoadObjects',
    'LoadSceneAnnotations',
    'LoadSceneImage',
    'PackScene',
    'PasteForeground',
    'RandomRectangles',
    'SignedDistance',
]
