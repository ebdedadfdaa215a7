import json

import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seginpaint_mm.models.segan.depth_order import infer_depth_order
from tests.amodal_records import layered, random_layers


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
            dict(front=0, back=1, overlap=pytest.approx(0.2)),
            dict(front=0, back=2, overlap=pytest.approx(0.2)),
        ],
        broken_cycles=[],
    )


def test_threshold():
    full = masks(slice(0, 20), slice(19, 30))
    visible = masks(slice(0, 20), slice(20, 30))  # IoU 1 / 20
    assert list(infer_depth_order(visible, full).occlusions()) == []
    assert len(list(infer_depth_order(visible, full, threshold=0.04).occlusions())) == 1


def test_a_cycle_is_broken_at_its_weakest_edge_and_told():
    """0 hides four pixels of 1, 1 three of 2 and 2 two of 0; each is seen at ten."""
    visible = masks(slice(0, 10), slice(10, 20), slice(20, 30))
    full = visible.clone()
    full[1, 0, 0:4], full[2, 0, 10:13], full[0, 0, 20:22] = True, True, True
    found = infer_depth_order(visible, full)
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
    assert found.broken_cycles[0].objects == (1, 0)


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


def test_object_that_is_not_seen():
    visible = masks(slice(0, 10), slice(0, 0))
    with pytest.raises(ValueError, match='Nothing is seen of object 1'):
        infer_depth_order(visible, visible)
