"""What is said where OpenMMLab's libraries are not installed."""

import json
import subprocess
import sys

import pytest

from tests.helpers.tool_runs import REPOSITORY

# A process that runs cases in turn, each in a fork of it in which the named modules cannot be
# found, as if they were not installed; what they do not hide is imported once, before them.
CASES = """
import contextlib, importlib.machinery, io, json, os, sys
hidden = set()
class Hiding(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name in hidden else super().find_spec(name, path, target)
sys.meta_path[:] = [Hiding if f is importlib.machinery.PathFinder else f for f in sys.meta_path]

def run(names, code):
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        hidden.update(names)
        assert not hidden & set(sys.modules)
        out, err, status = io.StringIO(), io.StringIO(), 0
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                exec(code, {'__name__': 'case', 'sys': sys})
            except SystemExit as stopped:
                status = stopped.code
        with os.fdopen(writer, 'w') as file:
            json.dump([status, out.getvalue(), err.getvalue()], file)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as file:
        answer = file.read()
    os.waitpid(pid, 0)
    return json.loads(answer) if answer else ['died', '', '']

answers = []
for before, names, code in json.load(sys.stdin):
    exec(before)
    answers.append(run(names, code))
print(json.dumps(answers))
"""
IMPORT = """
import seginpaint_mm
try:
    import seginpaint_mm.apis
except ModuleNotFoundError as error:
    print(error.name, error)
"""
OTHERS = """
import importlib.util
import seginpaint_mm
assert importlib.util.find_spec('mmdet') is None
try:
    import mmdet
except ModuleNotFoundError as error:
    print(error)
"""
COMMAND = """
from seginpaint_mm.__main__ import main
sys.exit(main(['train', 'pspnet_r18_street']))
"""
MMAGIC = """
import seginpaint_mm.apis, seginpaint_mm.benchmarks.object_removal
from seginpaint_mm.cli import load_config, one_sentence_errors
load_config('pspnet_r18_street', {})
one_sentence_errors(lambda argv: load_config('sgenet_small_street', {}))([])
"""
FAMILY = ('mmengine', 'mmcv', 'mmdet', 'mmseg')
# What is imported before each case, as others have been; what it lacks; what it runs.
TABLE = {
    'others': ('', ('mmdet',), OTHERS),
    'command': ('', FAMILY, COMMAND),
    'cv2': ('import seginpaint_mm, torch, torchvision', ('cv2',), IMPORT),
    'mmengine': ('', ('mmengine',), IMPORT),
    'mmcv': ('import mmengine', ('mmcv',), IMPORT),
    'mmdet': ('import mmcv', ('mmdet',), IMPORT),
    'mmseg': ('import mmdet', ('mmseg',), IMPORT),
    'mmagic': ('import mmseg', ('mmagic',), MMAGIC),
}


@pytest.fixture(scope='module')
def answers() -> dict[str, tuple[int, str, str]]:
    """The exit status, the output and the errors of each case."""
    done = subprocess.run(
        [sys.executable, '-c', CASES],
        input=json.dumps(list(TABLE.values())),
        capture_output=True,
        text=True,
        env={'PYTHONPATH': str(REPOSITORY)},
    )
    assert done.returncode == 0, done.stderr
    return dict(zip(TABLE, json.loads(done.stdout.splitlines()[-1]), strict=True))


@pytest.mark.parametrize('hidden', [*FAMILY, 'cv2'])
def test_our_imports_say_what_to_install(hidden: str, answers: dict) -> None:
    _, output, errors = answers[hidden]
    name, _, sentence = output.partition(' ')
    assert name == hidden, errors
    assert sentence.startswith(f'{hidden} is not installed: run pip install "')
    assert sentence.endswith('[onedl]", or with [openmmlab] for the original OpenMMLab releases.\n')


def test_imports_of_others_get_pythons_own_error(answers: dict) -> None:
    assert answers['others'][1] == "No module named 'mmdet'\n"


def test_commands_print_one_sentence(answers: dict) -> None:
    status, _, errors = answers['command']
    assert status == 2
    assert errors.startswith('error: mmengine is not installed: run pip install "')
    assert len(errors.splitlines()) == 1


def test_a_config_that_needs_mmagic_says_so_and_others_do_not_need_it(answers: dict) -> None:
    status, _, errors = answers['mmagic']
    assert status == 2, errors
    line = errors.splitlines()[-1]
    assert line.startswith('error: ')
    assert 'sgenet_small_street.py: mmagic is not installed: run seginpaint doctor --fix' in line
