"""Transforms of a pipeline, one a file."""

from seginpaint_mm.datasets.transforms.centre_hole import CentreHole
from seginpaint_mm.datasets.transforms.choose_objects import ChooseObjects
from seginpaint_mm.datasets.transforms.crop_appearances import CropAppearances
from seginpaint_mm.datasets.transforms.frame_objects import FrameObjects
from seginpaint_mm.datasets.transforms.free_form_strokes import FreeFormStrokes
from seginpaint_mm.datasets.transforms.grow_boxes import GrowBoxes
from seginpaint_mm.datasets.transforms.hole_transform import HoleTransform
from seginpaint_mm.datasets.transforms.irregular_holes import IrregularHoles
from seginpaint_mm.datasets.transforms.keep_true_image import KeepTrueImage
from seginpaint_mm.datasets.transforms.load_amodal_objects import LoadAmodalObjects
from seginpaint_mm.datasets.transforms.load_classes import LoadClasses
from seginpaint_mm.datasets.transforms.load_hole import LoadHole
from seginpaint_mm.datasets.transforms.load_instances import LoadInstances
from seginpaint_mm.datasets.transforms.load_objects import LoadObjects
from seginpaint_mm.datasets.transforms.load_pair import LoadPair
from seginpaint_mm.datasets.transforms.loading import LoadSceneAnnotations, LoadSceneImage
from seginpaint_mm.datasets.transforms.object_hole import ObjectHole
from seginpaint_mm.datasets.transforms.packing import PackScene
from seginpaint_mm.datasets.transforms.paste_foreground import PasteForeground
from seginpaint_mm.datasets.transforms.random_rectangles import RandomRectangles
from seginpaint_mm.datasets.transforms.signed_distance import SignedDistance

__all__ = [
    'CentreHole',
    'ChooseObjects',
    'CropAppearances',
    'FrameObjects',
    'FreeFormStrokes',
    'GrowBoxes',
    'HoleTransform',
    'IrregularHoles',
    'KeepTrueImage',
    'LoadAmodalObjects',
    'LoadClasses',
    'LoadHole',
    'LoadInstances',
    'LoadObjects',
    'LoadPair',
    'LoadSceneAnnotations',
    'LoadSceneImage',
    'ObjectHole',
    'PackScene',
    'PasteForeground',
    'RandomRectangles',
    'SignedDistance',
]
