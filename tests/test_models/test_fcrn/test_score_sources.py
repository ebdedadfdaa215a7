"""Scores of the truth, of any segmentor, of a foreground; nets that load their own weights."""

import copy
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import ConfigDict
from mmengine.registry import DefaultScope

from seginpaint_mm.apis.model_loading import prepare_for_inference
from seginpaint_mm.checkpoint import check_checkpoint_fits
from seginpaint_mm.errors import CheckpointError
from seginpaint_mm.models.fcrn.score_sources import NetScores, ScoreSource
from seginpaint_mm.registry import MODELS
from seginpaint_mm.structures import SceneSample
from tests.helpers.instance_scenes import instance_sample, rectangles

PREPROCESSOR = dict(type='SceneDataPreprocessor', pad_size_divisor=8)
HEAD = dict(
    type='mmseg.FCNHead',
    in_channels=512,
    in_index=0,
    channels=8,
    num_classes=5,
    loss_decode=dict(type='mmseg.CrossEntropyLoss', avg_non_ignore=True),
)
SEGMENTOR = dict(
    type='mmseg.EncoderDecoder',
    backbone=dict(type='StagedResNet', depth=18),
    decode_head=HEAD,
    test_cfg=dict(mode='whole'),
)
FOREGROUND = dict(
    type='ForegroundInpainter',
    data_preprocessor=PREPROCESSOR,
    backbone=dict(type='StagedResNet', depth=18),
    neck=dict(type='MPINeck', position='layer2'),
    background_head=dict(type='BackgroundHead', in_channels=512, psp_channels=8),
    foreground_head=dict(type='ForegroundHead', in_channels=128, channels=8, extra_upsample=1),
)
IMAGES = torch.randn(2, 3, 24, 40, generator=torch.Generator().manual_seed(0))


def build(config: dict, seed: int = 0) -> ScoreSource:
    torch.manual_seed(seed)
    with DefaultScope.overwrite_default_scope('seginpaint_mm'):
        return MODELS.build(ConfigDict(copy.deepcopy(config)))


def drawn_samples() -> list[SceneSample]:
    """Of two sizes, both smaller than the batch."""
    return [
        instance_sample(*rectangles(size, 3, 2, seed), (1, 4))
        for seed, size in enumerate([(20, 40), (24, 33)])
    ]


def saved_net(
    folder: Path, config: dict = SEGMENTOR, seed: int = 5
) -> tuple[Path, torch.nn.Module]:
    net = build(config, seed)
    path = folder / 'semantic.pth'
    torch.save(dict(state_dict=net.state_dict(), meta={}), path)
    return path, net.eval()


def net_scores(checkpoint: Path | str | None) -> NetScores:
    checkpoint = None if checkpoint is None else str(checkpoint)
    return build(dict(type='SegmentorScores', segmentor=SEGMENTOR, checkpoint=checkpoint))


def test_true_scores_are_one_for_the_true_class() -> None:
    samples = drawn_samples()
    samples[0].gt_sem_seg.data[0, 3:5, 2:9] = 255
    scores = build(dict(type='TrueScores', num_classes=5))(IMAGES, samples, ())
    assert scores.shape == (2, 5, 24, 40)
    assert scores.dtype == torch.float32
    for sample, of_sample in zip(samples, scores, strict=True):
        classes = sample.gt_sem_seg.data[0]
        inside = of_sample[:, : classes.shape[0], : classes.shape[1]]
        known = classes != 255
        assert torch.equal(inside.sum(0), known.float())
        assert torch.equal(inside.argmax(0)[known], classes[known])
        assert of_sample.sum() == inside.sum(), 'the padding is of a class'


def test_true_scores_need_labels_of_their_classes() -> None:
    source = build(dict(type='TrueScores', num_classes=4))
    with pytest.raises(ValueError, match='drawn.png has pixels of class 4, TrueScores has 4 class'):
        source(IMAGES, [instance_sample(np.ones((1, 8, 8), bool), [1], (1, 4))], ())
    with pytest.raises(ValueError, match='a sample has no gt_sem_seg, which TrueScores reads'):
        source(IMAGES, [SceneSample()], ())


def test_scores_of_a_segmentor_are_its_softmax() -> None:
    source = net_scores(None)
    logits = source.segmentor.encode_decode(IMAGES, [dict(img_shape=(24, 40))] * 2)
    scores = source(IMAGES, drawn_samples(), ())
    assert source.num_classes == scores.shape[1] == 5
    assert torch.allclose(scores, logits.softmax(1), atol=1e-6)
    assert torch.allclose(scores, source(IMAGES, None, ())), 'the samples play no part'


def test_scores_by_sliding_window() -> None:
    config = copy.deepcopy(SEGMENTOR)
    config['test_cfg'] = dict(mode='slide', crop_size=(24, 24), stride=(16, 16))
    scores = build(dict(type='SegmentorScores', segmentor=config))(IMAGES, None, ())
    assert scores.shape == (2, 5, 24, 40)
    assert torch.allclose(scores.sum(1), torch.ones(2, 24, 40), atol=1e-5)


def test_one_sigmoid_output_gives_two_classes() -> None:
    config = copy.deepcopy(SEGMENTOR)
    config['decode_head'].update(num_classes=2, out_channels=1, threshold=0.5)
    source = build(dict(type='SegmentorScores', segmentor=config))
    scores = source(IMAGES, None, ())
    assert source.num_classes == scores.shape[1] == 2
    assert torch.allclose(scores.sum(1), torch.ones(2, 24, 40))


def test_foreground_scores_leave_the_samples_as_they_are() -> None:
    source = build(dict(type='ForegroundScores', segmentor=FOREGROUND))
    samples = drawn_samples()
    fields = [sample.keys() for sample in samples]
    scores = source(IMAGES, samples, ())
    assert scores.shape == (2, 2, 24, 40)
    assert torch.allclose(scores.sum(1), torch.ones(2, 24, 40))
    assert not scores[0, 1, 20:].any(), 'the padding is foreground'
    assert [sample.keys() for sample in samples] == fields
    probability = source.segmentor(IMAGES, samples, mode='predict')[0].pred_foreground_prob.data
    assert torch.allclose(scores[0, 1, :20], probability[0])


def test_a_shared_head_is_trained_and_others_are_not() -> None:
    features = (torch.randn(2, 512, 3, 5),)
    samples = [instance_sample(*rectangles((24, 40), 3, 2), (1, 4)) for _ in range(2)]
    shared = build(dict(type='SharedScores', decode_head=HEAD))
    assert 'loss_ce' in shared.loss(features, samples)
    assert shared(IMAGES, samples, features).shape == (2, 5, 24, 40)
    frozen = net_scores(None).train()
    assert frozen.loss(features, samples) == {}
    assert not any(module.training for module in frozen.modules())
    assert not any(parameter.requires_grad for parameter in frozen.parameters())


def test_a_net_with_its_own_checkpoint_is_no_part_of_the_model(tmp_path: Path) -> None:
    path, net = saved_net(tmp_path)
    source = net_scores(path)
    assert not source.state_dict()
    assert not list(source.parameters())
    expected = net.encode_decode(IMAGES, [dict(img_shape=(24, 40))] * 2).softmax(1)
    assert torch.allclose(source(IMAGES, None, ()), expected, atol=1e-6)
    assert not source.train().segmentor.training


def test_checkpoints_fit_whichever_scores_a_model_has(tmp_path: Path) -> None:
    """A localiser trained with true scores is loaded beside a semantic net."""
    path, _ = saved_net(tmp_path)
    head = torch.nn.Conv2d(3, 4, 1)
    trained = torch.nn.ModuleDict(
        dict(head=head, semantic=build(dict(type='TrueScores', num_classes=5)))
    )
    tested = torch.nn.ModuleDict(dict(head=torch.nn.Conv2d(3, 4, 1), semantic=net_scores(path)))
    state = check_checkpoint_fits(tested, dict(state_dict=trained.state_dict()), 'localiser.pth')
    assert set(state) == {'head.weight', 'head.bias'}
    whole = torch.nn.ModuleDict(dict(head=head, semantic=net_scores(None)))
    with pytest.raises(CheckpointError, match='missing'):
        check_checkpoint_fits(whole, dict(state_dict=trained.state_dict()), 'localiser.pth')


def test_the_net_moves_with_the_model_around_it(tmp_path: Path) -> None:
    path, _ = saved_net(tmp_path)
    model = torch.nn.ModuleDict(dict(semantic=net_scores(path)))
    expected = model['semantic'](IMAGES, None, ())
    model.to(memory_format=torch.channels_last)
    weight = model['semantic'].segmentor.backbone.conv1.weight
    assert weight.is_contiguous(memory_format=torch.channels_last)
    model.double()
    assert model['semantic'].segmentor.backbone.conv1.weight.dtype == torch.float64
    assert torch.allclose(model['semantic'](IMAGES.double(), None, ()), expected, atol=1e-5)


def test_a_model_made_fast_before_its_first_picture_loads_it_too(tmp_path: Path) -> None:
    path, net = saved_net(tmp_path)
    fast = prepare_for_inference(torch.nn.ModuleDict(dict(semantic=net_scores(path))))
    expected = net.encode_decode(IMAGES, [dict(img_shape=(24, 40))] * 2).softmax(1)
    with torch.inference_mode():
        assert torch.allclose(fast['semantic'](IMAGES, None, ()), expected, atol=1e-5)


def another_net(path: Path) -> None:
    torch.save(dict(state_dict=torch.nn.Conv2d(1, 1, 1).state_dict()), path)


def other_classes(path: Path) -> None:
    config = copy.deepcopy(SEGMENTOR)
    config['decode_head']['num_classes'] = 7
    saved_net(path.parent, config)


@pytest.mark.parametrize(
    ('spoil', 'sentence'),
    [
        (Path.unlink, 'model.semantic.checkpoint: Checkpoint .*semantic.pth does not exist'),
        (another_net, 'semantic.pth is not a checkpoint of this EncoderDecoder: 0 of'),
        (other_classes, r'conv_seg.weight \(7, 8, 1, 1\) instead of \(5, 8, 1, 1\)'),
    ],
)
def test_a_wrong_semantic_checkpoint_is_told_in_a_sentence(tmp_path, spoil, sentence: str) -> None:
    path, _ = saved_net(tmp_path)
    source = net_scores(path)
    spoil(path)
    for first_use in (source.init_weights, lambda: source(IMAGES, None, ())):
        with pytest.raises(CheckpointError, match=sentence) as error:
            first_use()
        assert '\n' not in str(error.value)


def test_models_of_another_kind_are_told() -> None:
    sentence = 'takes an mmseg segmentor (mmseg.EncoderDecoder), not ForegroundInpainter'
    with pytest.raises(ValueError, match=re.escape(sentence)):
        build(dict(type='SegmentorScores', segmentor=FOREGROUND))
    source = build(dict(type='ForegroundScores', segmentor=SEGMENTOR))
    with pytest.raises(ValueError, match='pred_foreground_prob; EncoderDecoder gives'):
        source(IMAGES, drawn_samples(), ())
