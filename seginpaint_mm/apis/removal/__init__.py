"""Removing objects from photos: which ones, and what of the photo a network is to paint."""

from seginpaint_mm.apis.removal.removal import Removal
from seginpaint_mm.apis.removal.removal_plan import RemovalPlan, RemovalSource

__all__ = ['Removal', 'RemovalPlan', 'RemovalSource']
