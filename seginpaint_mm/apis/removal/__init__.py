"""Removing objects from photos, or filling holes: which, and what of the photo a network paints."""

from seginpaint_mm.apis.removal.filling import Filling, FillingPlan, FillingSource
from seginpaint_mm.apis.removal.removal import Removal
from seginpaint_mm.apis.removal.removal_plan import RemovalPlan, RemovalSource

__all__ = [
    'Filling',
    'FillingPlan',
    'FillingSource',
    'Removal',
    'RemovalPlan',
    'RemovalSource',
]
