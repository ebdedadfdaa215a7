"""Running the project's tools in this process, and in processes of their own."""

import subprocess
from pathlib import Path
from typing import BinaryIO

from mmengine.utils import ManagerMixin

from tests.helpers import forked_runs
from tests.helpers.forked_runs import load_tool, run_by_torchrun, run_forked

REPOSITORY = forked_runs.REPOSITORY

THREAD_ABORT = 'terminate called without an active exception'
ATTEMPTS = 4


def forget_runs() -> None:
    """Drop MMEngine's global instances (log, message hub, visualizer) of earlier runs."""
    for manager in _subclasses(ManagerMixin):
        manager._instance_dict.clear()


def run_here(name: str, *arguments: str | Path) -> None:
    """Run ``main`` of a tool in this process, with MMEngine's global instances as in a new one."""
    forget_runs()
    load_tool(name).main([str(argument) for argument in arguments])


def run_process(
    name: str, *arguments: str | Path, processes: int = 0, torchrun: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run a tool in a process of its own, or in several; see ``returncode`` and ``stderr``.

    They are forked from a server that has imported the libraries; with ``torchrun``, by its agent.
    Of several processes, PyTorch's threads now and then abort one (seen with 2.12 and gloo, about
    once in ten runs on busy cores, whatever is run): such a run says nothing and is repeated.
    """
    words = [str(argument) for argument in arguments]
    for _ in range(ATTEMPTS if processes else 1):
        run = run_by_torchrun if torchrun else run_forked
        code, output = run(name, words, max(1, processes))
        done = subprocess.CompletedProcess(words, code, output, output)
        if THREAD_ABORT not in done.stderr:
            break
    return done


def run_command(
    command: list[str], *, stdout: BinaryIO, **_: object
) -> subprocess.CompletedProcess[bytes]:
    """Stand in for ``subprocess.run`` with a line of ``command_line``, in a forked process."""
    code, output = run_forked(command[2], command[3:], 1)
    stdout.write(output.encode())
    return subprocess.CompletedProcess(command, code)


def _subclasses(cls: type) -> list[type]:
    return [s for child in cls.__subclasses__() for s in (child, *_subclasses(child))]
