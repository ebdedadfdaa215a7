"""The benchmark of completing objects measures what it says, with a tiny network."""

from pathlib import Path
from unittest import mock

import pytest
import torch

from seginpaint_mm.apis.model_loading import prepare_for_inference
from seginpaint_mm.benchmarks import object_completion
from seginpaint_mm.benchmarks.object_completion import (
    QUICK,
    Setting,
    complete,
    complete_one_by_one,
    scene_of,
    segan_tables,
)
from tests.helpers.model_tester import build_model
from tests.helpers.segan_scenes import tiny_segan

CPU = torch.device('cpu')


@pytest.mark.parametrize('number', [1, 7, 50])
def test_scenes_hold_so_many_objects_apart(number: int) -> None:
    image, masks = scene_of(number, (64, 96), CPU)
    assert image.shape == (1, 3, 64, 96)
    assert masks.shape == (number, 64, 96)
    assert masks.flatten(1).any(1).all()
    assert masks.sum(0).max() == 1


def test_what_is_compared_is_the_same() -> None:
    model = prepare_for_inference(build_model(tiny_segan(max_objects_per_batch=7)))
    scene = scene_of(7, (48, 64), CPU)
    together, apart = complete(model, *scene), complete_one_by_one(model, *scene)
    for row, alone in enumerate(apart):
        torch.testing.assert_close(together.full_probs[row], alone.full_probs[0], rtol=0, atol=1e-5)
        difference = together.painted[row].int() - alone.painted[0].int()
        assert (difference.abs() > 1).float().mean() < 0.001


def test_tables_hold_every_case() -> None:
    setting = Setting(Path('tiny.py'), (48, 64), (1, 3), (3, 2))
    peaks = {3: 30.0, 2: 15.0}
    with (
        mock.patch.multiple(
            object_completion,
            QUICK=setting,
            _build=lambda setting, device: prepare_for_inference(build_model(tiny_segan())),
            _peak=lambda setting, most, device: peaks[most],
        ),
    ):
        times, memory = segan_tables(True, 1, CPU)
    assert [row['objects'] for row in times.rows] == [1, 3]
    for row in times.rows:
        ratio = row['one by one, ms'] / row['one batch, ms']
        assert row['times faster'] == pytest.approx(ratio)
        assert row['ms an object'] == pytest.approx(row['one batch, ms'] / row['objects'])
    assert [row['max_objects_per_batch'] for row in memory.rows] == [3, 2]
    assert [row['of all at once'] for row in memory.rows] == [1.0, 0.5]
    assert memory.rows[0]['times slower'] == 1
    assert '| objects | one by one, ms |' in times.to_markdown()


@pytest.mark.slow
def test_small_batches_take_less_memory() -> None:
    peaks = [object_completion._peak(QUICK, most, CPU) for most in QUICK.chunks[:2]]
    if None in peaks:
        pytest.skip('this system does not tell the peak of a process')
    together, few = peaks
    assert few < 0.6 * together
