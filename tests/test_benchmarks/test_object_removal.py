"""The benchmark of removing objects measures what it says, with a tiny network."""

from pathlib import Path
from unittest import mock

import pytest
import torch

from seginpaint_mm.benchmarks import object_removal
from seginpaint_mm.benchmarks.object_removal import (
    QUICK,
    Setting,
    build_remover,
    obvious_distance,
    obvious_expansion,
    removal_batch,
    removal_tables,
    stages_of,
)
from seginpaint_mm.datasets.transforms.hole_shapes import signed_distance
from seginpaint_mm.models.losses import MaskExpansionLoss
from tests.helpers.maskopt_scenes import pair, tiny_inpainter, tiny_selector
from tests.helpers.model_tester import build_model

CPU = torch.device('cpu')
TINY = Setting(Path('tiny.py'), 64, (1, 2), 64, 2)


def tiny_remover(config: Path = TINY.config) -> torch.nn.Module:
    remover = dict(type='ObjectRemover', selector=tiny_selector())
    model = build_model(tiny_inpainter() | remover | dict(mask_expansion=dict(_LOSS)))
    bias = model.selector.detector.roi_head.mask_head.conv_logits.bias
    torch.nn.init.constant_(bias, 1.0)
    return model


_LOSS = dict(type='MaskExpansionLoss')


def test_what_is_compared_is_the_same() -> None:
    holes = [pair(seed)[1].hole.data[0].numpy() for seed in range(3)]
    for hole in holes:
        assert obvious_distance(hole) == pytest.approx(signed_distance(hole), abs=1e-5)
    probability = torch.rand(3, 1, *holes[0].shape)
    distances = torch.stack([torch.from_numpy(signed_distance(hole))[None] for hole in holes])
    ours = MaskExpansionLoss()(probability, distances)
    torch.testing.assert_close(obvious_expansion(probability, holes), ours, rtol=1e-4, atol=1e-3)


def test_stages_make_what_the_whole_makes() -> None:
    model = tiny_remover().eval()
    inputs, samples = removal_batch(model, 4, 64, CPU)
    with torch.no_grad():
        stages = stages_of(model, inputs, samples)
        image = stages['image']()
        mask, _ = stages['panoptic']()
        predicted = model.predict(inputs, samples)
    assert mask.any()
    for sample, painted, selected in zip(predicted, image, mask, strict=True):
        assert torch.equal(sample.pred_mask.data.bool(), selected)
        difference = sample.pred_image.data - painted * 255
        assert (difference.abs() * selected <= 1).all()


def test_tables_hold_every_case() -> None:
    with mock.patch.multiple(object_removal, QUICK=TINY, build_remover=tiny_remover):
        stages, loss = removal_tables(True, 1, CPU)
    names = ['whole', 'panoptic', 'edge', 'segmentation', 'image', 'separately', 'rest']
    assert [row[''] for row in stages.rows] == names * 2
    first = {row['']: row for row in stages.rows[:7]}
    parts = [first[name]['of the whole, %'] for name in (*names[1:5], 'rest')]
    assert sum(parts) == pytest.approx(100)
    assert [row['pictures'] for row in stages.rows] == [1] * 7 + [2] * 7
    step, *others = loss.rows
    assert step['of the step, %'] == 100
    for row in others:
        ratio = others[0]['ms'] / row['ms']
        assert row['times faster than as written down'] == pytest.approx(ratio)
    assert '| training step, with the loss |' in loss.to_markdown()


@pytest.mark.slow
def test_the_small_network_finds_objects() -> None:
    model = build_remover(QUICK.config).eval()
    inputs, samples = removal_batch(model, 1, QUICK.side, CPU)
    with torch.no_grad():
        (sample,) = model.predict(inputs, samples)
    assert sample.pred_mask.data.any()
    assert not sample.pred_mask.data.all()
