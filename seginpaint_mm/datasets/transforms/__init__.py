"""Transforms of a pipeline, one a file."""

from seginpaint_mm.datasets.transforms.loading import LoadSceneAnnotations, LoadSceneImage
from seginpaint_mm.datasets.transforms.packing import PackScene

__all__ = ['LoadSceneAnnotations', 'LoadSceneImage', 'PackScene']
