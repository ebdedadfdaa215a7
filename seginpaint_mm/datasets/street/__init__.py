"""Street: a procedural, layered street renderer and writers for the layouts of real data sets."""

from seginpaint_mm.datasets.street.looks import LOOKS
from seginpaint_mm.datasets.street.render import render_street
from seginpaint_mm.datasets.street.scene import StreetObject, StreetScene

__all__ = ['LOOKS', 'StreetObject', 'StreetScene', 'render_street']
