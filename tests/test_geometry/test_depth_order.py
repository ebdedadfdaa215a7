import json

import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seginpaint_mm.geometry.depth_order import (
    PAPER_THRESHOLD,
    complete_behind,
    cut_hidden,
    hiding_places,
    infer_depth_order,
)
from tests.helpers.amodal_records import layered, random_layers


def masks(*parts: slice) -> torch.Tensor:
    """Masks of one row and 30 columns."""
    drawn = torch.zeros(len(parts), 1, 30, dtype=torch.bool)
    for mask, part in zip(drawn, parts, strict=True):
        mask[0, part] = True
    return drawn


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.permutations(range(5)))
def test_true_masks_give_the_order_in_which_they_lie(seed, numbers):
    """Objects are handed over in any order; nobody comes after what he hides."""
    full = random_layers(seed)
    visible = torch.from_numpy(layered(full)[list(numbers)])
    full = torch.from_numpy(full[list(numbers)])
    found = infer_depth_order(visible, full, threshold=0.0)
    assert not found.broken_cycles
    assert sorted(found.order) == list(range(5))
    depth = np.argsort(found.order)
    for q in range(5):
        for p in range(5):
            hides = bool((visible[q] & full[p] & ~visible[p]).any())
            assert found.graph.has_edge(q, p) == hides
            if hides:
                assert numbers[q] < numbers[p]
                assert depth[q] < depth[p]
                assert found.layers[q] < found.layers[p]
    # a layer is the longest way from an object that nothing hides
    for node in found.graph:
        above = [found.layers[front] for front, _ in found.graph.in_edges(node)]
        assert found.layers[node] == max(above, default=-1) + 1


def test_chain_by_hand_and_json():
    full = masks(slice(10, 20), slice(0, 12), slice(18, 30))
    visible = masks(slice(10, 20), slice(0, 10), slice(20, 30))
    found = infer_depth_order(visible, full)
    written = json.loads(json.dumps(found.to_dict(names=['cup', 'table', 'wall'])))
    assert written == dict(
        objects=[
            dict(object=0, depth=0, layer=0, name='cup'),
            dict(object=1, depth=1, layer=1, name='table'),
            dict(object=2, depth=2, layer=1, name='wall'),
        ],
        occlusions=[
            dict(front=0, back=1, overlap=pytest.approx(0.2), pixels=2),
            dict(front=0, back=2, overlap=pytest.approx(0.2), pixels=2),
        ],
        broken_cycles=[],
    )


def test_threshold():
    full = masks(slice(0, 20), slice(19, 30))
    visible = masks(slice(0, 20), slice(20, 30))  # IoU 1 / 20
    assert list(infer_depth_order(visible, full, PAPER_THRESHOLD).occlusions()) == []
    assert len(list(infer_depth_order(visible, full).occlusions())) == 1, 'no floor'
    assert len(list(infer_depth_order(visible, full, threshold=0.04).occlusions())) == 1


@pytest.mark.parametrize('threshold', [None, PAPER_THRESHOLD])
def test_a_cycle_is_broken_at_its_weakest_edge_and_told(threshold):
    """0 hides four pixels of 1, 1 three of 2 and 2 two of 0; each is seen at ten."""
    visible = masks(slice(0, 10), slice(10, 20), slice(20, 30))
    full = visible.clone()
    full[1, 0, 0:4], full[2, 0, 10:13], full[0, 0, 20:22] = True, True, True
    found = infer_depth_order(visible, full, threshold)
    assert found.order == (0, 1, 2)
    [cycle] = found.broken_cycles
    assert cycle.objects == (0, 1, 2)
    assert (cycle.removed.front, cycle.removed.back) == (2, 0)
    assert cycle.removed.overlap == pytest.approx(0.2)
    assert found.to_dict()['broken_cycles'][0]['removed']['front'] == 2
    assert found.to_dict(first=1)['broken_cycles'][0]['objects'] == [1, 2, 3]
    assert cycle.sentence(1) == (
        'Objects 1, 2, 3 hide each other in a circle: that 3 hides 1, the weakest, is left out of '
        'the depth order.'
    )


def test_two_that_hide_each_other():
    visible = masks(slice(0, 10), slice(10, 20))
    full = visible.clone()
    full[1, 0, 6:10], full[0, 0, 10:15] = True, True  # 1 hides more of 0 than 0 of 1
    found = infer_depth_order(visible, full)
    assert found.order == (1, 0)
    assert found.broken_cycles == (), 'the larger count decides'
    found = infer_depth_order(visible, full, PAPER_THRESHOLD)
    assert found.order == (1, 0)
    assert found.broken_cycles[0].objects == (1, 0)


def test_a_large_object_in_front_of_a_small_hidden_part():
    """Its IoU with it is small; what it is predicted to hide itself has a larger one (B3)."""
    visible = masks(slice(0, 25), slice(25, 30))
    full = visible.clone()
    full[1, 0, 22:25], full[0, 0, 25:27] = True, True
    assert infer_depth_order(visible, full, PAPER_THRESHOLD).order == (1, 0)
    assert infer_depth_order(visible, full).order == (0, 1)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 8))
def test_any_prediction_gives_an_order_without_its_weakest_claims(seed, number):
    random = np.random.default_rng(seed)
    visible = layered(random_layers(seed, number=number))
    predicted = visible | (random.random(visible.shape) < random.random((number, 1, 1)))
    visible, predicted = torch.from_numpy(visible), torch.from_numpy(predicted)
    found = infer_depth_order(visible, predicted, threshold=0.0)
    assert nx.is_directed_acyclic_graph(found.graph)
    assert sorted(found.order) == list(range(number))
    kept = {(item.front, item.back): item.overlap for item in found.occlusions()}
    for cycle in found.broken_cycles:
        assert (cycle.objects[-1], cycle.objects[0]) == (cycle.removed.front, cycle.removed.back)
        links = list(zip(cycle.objects[:-1], cycle.objects[1:], strict=True))
        assert all(kept[link] >= cycle.removed.overlap for link in links)


def test_unrelated_objects_by_where_they_stand():
    visible = torch.zeros(3, 10, 30, dtype=torch.bool)
    visible[0, 2:5, :5], visible[1, 2:9, 10:15], visible[2, 0:7, 20:25] = True, True, True
    found = infer_depth_order(visible, visible)
    assert found.order == (1, 2, 0)
    assert found.layers == (0, 0, 0)


def test_no_objects():
    nothing = torch.zeros(0, 4, 4, dtype=torch.bool)
    found = infer_depth_order(nothing, nothing)
    assert found.order == ()
    assert found.to_dict() == dict(objects=[], occlusions=[], broken_cycles=[])


def test_an_object_that_is_not_seen_comes_last():
    visible = masks(slice(0, 0), slice(0, 10))
    assert infer_depth_order(visible, visible).order == (1, 0)


def predictions(seed: int, number: int) -> tuple[torch.Tensor, torch.Tensor]:
    """What is seen of rectangles, and random full masks."""
    random = np.random.default_rng(seed)
    visible = layered(random_layers(seed, number=number))
    predicted = visible | (random.random(visible.shape) < random.random((number, 1, 1)))
    return torch.from_numpy(visible), torch.from_numpy(predicted)


def top_layers(full: torch.Tensor, order: tuple[int, ...]) -> torch.Tensor:
    """Number of the front object at each pixel, int64 (H, W), -1 where there is none."""
    top = torch.full(full.shape[1:], -1)
    for number in order[::-1]:
        top[full[number]] = number
    return top


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 7), st.sampled_from([None, 0.05]), st.integers(0, 3))
def test_stacked_layers_show_what_is_seen(seed, number, threshold, growth):
    """Whatever is predicted, and although circles were broken."""
    visible, predicted = predictions(seed, number)
    full, order = complete_behind(visible, predicted, growth=growth, threshold=threshold)
    assert not (visible & ~full).any()
    assert not (full & ~predicted).any()
    top = top_layers(full, order.order)
    nobody = ~visible.any(dim=0)
    assert torch.equal(top[~nobody], visible.int().argmax(dim=0)[~nobody])
    if not growth:
        assert (top[nobody] == -1).all()


def test_masks_that_overlap_still_show_what_is_seen():
    visible = masks(slice(0, 12), slice(8, 20), slice(18, 30))
    full = visible.clone()
    full[0, 0, 12:20], full[1, 0, 2:8], full[2, 0, 8:18] = True, True, True
    full, order = complete_behind(visible, full)
    top = top_layers(full, order.order)
    for pixel, number in enumerate(top[0].tolist()):
        assert visible[number, 0, pixel]


def test_true_masks_lose_nothing():
    for seed in range(20):
        full = torch.from_numpy(random_layers(seed))
        visible = torch.from_numpy(layered(full.numpy()))
        assert torch.equal(complete_behind(visible, full)[0], full)


def test_occluders_grow_into_the_gap_alone():
    """0 hides 1; five pixels lie between what is seen of them, in one of which 2 stands."""
    visible = masks(slice(0, 10), slice(15, 20), slice(13, 14))
    full = visible.clone()
    full[1, 0, 5:15] = True
    full[1, 0, 13] = False
    order = infer_depth_order(visible, full)
    for growth, expected in ((0, range(5, 10)), (1, range(5, 11)), (9, [*range(5, 13), 14])):
        place = list(hiding_places(visible, order, growth))[1]
        cut = cut_hidden(visible, full, order, growth)
        hidden = (cut & ~visible)[1, 0].nonzero().flatten().tolist()
        assert hidden == list(expected)
        assert place[0, :10].all()
    with pytest.raises(ValueError, match='grow by 0 pixels or more, not by -1'):
        complete_behind(visible, full, growth=-1)
    with pytest.raises(ValueError, match=r"occluders must be one of .*, not 'all'"):
        complete_behind(visible, full, occluders='all')


def test_any_occluder_leaves_masks_alone():
    visible, predicted = predictions(3, 4)
    full, order = complete_behind(visible, predicted, occluders='any')
    assert torch.equal(full, predicted)
    assert order.order == infer_depth_order(visible, predicted).order
