"""Running the project's tools in this process, and in processes of their own."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from unittest import mock

from mmengine.utils import ManagerMixin

REPOSITORY = Path(__file__).resolve().parents[1]
THREAD_ABORT = 'terminate called without an active exception'
ATTEMPTS = 4


def load_tool(name: str) -> ModuleType:
    """The module of ``tools/NAME.py``."""
    path = REPOSITORY / 'tools' / f'{name}.py'
    spec = importlib.util.spec_from_file_location(f'tool_{path.stem}', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def forget_runs() -> None:
    """Drop MMEngine's global instances (log, message hub, visualizer) of earlier runs."""
    for manager in _subclasses(ManagerMixin):
        manager._instance_dict.clear()


def run_here(name: str, *arguments: str | Path) -> None:
    """``main`` of a tool in this process, with MMEngine's global instances as in a new one.

    The configs that runs write are not made pretty, which would take half of a short run's time.
    """
    forget_runs()
    with mock.patch('yapf.yapflib.yapf_api.FormatCode', lambda text, **_: (text, False)):
        load_tool(name).main([str(argument) for argument in arguments])


def run_process(
    name: str, *arguments: str | Path, processes: int = 0
) -> subprocess.CompletedProcess[str]:
    """A tool in a process of its own, or in several started by torchrun; see ``returncode``.

    Of several processes, PyTorch's threads now and then abort one (seen with 2.12 and gloo, about
    once in ten runs on busy cores, whatever is run): such a run says nothing and is repeated.
    """
    launcher = ['-m', 'torch.distributed.run', '--standalone', f'--nproc_per_node={processes}']
    command = [
        sys.executable,
        *(launcher if processes else []),
        str(REPOSITORY / f'tools/{name}.py'),
    ]
    for _ in range(ATTEMPTS if processes else 1):
        done = subprocess.run(
            [*command, *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            env={**os.environ, 'PYTHONPATH': str(REPOSITORY), 'OMP_NUM_THREADS': '1'},
        )
        if THREAD_ABORT not in done.stderr:
            break
    return done


def _subclasses(cls: type) -> list[type]:
    return [s for child in cls.__subclasses__() for s in (child, *_subclasses(child))]
