"""Every shipped config and table of configs is sound; the files that they share are read once."""

import copy
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from torch.nn.utils.parametrizations import _SpectralNorm

from seginpaint_mm.config_check import check_config
from seginpaint_mm.interop.mmengine import files_read_once
from seginpaint_mm.registry import MODELS
from seginpaint_mm.tables import load_spec, plan
from tests.helpers.tool_runs import REPOSITORY

pytestmark = pytest.mark.slow  # minutes, for all of them
CONFIGS = sorted((REPOSITORY / 'configs').glob('[!_]*/*.py'))
TABLES = sorted((REPOSITORY / 'configs').glob('*/table_*.yml'))


@pytest.fixture(scope='module', autouse=True)
def _read_once() -> Iterator[None]:
    """Each file once; weights without memory have no norms, which would take half of the time."""
    with files_read_once(), mock.patch.object(_SpectralNorm, '_power_method'):
        yield


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_every_config_is_sound_and_its_model_is_built(path: Path) -> None:
    cfg = Config.fromfile(path)
    check_config(cfg)
    assert not (cfg.get('train_dataloader') or {}).get('persistent_workers'), 'see EpochSeedHook'
    with torch.device('meta'), DefaultScope.overwrite_default_scope('seginpaint_mm'):
        model = MODELS.build(copy.deepcopy(cfg.model))
    metrics = cfg.get('test_evaluator')
    if isinstance(metrics, list):
        assert not [metric for metric in metrics if metrics.count(metric) > 1], 'keys appear twice'
    if cfg.get('train_cfg'):  # what is only tested may have nothing to learn
        assert sum(p.numel() for p in model.parameters()) > 1e5


@pytest.mark.parametrize('path', TABLES, ids=lambda path: path.stem)
def test_every_table_holds_valid_configs(tmp_path: Path, path: Path) -> None:
    spec = load_spec(path)
    for run in plan(dataclasses.replace(spec, seeds=spec.seeds[:1]), tmp_path, {}).values():
        assert run.cfg.model.type
