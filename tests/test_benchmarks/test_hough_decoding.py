"""The benchmark of instances from votes measures what it says, on small images."""

from unittest import mock

import pytest
import torch

from seginpaint_mm.benchmarks import hough_decoding
from seginpaint_mm.benchmarks.hough_decoding import hough_tables, voting_scene
from seginpaint_mm.models.fcrn.hough_reference import hough_instances_reference

CPU = torch.device('cpu')


def test_compact_votes_make_the_objects() -> None:
    head, scores, maps = voting_scene(60_000, 'compact', CPU)
    assert (scores[1] > 0).sum().item() == pytest.approx(60_000, rel=0.05)
    found = head.predict(scores, maps)
    objects = hough_decoding._objects(60_000)
    assert len(found) == 40
    for mask in found.masks:
        assert len(objects[mask].unique()) == 1
    assert found.masks.any(0).float().sum() > 0.99 * (objects > 0).sum()


def test_scattered_votes_agree_on_nothing() -> None:
    head, scores, maps = voting_scene(4_000, 'scattered', CPU)
    head.min_pixels = 1
    found = head.predict(scores, maps)
    assert len(found) == head.max_instances
    assert found.masks.flatten(1).sum(1).max() < 100


@pytest.mark.parametrize('kind', ['compact', 'scattered'])
def test_what_is_compared_is_the_same(kind: str) -> None:
    with mock.patch.object(hough_decoding, 'SIZE', (30, 40)):
        head, scores, maps = voting_scene(400, kind, CPU)
    head.min_pixels = 1
    ours, loops = head.predict(scores, maps), hough_instances_reference(head, scores, maps)
    assert len(ours) >= 40
    assert torch.equal(ours.masks, loops.masks)


def test_tables_hold_every_case() -> None:
    limits = dict(
        SIZE=(50, 80),
        LOOP_CASES=((500, 'compact'), (100, 'scattered')),
        GROWTH=(300, 600),
        MATCH_LIMIT=300,
        _peak=lambda *case: None,
    )
    with mock.patch.multiple(hough_decoding, **limits):
        loops, growth = hough_tables(1, CPU)
    for row in loops.rows:
        assert row['times faster'] == pytest.approx(row['loops, ms'] / row['ours, ms'])
    kinds = [row['votes'].split()[1] for row in growth.rows]
    assert kinds == ['compact', 'compact', 'scattered', 'scattered']
    missing = [row["mmcv's nms_match, ms"] is None for row in growth.rows]
    assert missing == [False, False, False, True]
    assert '| votes | loops, ms |' in loops.to_markdown()


@pytest.mark.slow
def test_memory_is_measured_apart() -> None:
    """The masks of 40 objects alone are 40 x 500 x 500 bytes."""
    peak = hough_decoding._peak('ours', 30_000, 'compact', CPU)
    if peak is None:
        pytest.skip('this system does not tell the peak of a process')
    assert 9 < peak < 100
