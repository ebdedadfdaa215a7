"""Packaging beside pyproject.toml: the package carries the configs, as OpenMMLab's libraries do."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent


class BuildWithConfigs(build_py):
    """Put configs, metafiles and tools into ``seginpaint_mm/.mim`` of what is built."""

    def run(self) -> None:
        package = Path(self.build_lib) / 'seginpaint_mm'
        if self.editable_mode:  # they are found in the checkout
            super().run()
            return
        shutil.rmtree(package, ignore_errors=True)  # an earlier build may have left more files
        super().run()
        for folder in ('configs', 'tools'):
            ignored = shutil.ignore_patterns('__pycache__', 'setup_*.sh')
            shutil.copytree(ROOT / folder, package / '.mim' / folder, ignore=ignored)
        shutil.copy(ROOT / 'model-index.yml', package / '.mim')


setup(cmdclass={'build_py': BuildWithConfigs})
