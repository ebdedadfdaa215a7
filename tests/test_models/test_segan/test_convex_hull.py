"""The completer without a network."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmengine.structures import InstanceData
from scipy.ndimage import distance_transform_edt
from shapely import MultiPoint, Point

from seginpaint_mm.models.segan.convex_hull import convex_hull
from seginpaint_mm.models.segan.painting import nearest_colours
from seginpaint_mm.structures import SceneSample
from tests.helpers.model_tester import build_model
from tests.helpers.segan_scenes import SIZE, scenes


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_hull_of_pixel_centres(seed: int) -> None:
    """No pixel inside the hull is left out; none half a pixel or more away from it is taken."""
    random = np.random.default_rng(seed)
    mask = torch.from_numpy(random.random((12, 15)) < random.choice([0.02, 0.1, 0.5]))
    found = convex_hull(mask)
    assert not (mask & ~found).any()
    if not mask.any():
        return
    polygon = MultiPoint(mask.nonzero().tolist()).convex_hull
    for row in range(12):
        for column in range(15):
            distance = polygon.distance(Point(row, column))
            assert found[row, column] or distance > 0
            assert not found[row, column] or distance < 0.75


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_colours_of_the_nearest_pixel_that_is_seen(seed: int) -> None:
    random = np.random.default_rng(seed)
    image = torch.from_numpy(random.integers(0, 256, (3, 14, 9), np.uint8))
    seen = torch.from_numpy(random.random((14, 9)) < 0.2)
    found = nearest_colours(image, seen)
    assert torch.equal(found[:, seen], image[:, seen])
    if not seen.any():
        assert torch.equal(found, image)
        return
    distance = distance_transform_edt(~seen.numpy())
    places = seen.nonzero()
    for row, column in (~seen).nonzero().tolist():
        away = (places - torch.tensor([row, column])).double().norm(dim=1)
        near = places[away <= distance[row, column] * 1.05 + 0.1]  # the 5x5 mask's approximation
        colours = image[:, near[:, 0], near[:, 1]].T
        assert (colours == found[:, row, column]).all(dim=1).any()


def test_predictions() -> None:
    model = build_model(dict(type='ConvexHullCompleter', mask_size=14, painter_size=32))
    assert not model.state_dict(), 'nothing to load'
    batch = scenes(3, 1)
    with torch.no_grad():
        samples = model.test_step(batch)
    for sample, number in zip(samples, (3, 1), strict=True):
        found = sample.pred_instances
        assert found.full_masks.shape == (number, *SIZE)
        assert not (found.masks & ~found.full_masks).any()
        assert found.full_probs.shape == (number, 14, 14)
        assert found.painted.shape == (number, 4, 32, 32)
        assert found.scores.tolist() == [1.0] * number
    alone = samples[1].pred_instances
    assert torch.equal(alone.full_masks, alone.masks), 'nothing is in front of it'


def test_a_hidden_corner_behind_the_object_in_front() -> None:
    """All of the hull without the rule, with it what the second object hides."""
    masks = torch.zeros(2, *SIZE, dtype=torch.bool)
    masks[0, 10:30, 10:14] = masks[0, 26:30, 10:30] = True
    masks[1, 10:26, 20:40] = True
    kept = {}
    for occluders in ('any', 'given'):
        sample = SceneSample(metainfo=dict(img_shape=SIZE))
        sample.gt_instances = InstanceData(masks=masks)
        model = build_model(dict(type='ConvexHullCompleter', occluders=occluders))
        batch = dict(inputs=[torch.zeros(3, *SIZE, dtype=torch.uint8)], data_samples=[sample])
        (sample,) = model.test_step(batch)
        kept[occluders] = sample.pred_instances.full_masks[0]
    assert torch.equal(kept['given'], masks[0] | (kept['any'] & masks[1]))
    assert kept['given'].sum() < kept['any'].sum()


def test_no_objects_and_wrong_arguments() -> None:
    sample = SceneSample(metainfo=dict(img_shape=SIZE))
    sample.gt_instances = InstanceData(masks=torch.zeros(0, *SIZE, dtype=torch.bool))
    model = build_model(dict(type='ConvexHullCompleter'))
    batch = dict(inputs=[torch.zeros(3, *SIZE, dtype=torch.uint8)], data_samples=[sample])
    (sample,) = model.test_step(batch)
    assert sample.pred_instances.full_masks.shape == (0, *SIZE)
    with pytest.raises(ValueError, match='occluders must be one of'):
        build_model(dict(type='ConvexHullCompleter', occluders='all'))
