"""A whole network, fast and as the equations read."""

from importlib import import_module
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from seginpaint_mm.benchmarks.network import FORMS, plain_forms
from tests.helpers.model_tester import build_model

BASE = Path(__file__).parents[3] / 'configs' / '_base_' / 'models' / 'pspnet_r18_shared.py'


def test_the_fast_network_is_the_plain_one():
    model = build_model(Config.fromfile(BASE).model).eval()
    images = torch.randn(1, 3, 64, 96, generator=torch.Generator().manual_seed(0))
    foreground = torch.zeros(1, 1, 64, 96)
    foreground[..., 16:48, 24:72] = 1
    with torch.no_grad():
        fast = model.segment(images, foreground)
        with plain_forms():
            plain = model.segment(images, foreground)
    for logits, plain_logits in zip(fast, plain, strict=True):
        torch.testing.assert_close(logits, plain_logits, atol=1e-5, rtol=1e-4)
        assert not torch.equal(logits, plain_logits), 'the same form ran twice'


def test_the_forms_come_back_after_an_error():
    with pytest.raises(ZeroDivisionError), plain_forms():
        raise ZeroDivisionError
    for module, name, plain in FORMS:
        path = f'seginpaint_mm.{module}'
        assert getattr(import_module(path), name) is not plain
