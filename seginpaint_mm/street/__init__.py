"""Street: a procedural, layered street renderer and writers for the layouts of real data sets."""

from seginpaint_mm.street.looks import LOOKS
from seginpaint_mm.street.render import StreetObject, StreetScene, render_street

__all__ = ['LOOKS', 'StreetObject', 'StreetScene', 'render_street']
