"""Examples in docstrings print what they say."""

import doctest
import importlib
from pathlib import Path

import pytest
import torch

import seginpaint_mm

PACKAGE = Path(seginpaint_mm.__file__).parent
MODULES = sorted(
    '.'.join(path.relative_to(PACKAGE.parent).with_suffix('').parts)
    for path in PACKAGE.rglob('*.py')
    if '>>> ' in path.read_text(encoding='utf-8')
)


@pytest.mark.parametrize('name', MODULES)
def test_examples(name: str) -> None:
    module = importlib.import_module(name)
    torch.set_printoptions(profile='default')
    failed, tried = doctest.testmod(module)
    assert tried
    assert not failed


def test_there_are_examples() -> None:
    assert len(MODULES) >= 5
