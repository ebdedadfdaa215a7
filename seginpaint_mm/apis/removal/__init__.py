"""Remove objects from photos or fill holes: the choice of objects, and the patches to fill."""

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
