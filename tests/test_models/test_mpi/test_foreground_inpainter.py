"""The networks of the paper: sizes, parameter counts, losses, masks, and their parts elsewhere."""

import warnings
from argparse import ArgumentParser
from pathlib import Path
from unittest import mock

import pytest
import torch
from mmengine.config import Config, DictAction

from seginpaint_mm.checkpoint import check_checkpoint_fits
from seginpaint_mm.errors import CheckpointError
from seginpaint_mm.registry import MODELS
from tests.helpers.model_tester import (
    build_model,
    check_predictions,
    check_training_step,
    joined,
    street_like_batch,
    total_loss,
)

CONFIGS = Path(__file__).parents[3] / 'configs'
MODEL_BASES = [
    'pspnet_r18',
    'pspnet_r18_shared',
    'pspnet_r18_true-mask_cityscapes',
    'two_stage_r18',
]


def model_config(base: str) -> dict:
    folder = 'mpi' if base.endswith('_cityscapes') else '_base_/models'
    return Config.fromfile(CONFIGS / folder / f'{base}.py').model


def count_parameters(base: str) -> int:
    with torch.device('meta'):
        model = MODELS.build(model_config(base))
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize(
    ('base', 'millions'),
    [
        ('pspnet_r18', 22.5026),
        ('pspnet_r18_shared', 21.8195),
        ('pspnet_r50_cityscapes', 58.4271),
        ('pspnet_r50_shared_cityscapes', 59.5135),
    ],
)
def test_parameters_match_table_i(base: str, millions: float) -> None:
    count = count_parameters(base)
    assert round(count / 1e6, 4) == millions


@pytest.mark.parametrize(
    ('base', 'millions'), [('two_stage_r18', 34.8), ('two_stage_r50_cityscapes', 106.6)]
)
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
    config = model_config('pspnet_r18_true-mask_cityscapes')
    config['neck'].update(position=position, fill=fill)
    model = build_model(config)
    check_training_step(model, size=(32, 48))


@pytest.mark.parametrize('base', MODEL_BASES)
def test_an_image_does_not_depend_on_larger_ones_beside_it(base: str) -> None:
    """Neither by the neck, for which padding is no background, nor by what else sees padding."""
    model = build_model(model_config(base)).eval()
    small, large = (37, 51), (64, 96)

    def predict(*sizes: tuple[int, int]) -> list:
        batch = joined(*(street_like_batch(size, num=1) for size in sizes))
        with torch.no_grad():
            return model(**model.data_preprocessor(batch, training=False), mode='predict')

    (alone,) = predict(small)
    for index, sizes in ((0, (small, large)), (1, (large, small, large))):
        beside = predict(*sizes)[index]
        for field in ('pred_background', 'pred_foreground'):
            changed = alone.get(field).data != beside.get(field).data
            assert not changed.any()


@pytest.mark.parametrize('fill', ['max_pool', 'zero'])
def test_the_neck_fills_a_padded_map_as_if_it_ended_there(fill: str) -> None:
    neck = MODELS.build(dict(type='MPINeck', fill=fill)).eval()
    features = torch.randn(1, 2, 10, 12)
    foreground = torch.zeros(1, 1, 80, 96, dtype=torch.bool)
    foreground[..., 24:, 30:60] = True
    padding = torch.ones_like(foreground)
    padding[..., :50, :60] = False  # 7 rows and 8 columns of the map hold some of the image
    alone = neck.fill(features[..., :7, :8], foreground[..., :56, :64])
    padded = neck.fill(features, foreground, padding)
    assert torch.equal(padded[..., :7, :8], alone)
    if fill == 'max_pool':  # there it matters what is background
        assert not torch.equal(neck.fill(features, foreground)[..., :7, :8], alone)


def test_the_neck_knows_the_padding_in_training() -> None:
    model = build_model(model_config('pspnet_r18')).train()
    batch = joined(*(street_like_batch(size, num=1) for size in ((32, 48), (40, 32))))
    batch = model.data_preprocessor(batch, training=True)
    with mock.patch.object(model.neck, 'fill', wraps=model.neck.fill) as fill:
        model(**batch, mode='loss')
    padding = fill.call_args.args[2]
    assert (~padding).flatten(1).sum(1).tolist() == [32 * 48, 40 * 32]
    assert not padding[0, :, :32, :48].any()
    assert not padding[1, :, :40, :32].any()


def test_padding_carries_no_loss() -> None:
    """Neither branch learns that padding is background."""
    model = build_model(model_config('pspnet_r18')).train()
    sizes = ((32, 48), (40, 32))
    batch = joined(*(street_like_batch(size, num=1) for size in sizes))
    batch = model.data_preprocessor(batch, training=True)
    logits = model.segment(batch['inputs'], None)
    losses = {}
    for head, of_head in zip((model.background_head, model.foreground_head), logits, strict=True):
        of_head.retain_grad()
        losses.update(head.loss_by_feat(of_head, batch['data_samples']))
    (losses['loss_ce'] + losses['loss_bce']).backward()
    for of_head in logits:
        for gradient, (height, width) in zip(of_head.grad, sizes, strict=True):
            assert gradient[:, :height, :width].abs().sum() > 0
            assert not gradient[:, height:].any()
            assert not gradient[:, :, width:].any()


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
    model = build_model(model_config('pspnet_r18_true-mask_cityscapes')).eval()
    batch = model.data_preprocessor(street_like_batch((64, 64), num=1), training=False)
    with torch.no_grad():
        with_mask = model(**batch)[0]
        batch['data_samples'][0].gt_foreground.data.zero_()
        without = model(**batch)[0]
    assert not torch.equal(with_mask, without)


def test_the_demos_network_of_three_stages_trains_and_predicts() -> None:
    config = Config.fromfile(CONFIGS / 'mpi' / 'pspnet_r18_small_street.py').model
    model = build_model(config)
    with torch.no_grad():
        logits, foreground = model.eval()(torch.zeros(1, 3, 32, 48), None, mode='tensor')
    assert logits.shape == (1, 3, 32, 48)
    assert foreground.shape == (1, 1, 32, 48)
    check_training_step(model)


def test_the_lean_networks_decoder_reads_the_filled_map_beside_the_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = build_model(Config.fromfile(CONFIGS / '_base_/models/lean_r18.py').model)
    stem = model.backbone.conv1.weight.clone()
    check_training_step(model)
    assert torch.equal(model.backbone.conv1.weight, stem)  # frozen
    given, filled = [], []
    fill = model.neck.fill
    monkeypatch.setattr(model.neck, 'fill', lambda *a: filled.append(fill(*a)) or filled[-1])
    model.background_head.register_forward_pre_hook(lambda _, inputs: given.append(inputs[0]))
    images = torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        logits, foreground = model.eval()(images, None, mode='tensor')
        model.background_head.skip.weight.zero_()
        without, _ = model(images, None, mode='tensor')
    assert logits.shape == (1, 3, 64, 96)
    assert foreground.shape == (1, 1, 64, 96)
    assert torch.equal(given[0][0], filled[0])
    assert [maps.shape[1:] for maps in (given[0][0], given[0][-1])] == [(128, 8, 12), (256, 4, 6)]
    assert not torch.equal(logits, without)


def test_thin_objects_are_filled_in_testing_where_any_pixel_of_a_cell_counts() -> None:
    features, mask = torch.rand(1, 4, 3, 5), torch.zeros(1, 1, 24, 40)
    mask[..., 11, 13] = 1  # in cell (1, 1), between the pixels that nearest takes
    plain = MODELS.build(dict(type='MPINeck')).eval()
    neck = MODELS.build(dict(type='MPINeck', cell=8, num_rectangles=0)).eval()
    assert torch.equal(plain.fill(features, mask), features)
    whole = torch.zeros(1, 1, 3, 5)
    whole[..., 1, 1] = 1
    assert torch.equal(neck.fill(features, mask), plain.fill(features, whole))
    assert torch.equal(neck.train().fill(features, mask), features)
    with pytest.raises(ValueError, match=r'cell=8 makes \(3, 5\)'):
        neck.eval().fill(torch.rand(1, 4, 6, 10), mask)


def test_true_mask_model_asks_for_labels() -> None:
    model = build_model(model_config('pspnet_r18_true-mask_cityscapes')).eval()
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
        (
            dict(
                backbone=dict(
                    type='StagedResNet', depth=18, strides=(1, 2, 1), dilations=(1, 1, 2)
                ),
                neck=dict(type='MPINeck', position='layer4'),
            ),
            'the backbone has 3 stages',
        ),
    ],
)
def test_wrong_configs_say_what_is_wrong(changes: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build_model({**model_config('pspnet_r18'), **changes})


def test_unknown_mode_is_named() -> None:
    model = build_model(model_config('pspnet_r18_shared'))
    with pytest.raises(ValueError, match='train'):
        model(torch.zeros(1, 3, 32, 32), None, mode='train')


def mmseg_config() -> dict:
    return Config.fromfile(CONFIGS / 'mpi' / 'mmseg_fcn_r18_mpi_street.py').model


def test_neck_in_an_mmseg_segmentor() -> None:
    model = build_model(mmseg_config())
    check_training_step(model)
    batch = model.data_preprocessor(street_like_batch((48, 64), num=1), training=False)
    with torch.no_grad():
        sample = model.eval()(**batch, mode='predict')[0]
    assert sample.pred_sem_seg.data.shape == (1, 48, 64)


@pytest.mark.parametrize('in_index', [-1, 0])
def test_a_head_finds_its_map_behind_the_neck(in_index: int) -> None:
    """mmseg's heads read the map -1 by default, which must not be the foreground logits."""
    config = mmseg_config()
    config['decode_head']['in_index'] = in_index
    model = build_model(config)
    maps = model.extract_feat(torch.zeros(1, 3, 32, 48))
    assert len(maps) == 1
    assert maps[in_index].shape[1] == config['decode_head']['in_channels']
    assert maps.foreground_logits.shape == (1, 1, 32, 48)
    check_training_step(model)


def test_neck_without_a_mask_says_so() -> None:
    config = mmseg_config()
    config['neck'] = dict(type='MPINeck')
    with pytest.raises(ValueError, match='foreground_head'):
        build_model(config)(torch.zeros(1, 3, 32, 32), mode='tensor')


def test_neck_elsewhere_in_an_mmseg_segmentor_is_refused() -> None:
    config = mmseg_config()
    config['neck']['position'] = 'input'
    with pytest.raises(ValueError, match="leave out position='input'"):
        build_model(config)


def test_the_auxiliary_head_needs_the_neck() -> None:
    config = mmseg_config()
    del config['neck']
    with pytest.raises(ValueError, match="set the segmentor's neck to dict"):
        total_loss(build_model(config), street_like_batch((32, 32)))


def test_masks_can_be_chosen_on_the_command_line() -> None:
    parser = ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=DictAction)
    options = parser.parse_args(['--cfg-options', 'model.test_mask=truth']).cfg_options
    config = Config.fromfile(CONFIGS / 'mpi' / 'two_stage_r18_street.py')
    config.merge_from_dict(options)
    assert build_model(config.model).test_mask == 'truth'  # 'true' would have become a bool


def earlier_checkpoint() -> tuple[torch.nn.Module, dict]:
    """A network of version 0.1, and its checkpoint."""
    config = model_config('pspnet_r18')
    config.foreground_backbone.dilations, config.foreground_head.bias = (1, 2), True
    model = build_model(config).eval()
    torch.nn.init.constant_(model.foreground_head.conv_seg.bias, 0.3)
    return model, dict(state_dict=model.state_dict())


def test_checkpoints_of_the_first_version_mean_what_they_meant() -> None:
    earlier, checkpoint = earlier_checkpoint()
    model = build_model(model_config('pspnet_r18')).eval()
    with mock.patch('seginpaint_mm.checkpoint.fitting.print_log') as log:
        state = check_checkpoint_fits(model, checkpoint, 'epoch_50.pth')
    model.load_state_dict(state)
    images = torch.randn(1, 3, 48, 64)
    with torch.no_grad():
        expected, given = earlier.segment(images, None), model.segment(images, None)
    assert all(torch.equal(one, other) for one, other in zip(expected, given, strict=True))
    told = 'model.foreground_backbone.dilations=(1,2) model.foreground_head.bias=True'
    assert told in log.call_args.args[0]


def test_a_training_of_the_first_version_is_resumed_as_it_was_built() -> None:
    _, checkpoint = earlier_checkpoint()
    model = build_model(model_config('pspnet_r18'))
    with pytest.raises(CheckpointError, match='resume it with --cfg-options'):
        check_checkpoint_fits(model, checkpoint, 'epoch_50.pth', resumes=True)
    assert 'foreground_head.conv_seg.bias' not in model.state_dict()


def test_two_background_classes_raise_no_warning() -> None:
    head = dict(
        type='BackgroundHead', in_channels=8, num_classes=2, psp_channels=8, up_channels=(8, 8, 8)
    )
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        assert MODELS.build(head).conv_seg.out_channels == 2
