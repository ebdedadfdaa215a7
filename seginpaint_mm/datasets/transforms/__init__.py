"""Transforms of a pipeline, by subject: loading, objects, holes, pasting, packing."""

from seginpaint_mm.datasets.transforms.boxes import FrameObjects, GrowBoxes
from seginpaint_mm.datasets.transforms.hole_shapes import (
    FreeFormStrokes,
    RandomRectangles,
    SignedDistance,
)
from seginpaint_mm.datasets.transforms.holes import (
    CentreHole,
    HoleTransform,
    IrregularHoles,
    ObjectHole,
)
from seginpaint_mm.datasets.transforms.loading import (
    LoadClasses,
    LoadHole,
    LoadInstances,
    LoadPair,
    LoadSceneAnnotations,
    LoadSceneImage,
)
from seginpaint_mm.datasets.transforms.objects import (
    ChooseObjects,
    CropAppearances,
    LoadAmodalObjects,
    LoadObjects,
)
from seginpaint_mm.datasets.transforms.packing import KeepTrueImage, PackScene
from seginpaint_mm.datasets.transforms.paste_foreground import PasteForeground

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
