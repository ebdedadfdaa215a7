"""The networks of the paper: sizes, parameter counts, losses, masks, and their parts elsewhere."""

from argparse import ArgumentParser
from pathlib import Path

import pytest
import torch
from mmengine.config import Config, DictAction

from seginpaint_mm.registry import MODELS
from tests.model_tester import (
    build_model,
    check_predictions,
    check_training_step,
    street_like_batch,
    total_loss,
)

CONFIGS = Path(__file__).parents[3] / 'configs'
MODEL_BASES = [
    'pspnet_r18',
    'pspnet_r18_shared',
    'pspnet_r18_true-mask',
    'two_stage_r18',
]


def model_config(base: str) -> dict:
    return Config.fromfile(CONFIGS / '_base_' / 'models' / f'{base}.py').model


def count_parameters(base: str) -> int:
    with torch.device('meta'):
        model = MODELS.build(model_config(base))
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize(
    ('base', 'millions'),
    [
        ('pspnet_r18', 22.5026),
        ('pspnet_r18_shared', 21.8195),
        ('pspnet_r50', 58.4271),
        ('pspnet_r50_shared', 59.5135),
    ],
)
def test_parameters_match_table_i(base: str, millions: float) -> None:
    count = count_parameters(base)
    assert round(count / 1e6, 4) == millions


@pytest.mark.parametrize(('base', 'millions'), [('two_stage_r18', 34.8), ('two_stage_r50', 106.6)])
def test_two_stage_parameters_match_table_i(base: str, millions: float) -> None:
    count = count_parameters(base)
    assert round(count / 1e6, 1) == millions


@pytest.mark.parametrize('base', MODEL_BASES)
def test_trains(base: str) -> None:
    check_training_step(build_model(model_config(base)))


@pytest.mark.parametrize('base', MODEL_BASES)
@pytest.mark.parametrize('size', [(48, 64), (37, 51)])
def test_predicts_at_any_size(base: str, size: tuple[int, int]) -> None:
    check_predictions(build_model(model_config(base)), size)


def test_predicts_a_batch_of_one_pixel_images() -> None:
    check_predictions(build_model(model_config('pspnet_r18_shared')), (1, 1), num=2)


@pytest.mark.parametrize('position', ['input', 'layer1', 'layer2', 'layer3', 'layer4', 'logits'])
@pytest.mark.parametrize('fill', ['max_pool', 'zero'])
def test_neck_stands_anywhere(position: str, fill: str) -> None:
    config = model_config('pspnet_r18_true-mask')
    config['neck'].update(position=position, fill=fill)
    model = build_model(config)
    check_training_step(model, size=(32, 48))


def test_background_loss_does_not_train_the_foreground_branch() -> None:
    model = build_model(model_config('pspnet_r18'))
    batch = model.data_preprocessor(street_like_batch((32, 32)), training=True)
    losses = model.train()(**batch, mode='loss')
    losses['background.loss_ce'].backward()
    for part in (model.foreground_backbone, model.foreground_head):
        assert all(parameter.grad is None for parameter in part.parameters())


def test_hidden_truth_does_not_reach_the_loss() -> None:
    model = build_model(model_config('pspnet_r18_shared')).eval()
    batch, other = street_like_batch((32, 32)), street_like_batch((32, 32))
    for sample in other['data_samples']:
        sample.gt_background.data = torch.zeros_like(sample.gt_background.data)
    assert torch.equal(total_loss(model, batch), total_loss(model, other))


def test_filled_prediction_depends_on_the_mask() -> None:
    model = build_model(model_config('pspnet_r18_true-mask')).eval()
    batch = model.data_preprocessor(street_like_batch((64, 64), num=1), training=False)
    with torch.no_grad():
        with_mask = model(**batch)[0]
        batch['data_samples'][0].gt_foreground.data.zero_()
        without = model(**batch)[0]
    assert not torch.equal(with_mask, without)


def test_true_mask_model_asks_for_labels() -> None:
    model = build_model(model_config('pspnet_r18_true-mask')).eval()
    with pytest.raises(ValueError, match='gt_foreground'):
        model(torch.zeros(1, 3, 32, 32), None, mode='tensor')


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(foreground_head=None, foreground_backbone=None), 'foreground_head'),
        (dict(train_mask='gold'), 'train_mask'),
        (dict(foreground_backbone=None, neck=dict(type='MPINeck', position='input')), 'layer2'),
        (dict(neck=dict(type='MPINeck', fill='mean')), 'fill'),
        (dict(neck=dict(type='MPINeck', position='layer9')), 'position'),
    ],
)
def test_wrong_configs_say_what_is_wrong(changes: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build_model({**model_config('pspnet_r18'), **changes})


def test_unknown_mode_is_named() -> None:
    model = build_model(model_config('pspnet_r18_shared'))
    with pytest.raises(ValueError, match='train'):
        model(torch.zeros(1, 3, 32, 32), None, mode='train')


def test_neck_in_an_mmseg_segmentor() -> None:
    config = Config.fromfile(CONFIGS / 'mpi' / 'mmseg_fcn_r18_mpi_street.py').model
    model = build_model(config)
    check_training_step(model)
    batch = model.data_preprocessor(street_like_batch((48, 64), num=1), training=False)
    with torch.no_grad():
        sample = model.eval()(**batch, mode='predict')[0]
    assert sample.pred_sem_seg.data.shape == (1, 48, 64)


def test_neck_without_a_mask_says_so() -> None:
    config = Config.fromfile(CONFIGS / 'mpi' / 'mmseg_fcn_r18_mpi_street.py').model
    config['neck'] = dict(type='MPINeck')
    config['decode_head']['in_index'] = 0
    with pytest.raises(ValueError, match='foreground_head'):
        build_model(config)(torch.zeros(1, 3, 32, 32), mode='tensor')


def test_masks_can_be_chosen_on_the_command_line() -> None:
    parser = ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=DictAction)
    options = parser.parse_args(['--cfg-options', 'model.test_mask=truth']).cfg_options
    config = Config.fromfile(CONFIGS / 'mpi' / 'two_stage_r18_street.py')
    config.merge_from_dict(options)
    assert build_model(config.model).test_mask == 'truth'  # 'true' would have become a bool
