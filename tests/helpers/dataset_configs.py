"""Build the data sets of the configs in ``_base_``, moved to another folder."""

from pathlib import Path

from mmengine.dataset import BaseDataset
from mmengine.registry import DefaultScope

from seginpaint_mm.registry import DATASETS

BASES = Path(__file__).resolve().parents[2] / 'configs/_base_/datasets'


def build(config: dict, split: str) -> BaseDataset:
    with DefaultScope.overwrite_default_scope('seginpaint_mm'):
        return DATASETS.build(config[f'{split}_dataloader']['dataset'])


def move(node: dict | list, data_root: str) -> None:
    """Set every ``data_root`` in a config."""
    for value in node.values() if isinstance(node, dict) else node:
        if isinstance(value, (dict, list)):
            move(value, data_root)
    if isinstance(node, dict) and 'data_root' in node:
        node['data_root'] = data_root
