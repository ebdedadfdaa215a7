"""Say what to install where one of OpenMMLab's libraries, or OpenCV, is missing.

The package is installed with one of two families (the extras ``onedl`` and ``openmmlab``), or with
neither. The finder below stands last in ``sys.meta_path``: it is asked only for what no other
finder has found. This module imports the standard library alone.
"""

import importlib.metadata
import sys
from pathlib import Path
from typing import Any

from seginpaint_mm.errors import MissingLibrary

_FAMILY = ('mmengine', 'mmcv', 'mmdet', 'mmseg')
_IN_A_FAMILY = (*_FAMILY, 'cv2')
_PACKAGE = 'seginpaint_mm'
_ROOT = Path(__file__).resolve().parents[2]


class MissingLibraryFinder:
    """Raise :class:`MissingLibrary` where our code imports what is missing.

    Imports by the families themselves count as ours; code of others gets Python's own error.
    """

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> None:
        if name in _IN_A_FAMILY and _importer() == _PACKAGE:
            raise MissingLibrary(
                f'{name} is not installed: run pip install "{requirement("onedl")}", or with '
                '[openmmlab] for the original OpenMMLab releases.',
                name=name,
            )


def install() -> None:
    """Put the finder last; calling it again changes nothing."""
    if not any(finder is MissingLibraryFinder for finder in sys.meta_path):
        sys.meta_path.append(MissingLibraryFinder)


def requirement(extra: str) -> str:
    """Return what pip is to install: ``seginpaint_mm[EXTRA]``, or the folder of the checkout."""
    return f'{_PACKAGE if is_installed() else _ROOT}[{extra}]'


def is_installed() -> bool:
    """Return whether pip installed the package; a checkout may hold what a build left of it."""
    try:
        folder = importlib.metadata.distribution(_PACKAGE).locate_file('')
    except importlib.metadata.PackageNotFoundError:
        return False
    left_by_build = Path(str(folder)).resolve() == _ROOT and (_ROOT / 'setup.py').is_file()
    return not left_by_build


def _importer() -> str:
    """Return the package whose code is importing, looking through importlib and the families."""
    frame = sys._getframe(2)
    while frame is not None:
        package = str(frame.f_globals.get('__name__')).partition('.')[0]
        if package not in ('importlib', '_frozen_importlib', *_FAMILY):
            return package
        frame = frame.f_back
    return ''
