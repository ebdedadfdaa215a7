"""What a user cannot act on is not printed; everything else is.

That importing the models prints nothing is tested in ``test_mmagic.py``, in a new process.
"""

import logging

import mmengine.logging
import pytest

import seginpaint_mm.registry  # noqa: F401  silences them


def test_other_messages_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    mmengine.logging.print_log('hidden', level=logging.DEBUG)
    mmengine.logging.print_log('shown')
    mmengine.logging.print_log('warned', level=logging.WARNING)
    assert capsys.readouterr().out.split() == ['shown', 'warned']
