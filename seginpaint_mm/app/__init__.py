"""The local web page and its HTTP API: ``seginpaint serve``."""

from seginpaint_mm.app.server import make_app
from seginpaint_mm.app.service import Service

__all__ = ['Service', 'make_app']
