"""Packaging: what seginpaint_mm needs, as ranges; the exact set is in requirements/constraints.txt.

Neither OpenMMLab family (``mmengine`` ... or ``onedl-mmengine`` ...) is required here: both install
the same import names, so the user chooses one with ``requirements/mminstall*.txt``.
"""

from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent


def requirements(name: str) -> list[str]:
    """Read ``requirements/<name>.txt``, leaving out comments and ``-r``/``-c`` lines."""
    lines = (ROOT / 'requirements' / f'{name}.txt').read_text(encoding='utf-8').splitlines()
    stripped = (line.split('#')[0].strip() for line in lines)
    return [line for line in stripped if line and not line.startswith('-')]


def version() -> str:
    text = (ROOT / 'seginpaint_mm' / '__init__.py').read_text(encoding='utf-8')
    return text.split("__version__ = '")[1].split("'")[0]


setup(
    name='seginpaint_mm',
    version=version(),
    description='What is behind, under and beside the things in a picture, on OpenMMLab',
    long_description=(ROOT / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    packages=find_packages(include=['seginpaint_mm', 'seginpaint_mm.*']),
    python_requires='>=3.10,<3.13',
    install_requires=requirements('runtime'),
    extras_require={
        'tests': requirements('tests'),
        'optional': requirements('optional'),
        'all': requirements('tests') + requirements('optional'),
    },
)
