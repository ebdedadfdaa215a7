"""What a user cannot act on is not printed; everything else is."""

import logging
import subprocess
import sys

import mmengine.logging
import pytest

import seginpaint_mm.registry  # noqa: F401  silences them
from tests.helpers.tool_runs import REPOSITORY


def test_importing_the_models_prints_nothing() -> None:
    code = 'import seginpaint_mm.models, seginpaint_mm.datasets, mmdet.datasets, mmseg.datasets'
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', code],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    assert 'OneDL' not in done.stdout + done.stderr


def test_other_messages_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    mmengine.logging.print_log('hidden', level=logging.DEBUG)
    mmengine.logging.print_log('shown')
    mmengine.logging.print_log('warned', level=logging.WARNING)
    assert capsys.readouterr().out.split() == ['shown', 'warned']
