"""What all tests share: one thread for torch and OpenCV, and the folder with real data."""

import gc
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import seginpaint_mm  # noqa: F401  how threads wait and mmcv's operators, before others import

# isort: split
import cv2
import pytest
import torch
from mmengine.logging import MMLogger

from seginpaint_mm.benchmarks import measure
from seginpaint_mm.utils import work_pool
from tests.helpers.forked_runs import fork_context, plain_configs

THREADS = 1


@pytest.fixture(autouse=True, scope='session')
def few_threads() -> None:
    """Small tensors are slower on many threads, and results must not depend on the machine."""
    torch.set_num_threads(THREADS)
    cv2.setNumThreads(THREADS)


@pytest.fixture(autouse=True, scope='module')
def imports_are_no_garbage() -> None:
    """Keep what is imported out of garbage collections, which MMEngine starts with each data set.

    Walking through all modules would take 0.3 seconds each time.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope='session')
def written_configs_are_plain() -> Iterator[None]:
    """Leave the configs that runs write as they are: making them pretty takes seconds."""
    with plain_configs():
        yield


@pytest.fixture(autouse=True, scope='session')
def processes_are_forked() -> Iterator[None]:
    """Fork the package's own processes from a server which has imported all that they need."""
    with (
        mock.patch.object(work_pool, 'get_context', fork_context),
        mock.patch.object(measure, 'get_context', fork_context),
    ):
        yield


@pytest.fixture(scope='session')
def real_data() -> Path:
    """The folder of real samples, named by SEGINPAINT_DATA; the test is skipped without it."""
    folder = os.environ.get('SEGINPAINT_DATA')
    if not folder:
        pytest.skip('needs real data: SEGINPAINT_DATA names no folder')
    if not Path(folder).is_dir():
        pytest.fail(f'SEGINPAINT_DATA={folder} is not a folder')
    return Path(folder)


@pytest.fixture(autouse=True)
def no_log_in_a_removed_folder() -> Iterator[None]:
    """A run's log file goes with the test's folder; MMEngine's current log would open it again."""
    yield
    for logger in MMLogger._instance_dict.values():
        for handler in [h for h in logger.handlers if isinstance(h, logging.FileHandler)]:
            if not Path(handler.baseFilename).exists():
                logger.removeHandler(handler)
                handler.close()


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """What is written to MMEngine's current log, in ``logged.text``: it hides it from pytest."""
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    yield caplog
    logger.removeHandler(caplog.handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        '--all-configs', action='store_true', help='run every shipped config (see test_configs.py)'
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if torch.cuda.is_available():
        return
    for item in items:
        if item.get_closest_marker('gpu'):
            item.add_marker(pytest.mark.skip(reason='needs a CUDA device'))
