"""The plug-in of docs/own_parts.md works as printed, and what the README names is there."""

import json
import re
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from seginpaint_mm.registry import METRICS, MODELS
from tests.helpers.tiny_run import REPOSITORY, tiny_config, write_tiny_street
from tests.helpers.tool_runs import run_here

README = (REPOSITORY / 'README.md').read_text(encoding='utf-8')
OWN_PARTS = (REPOSITORY / 'docs/own_parts.md').read_text(encoding='utf-8')


def code_block(beginning: str) -> str:
    """The page's Python block that begins like this."""
    blocks = re.findall(r'```python\n(.*?)```', OWN_PARTS, re.DOTALL)
    return next(block for block in blocks if block.startswith(beginning))


def test_plugin_measures_beside_our_metric(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = tiny_config(tmp_path / 'config', write_tiny_street(tmp_path / 'data'))
    state = MODELS.build(Config.fromfile(tiny).model).state_dict()
    torch.save(dict(state_dict=state), tmp_path / 'tiny.pth')
    (tmp_path / 'my_metric.py').write_text(code_block('from mmengine.evaluator'))
    config = re.sub(r"_base_ = '.*'", f"_base_ = '{tiny}'", code_block('_base_'))
    (tmp_path / 'my_config.py').write_text(config)
    monkeypatch.syspath_prepend(tmp_path)
    try:
        run_here(
            'test',
            tmp_path / 'my_config.py',
            tmp_path / 'tiny.pth',
            *('--work-dir', tmp_path / 'work', '--out', tmp_path / 'out'),
        )
    finally:
        METRICS.module_dict.pop('BackgroundAccuracy', None)
    metrics = json.loads((tmp_path / 'out' / 'metrics.json').read_text())
    assert 0 <= metrics['background_accuracy'] <= 100
    assert 'fg_mIoU' in metrics


def test_files_that_it_names_are_there() -> None:
    links = re.findall(r'\]\(([^)#]+)\)', README)
    tools = re.findall(
        r'(?:^|[ `])((?:tools|configs)/[\w/.-]+\.(?:py|sh|yml))', README, re.MULTILINE
    )
    assert len(tools) > 6
    missing = [name for name in links + tools if not (REPOSITORY / name).exists()]
    assert not missing
