"""Running the project's tools in this process, and in processes of their own."""

import os
import subprocess
import sys
from pathlib import Path

from mmengine.utils import ManagerMixin

from tests.helpers.forked_runs import REPOSITORY, load_tool, plain_configs, run_forked

THREAD_ABORT = 'terminate called without an active exception'
ATTEMPTS = 4


def forget_runs() -> None:
    """Drop MMEngine's global instances (log, message hub, visualizer) of earlier runs."""
    for manager in _subclasses(ManagerMixin):
        manager._instance_dict.clear()


def run_here(name: str, *arguments: str | Path) -> None:
    """Run ``main`` of a tool in this process, with MMEngine's global instances as in a new one."""
    forget_runs()
    with plain_configs():
        load_tool(name).main([str(argument) for argument in arguments])


def run_process(
    name: str, *arguments: str | Path, processes: int = 0, torchrun: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run a tool in a process of its own, or in several; see ``returncode`` and ``stderr``.

    They are forked from a server that has imported the libraries; with ``torchrun``, as users start
    them. Of several processes, PyTorch's threads now and then abort one (seen with 2.12 and gloo,
    about once in ten runs on busy cores, whatever is run): such a run says nothing and is repeated.
    """
    words = [str(argument) for argument in arguments]
    for _ in range(ATTEMPTS if processes else 1):
        if torchrun:
            done = _launch(name, words, processes)
        else:
            code, output = run_forked(name, words, max(1, processes))
            done = subprocess.CompletedProcess(words, code, output, output)
        if THREAD_ABORT not in done.stderr:
            break
    return done


def _launch(name: str, arguments: list[str], processes: int) -> subprocess.CompletedProcess[str]:
    launcher = ['-m', 'torch.distributed.run', '--standalone', f'--nproc_per_node={processes}']
    return subprocess.run(
        [sys.executable, *launcher, str(REPOSITORY / f'tools/{name}.py'), *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, 'PYTHONPATH': str(REPOSITORY), 'OMP_NUM_THREADS': '1'},
    )


def _subclasses(cls: type) -> list[type]:
    return [s for child in cls.__subclasses__() for s in (child, *_subclasses(child))]
