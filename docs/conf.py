"""Sphinx: ``make docs`` builds docs/_build/html; a warning is an error."""

import os
import re
import sys
from pathlib import Path

from mmcv.transforms.utils import cache_randomness
from sphinx.application import Sphinx

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
sys.path.insert(0, str(ROOT))

# Sphinx looks methods up on the class, which mmcv's decorator does not expect.
_get = cache_randomness.__get__
cache_randomness.__get__ = lambda self, obj, cls: self if obj is None else _get(self, obj, cls)

project = 'seginpaint_mm'
author = 'The seginpaint_mm contributors'
release = re.search(
    r"__version__ = '(.+)'", (ROOT / 'seginpaint_mm/__init__.py').read_text(encoding='utf-8')
)[1]
extensions = [
    'myst_parser',
    'sphinx.ext.autodoc',
    'sphinx.ext.napoleon',
    'sphinx.ext.viewcode',
]
exclude_patterns = ['_build']
html_theme = 'furo'
html_title = f'seginpaint_mm {release}'
html_theme_options = {'navigation_with_keys': True}

myst_heading_anchors = 3

autodoc_member_order = 'bysource'
autodoc_typehints = 'description'
autodoc_typehints_description_target = 'documented'
napoleon_numpy_docstring = False

# Pages of the repository that are shown as pages of the documentation.
PAGES = {
    'contributing': 'CONTRIBUTING.md',
    'code_of_conduct': 'CODE_OF_CONDUCT.md',
    'changelog': 'CHANGELOG.md',
    **{
        f'methods/{path.parent.name}': str(path.relative_to(ROOT))
        for path in ROOT.glob('configs/*/README.md')
    },
}
_LINK = re.compile(r'(?<=\]\()(?!https?:|#)([^)#\s]+)')


def show_page(app: Sphinx, name: str, source: list[str]) -> None:
    """Replace a stub by the repository's page; let links point at pages of the documentation.

    On GitHub a page of the documentation links to ``configs/mpi/README.md``; here that is
    ``methods/mpi``.
    """
    path = ROOT / PAGES[name] if name in PAGES else DOCS / f'{name}.md'
    shown = {ROOT / page: DOCS / f'{stub}.md' for stub, page in PAGES.items()}

    def seen_from_here(link: re.Match) -> str:
        target = (path.parent / link[1]).resolve()
        return os.path.relpath(shown.get(target, target), (DOCS / name).parent)

    text = path.read_text(encoding='utf-8') if name in PAGES else source[0]
    source[0] = _LINK.sub(seen_from_here, text)


def setup(app: Sphinx) -> None:
    app.connect('source-read', show_page)
