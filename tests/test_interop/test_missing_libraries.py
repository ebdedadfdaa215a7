"""What is said where OpenMMLab's libraries are not installed."""

import subprocess
import sys

import pytest

from tests.helpers.tool_runs import REPOSITORY

# A process in which the named modules cannot be found, as if they were not installed.
HIDE = """
import importlib.machinery, sys
hidden = set(sys.argv[1].split(','))
class Hiding(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name in hidden else super().find_spec(name, path, target)
sys.meta_path[:] = [Hiding if f is importlib.machinery.PathFinder else f for f in sys.meta_path]
sys.argv[1:2] = []
"""


def run(hidden: str, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, '-c', HIDE + code, hidden, *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, env={'PYTHONPATH': str(REPOSITORY)}
    )


@pytest.mark.parametrize('hidden', ['mmengine', 'mmcv', 'mmdet', 'mmseg', 'cv2'])
def test_our_imports_say_what_to_install(hidden: str) -> None:
    code = """
import seginpaint_mm
try:
    import seginpaint_mm.apis
except ModuleNotFoundError as error:
    print(error.name, error)
"""
    done = run(hidden, code)
    name, _, sentence = done.stdout.partition(' ')
    assert name == hidden, done.stderr
    assert sentence.startswith(f'{hidden} is not installed: run pip install "')
    assert sentence.endswith('[onedl]", or with [openmmlab] for the original OpenMMLab releases.\n')


def test_imports_of_others_get_pythons_own_error() -> None:
    code = """
import importlib.util
import seginpaint_mm
assert importlib.util.find_spec('mmdet') is None
try:
    import mmdet
except ModuleNotFoundError as error:
    print(error)
"""
    assert run('mmdet', code).stdout == "No module named 'mmdet'\n"


def test_commands_print_one_sentence() -> None:
    code = """
from seginpaint_mm.__main__ import main
sys.exit(main())
"""
    done = run('mmengine,mmcv,mmdet,mmseg', code, 'train', 'pspnet_r18_street')
    assert done.returncode == 2
    assert done.stderr.startswith('error: mmengine is not installed: run pip install "')
    assert len(done.stderr.splitlines()) == 1


def test_a_config_that_needs_mmagic_says_so_and_others_do_not_need_it() -> None:
    code = """
import seginpaint_mm.apis, seginpaint_mm.benchmarks.object_removal
from seginpaint_mm.cli import load_config, one_sentence_errors
load_config('pspnet_r18_street', {})
one_sentence_errors(lambda argv: load_config('sgenet_small_street', {}))([])
"""
    done = run('mmagic', code)
    assert done.returncode == 2, done.stderr
    line = done.stderr.splitlines()[-1]
    assert line.startswith('error: ')
    assert 'sgenet_small_street.py: mmagic is not installed: run seginpaint doctor --fix' in line
