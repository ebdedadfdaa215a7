"""Which shipped configs stand for all others, and whether together they cover every part."""

import ast
import functools
from pathlib import Path

from mmengine.config import Config

from tests.helpers.config_sweep.run import CONFIGS
from tests.helpers.config_sweep.shrink import nodes
from tests.helpers.tool_runs import REPOSITORY

_SCHEDULES = REPOSITORY / 'configs/_base_/schedules'

SAMPLE = [
    'aotgan_small_street',
    'context-encoder_small_street-dyce',
    'convex-hull_cocoa-sample',
    'crop_r18_coco-tiny',
    'deeplabv3plus_r50_outdoor',
    'edge_coco_random',
    'edgeconnect-panoptic_coco',
    'edgeconnect_small_coco-tiny',
    'fcrn_r101_coco_bs',
    'fcrn_r101_dropout_two-layer_voc12aug_bs',
    'fcrn_r101_pascal-context_bs',
    'fcrn_r152_cityscapes',
    'fcrn_r18_cityscapes-128x256',
    'fcrn_r18_street',
    'fcrn_r18_voc-small',
    'gatedconv_small_street',
    'hough_mpi-foreground_street',
    'hough_r18_cityscapes-128x256',
    'hough_r18_voc-instance-small',
    'image_small_street',
    'lean_r18_cityscapes-128x256',
    'lean_r18_voc-small',
    'localizer_r50_voc',
    'mmseg_fcn_r18_mpi_street',
    'nearest-object_small_street-dyce',
    'object-remover_small_coco-tiny',
    'pconv_cityscapes',
    'pspnet_r18_camvid',
    'pspnet_r18_cityscapes-128x256',
    'pspnet_r50_cityscapes',
    'pspnet_r18_kitti',
    'segan_r18_end-to-end_dyce',
    'segan_r18_segmentor_cocoa',
    'segan_r18_segmentor_pascal3d',
    'selector_small_coco-tiny',
    'sgenet_small_street',
    'spgnet_small-fcrn_street',
    'spgnet_small_cityscapes-128x128',
    'telea-panoptic_street',
    'two_stage_r18_street',
]

# Of networks of the paper's size alone, one or two minutes each.
TOO_SLOW = {'schedule sgenet', 'ContextInference', 'SGIM', 'GLEncoder', 'GLDecoder'}

# What tests/test_readme_commands.py trains, tests and infers with, as docs/own_data.md says.
DOCUMENTED = ['own_classes', 'own_images', 'own_instances', 'own_objects', 'own_streets']


@functools.cache
def parts(name: str) -> set[str]:
    """Every component's type, data folder and schedule that a config is made of."""
    path = CONFIGS[name]
    found = {f'schedule {base.stem}' for base in _bases(path) if base.parent == _SCHEDULES}
    for node in nodes(Config.fromfile(path)._cfg_dict):
        if isinstance(node.get('type'), str):
            found.add(node['type'])
        if 'data_root' in node and 'type' in node:
            found.add(f'{node["type"]} of {node["data_root"]}')
    return found


def parts_left_out(sample: list[str]) -> set[str]:
    """What some shipped config has and none of the sample."""
    return set().union(*map(parts, CONFIGS)) - set().union(*map(parts, sample)) - TOO_SLOW


def _bases(path: Path) -> set[Path]:
    """The files that a config is based on, at any depth."""
    named = []
    for line in ast.parse(path.read_text(encoding='utf-8')).body:
        if isinstance(line, ast.Assign) and getattr(line.targets[0], 'id', '') == '_base_':
            value = ast.literal_eval(line.value)
            named = [value] if isinstance(value, str) else list(value)
    files = {(path.parent / base).resolve() for base in named}
    return files.union(*map(_bases, files))
