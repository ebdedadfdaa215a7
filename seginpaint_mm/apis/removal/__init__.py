"""Remove objects from photos or fill holes: the choice of objects, and the patches to fill."""

from seginpaint_mm.apis.removal.plans import (
    Filling,
    FillingPlan,
    FillingSource,
    RemovalPlan,
    RemovalSource,
)
from seginpaint_mm.apis.removal.removal import Removal

__all__ = [
    'Filling',
    'FillingPlan',
    'FillingSource',
    'Removal',
    'RemovalPlan',
    'RemovalSource',
]
