"""Operators of mmcv without a compiler: where they are found, and in which processes."""

import subprocess
import sys
from pathlib import Path

import mmcv.ops
import pytest
import torch
from mmcv.utils import collect_env

from seginpaint_mm.interop import mmcv_ops
from tests.helpers import mmcv_reference

ROOT = Path(__file__).parents[2]
needs_ours = pytest.mark.skipif(mmcv_reference.IS_COMPILED, reason='mmcv is compiled here')


@needs_ours
def test_other_operators_say_what_to_do() -> None:
    dets = torch.tensor([[5.0, 5, 4, 4, 0]])
    sentence = r'without its compiled operator nms_rotated, .*compile it with "OPS=compiled make'
    with pytest.raises(RuntimeError, match=sentence) as caught:
        mmcv.ops.nms_rotated(dets, torch.ones(1), 0.5)
    assert '\n' not in str(caught.value)


def test_every_operator_is_one_of_mmcv() -> None:
    """A typing error in the list would leave mmcv without that operator."""
    sources = Path(mmcv.ops.__file__).parent.glob('*.py')
    used = ''.join(source.read_text() for source in sources)
    for home, names in mmcv_ops.OPERATORS.items():
        for name in names:
            assert f'ext_module.{name}(' in used
            module = getattr(mmcv_reference.OURS, name).__module__
            assert module == f'seginpaint_mm.interop.mmcv_kernels.{home}'


@needs_ours
def test_report_on_the_environment_says_which_operators() -> None:
    assert collect_env()['MMCV Compiler'] == 'none (operators from torchvision)'


def test_installing_twice_changes_nothing() -> None:
    before = list(sys.meta_path)
    mmcv_ops.install()
    assert sys.meta_path == before


def test_compiled_operators_are_left_alone(tmp_path: Path) -> None:
    """A module of that name that another finder finds is the one that is used."""
    package = tmp_path / 'mmcv'
    package.mkdir()
    (package / '__init__.py').touch()
    (package / '_ext.py').write_text('def nms(): return "compiled"\n')
    program = (
        'import seginpaint_mm, mmcv._ext\n'
        'from seginpaint_mm.interop import mmcv_ops\n'
        'print(mmcv._ext.nms(), mmcv_ops.in_use())\n'
    )
    assert run(program, tmp_path) == 'compiled compiled'


def test_operators_that_do_not_load_are_not_replaced(tmp_path: Path) -> None:
    package = tmp_path / 'mmcv'
    package.mkdir()
    (package / '__init__.py').touch()
    (package / '_ext.py').write_text('raise ImportError("undefined symbol")\n')
    program = (
        'import seginpaint_mm\n'
        'try:\n'
        '    import mmcv._ext\n'
        'except ImportError as error:\n'
        '    print(error)\n'
    )
    assert run(program, tmp_path) == 'undefined symbol'


def test_importing_the_package_imports_no_torch() -> None:
    assert run('import sys, seginpaint_mm; print("torch" in sys.modules)') == 'False'


# Imports mmcv.ops as mmdet does: without knowing of this package.
PROCESSES = """
import mmcv.ops
import torch
import torch.distributed as dist

class Boxes(torch.utils.data.Dataset):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        boxes = torch.tensor([[0., 0, 9, 9], [0, 0, 9, 8], [20, 20, 30, 30]])
        return mmcv.ops.nms(boxes, torch.tensor([.9, .8, .7]), .5)[1]

def work(rank, store):
    dist.init_process_group('gloo', init_method=f'file://{store}', rank=rank, world_size=2)
    features = torch.full((1, 1, 4, 4), float(rank + 1), requires_grad=True)
    rois = torch.tensor([[0., 0, 0, 4, 4]])
    mmcv.ops.roi_align(features, rois, 2).sum().backward()
    total = features.grad.sum() * (rank + 1)
    dist.all_reduce(total)
    if rank == 1:
        loader = torch.utils.data.DataLoader(
            Boxes(), batch_size=2, num_workers=1, multiprocessing_context='spawn')
        print(total.item(), next(iter(loader)).tolist())
    dist.destroy_process_group()
"""


@pytest.mark.slow
def test_distributed_processes_and_their_spawned_workers_have_them(tmp_path: Path) -> None:
    (tmp_path / 'processes.py').write_text(PROCESSES)
    program = (
        'import seginpaint_mm, processes, torch\n'
        f'store = {str(tmp_path / "store")!r}\n'
        "other = torch.multiprocessing.get_context('spawn').Process(\n"
        '    target=processes.work, args=(1, store))\n'
        'other.start()\n'
        'processes.work(0, store)\n'
        'other.join()\n'
        'assert other.exitcode == 0\n'
    )
    assert run(program, tmp_path) == '12.0 [[0, 2], [0, 2]]'


def run(program: str, *folders: Path) -> str:
    path = ':'.join(map(str, (*folders, ROOT)))
    env = {'PATH': '/usr/bin:/bin', 'PYTHONPATH': path, 'OMP_NUM_THREADS': '1'}
    command = [sys.executable, '-c', program]
    result = subprocess.run(command, env=env, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip().splitlines()[-1]
