"""Run tools in processes that are forked from a server in which the libraries are imported once.

Importing them costs eight seconds of a core per process, more than the tiny runs of tests.
"""

import contextlib
import gc
import importlib.util
import multiprocessing
import os
import socket
import sys
import traceback
from collections.abc import Callable
from multiprocessing.context import BaseContext
from multiprocessing.forkserver import ensure_running
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from unittest import mock

REPOSITORY = Path(__file__).resolve().parents[2]
_PRELOADED = [
    'tests.helpers.forked_runs',
    'seginpaint_mm',
    'seginpaint_mm.apis',
    'seginpaint_mm.models',
    'seginpaint_mm.datasets',
    'seginpaint_mm.evaluation',
    'seginpaint_mm.engine',
    'seginpaint_mm.visualization',
    'seginpaint_mm.interop.mmagic',
    'seginpaint_mm.commands.train',
    'tests.helpers.tiny_run',
    'yapf.yapflib.yapf_api',
    'setuptools',  # whose import PyTorch and MMEngine put off
    'torch.distributed.algorithms.join',
    'torch.testing',
]
_SECONDS = 300


def load_tool(name: str) -> ModuleType:
    """The module of ``tools/NAME.py``."""
    path = REPOSITORY / 'tools' / f'{name}.py'
    spec = importlib.util.spec_from_file_location(f'tool_{path.stem}', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def plain_configs() -> contextlib.AbstractContextManager:
    """Leave the configs that runs write as they are: making them pretty takes half a short run."""
    return mock.patch('yapf.yapflib.yapf_api.FormatCode', lambda text, **_: (text, False))


def fork_context(method: str = 'forkserver') -> BaseContext:
    """The context whose processes are forked from the server, whichever was asked for.

    The server is started if it is not there; what it preloads is then no longer changed.
    """
    context = multiprocessing.get_context('forkserver')
    context.set_forkserver_preload(_PRELOADED)
    with mock.patch.dict(os.environ, PYTHONPATH=str(REPOSITORY)):  # for what is preloaded
        ensure_running()
    return context


def run_forked(name: str, arguments: list[str], processes: int) -> tuple[int, str]:
    """Run ``tools/NAME.py`` in processes that have the variables which torchrun sets.

    Args:
        name: Of the tool.
        arguments: Of its command line.
        processes: How many, 1 or more; of one, no variables are set.

    Returns:
        The first exit code that is not 0, else 0; negative for a signal. And what all of them wrote
        to stdout and stderr.
    """
    shared = _variables(processes) if processes > 1 else {}
    return _run_all(
        [
            (_run_tool, (name, arguments), {**shared, **_of(rank)} if shared else {})
            for rank in range(processes)
        ]
    )


def run_by_torchrun(name: str, arguments: list[str], processes: int) -> tuple[int, str]:
    """Do the same with the agent of torchrun, which sets the variables and watches the processes.

    It forks them, too: torchrun itself would start interpreters that import everything anew.
    """
    return _run_all([(_launch, (name, arguments, processes), {})])


def run_code_forked(code: str, **variables: str) -> tuple[int, str]:
    """Run a program in a process of its own, with environment variables; returns as the above."""
    return _run_all([(exec, (code, {'__name__': '__main__'}), variables)])


def _run_all(jobs: list[tuple[Callable, tuple, dict[str, str]]]) -> tuple[int, str]:
    context = fork_context()
    with TemporaryDirectory() as folder:
        logs = [Path(folder, f'{number}.log') for number in range(len(jobs))]
        children = [
            context.Process(target=_run, args=(*job, str(log)))
            for job, log in zip(jobs, logs, strict=True)
        ]
        for child in children:
            child.start()
        for child in children:
            child.join(_SECONDS)
            if child.is_alive() or child.exitcode:
                for other in children:
                    other.kill()
        codes = [child.exitcode for child in children]
        output = '\n'.join(log.read_text(errors='replace') for log in logs if log.exists())
    return next((code for code in codes if code), 0), output


def _variables(processes: int) -> dict[str, str]:
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    return dict(
        MASTER_ADDR='127.0.0.1',
        MASTER_PORT=str(port),
        WORLD_SIZE=str(processes),
        LOCAL_WORLD_SIZE=str(processes),
    )


def _of(rank: int) -> dict[str, str]:
    return dict(RANK=str(rank), LOCAL_RANK=str(rank), GROUP_RANK='0')


def _run_tool(name: str, arguments: list[str]) -> None:
    sys.argv = [f'tools/{name}.py', *arguments]
    with plain_configs():
        sys.exit(load_tool(name).main(arguments))


def _launch(name: str, arguments: list[str], processes: int) -> None:
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=processes,
        rdzv_backend='c10d',
        rdzv_endpoint='localhost:0',
        run_id='test',
        max_restarts=0,
        start_method='forkserver',
    )
    with TemporaryDirectory() as folder:
        try:
            elastic_launch(config, _run_rank)(name, arguments, folder)
        finally:
            for log in sorted(Path(folder).glob('*.log')):
                print(log.read_text(errors='replace'))


def _run_rank(name: str, arguments: list[str], folder: str) -> None:
    try:
        _run(_run_tool, (name, arguments), {}, f'{folder}/{os.environ["RANK"]}.log')
    except SystemExit as stopped:
        if stopped.code:
            raise  # else the agent waits for the function's end


def _run(function: Callable, arguments: tuple, variables: dict[str, str], log: str) -> None:
    os.environ.update(dict(PYTHONPATH=str(REPOSITORY), OMP_NUM_THREADS='1') | variables)
    file = os.open(log, os.O_WRONLY | os.O_CREAT)
    os.dup2(file, 1)
    os.dup2(file, 2)
    gc.freeze()  # MMEngine collects garbage, which takes long where so much is imported
    import torch

    torch.set_num_threads(1)
    try:
        function(*arguments)
    except SystemExit:
        raise
    except BaseException:
        traceback.print_exc()
        raise SystemExit(1) from None
