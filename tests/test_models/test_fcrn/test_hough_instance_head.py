"""From scores and boxes to instances: against the plain loops, on true scenes, and bad input."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmdet.structures.bbox import bbox_overlaps
from mmengine.structures import InstanceData
from torch import Tensor

from seginpaint_mm.models.fcrn import HoughInstanceHead, map_points
from seginpaint_mm.models.fcrn.hough_reference import hough_instances_reference
from seginpaint_mm.registry import MODELS
from seginpaint_mm.street import render_street
from tests.helpers.instance_scenes import instances_of, rectangles

CODER = dict(type='BoxCoder', offset_scale=16.0, size_scale=16.0)
STREET_THINGS = (24, 25, 26, 27, 28, 31, 32, 33)


def make_head(thing_ids: tuple[int, ...] = (1, 3), **options: object) -> HoughInstanceHead:
    return MODELS.build(
        dict(type='HoughInstanceHead', thing_ids=thing_ids, box_coder=CODER, **options)
    )


def true_inputs(
    head: HoughInstanceHead, truth: InstanceData, num_classes: int
) -> tuple[Tensor, Tensor]:
    """One-hot scores, and maps that are right on the instances and wild elsewhere."""
    size = tuple(truth.masks.shape[1:])
    scores = torch.zeros(num_classes, *size)
    scores[0] = 1
    maps = torch.full((len(head.thing_ids), 4, *size), 7.0)
    points = map_points(size)
    for mask, label, box in zip(truth.masks, truth.labels, truth.bboxes, strict=True):
        scores[:, mask] = 0
        scores[head.thing_ids[label], mask] = 1
        deltas = head.box_coder.encode(points, box.expand(*size, 4))
        maps[label][:, mask] = deltas[mask].T
    return scores, maps.flatten(0, 1)


def assert_same(result: InstanceData, expected: InstanceData) -> None:
    assert set(result.keys()) == {'bboxes', 'labels', 'scores', 'masks'}
    for field in result.keys():  # noqa: SIM118 - InstanceData is no mapping
        assert result[field].dtype == expected[field].dtype, field
        assert torch.equal(result[field], expected[field]), field


@st.composite
def pictures(draw: st.DrawFn) -> tuple[HoughInstanceHead, Tensor, Tensor]:
    head = make_head(
        top_n=draw(st.sampled_from([(1,), (2,), (1, 2), (1, 3)])),
        min_score=draw(st.sampled_from([0.0, 0.1, 0.25])),
        box_iou_threshold=draw(st.sampled_from([0.3, 0.5, 0.8])),
        region_iou_threshold=draw(st.sampled_from([0.0, 0.29, 0.5])),
        across_classes=draw(st.booleans()),
        ties=draw(st.sampled_from(['centre', 'order'])),
        confidence=draw(st.sampled_from(['score', 'extent'])),
        min_pixels=draw(st.integers(1, 4) | st.sampled_from([0.02, 0.1])),
        max_instances=draw(st.sampled_from([0, 3, 100])),
    )
    size = draw(st.tuples(st.integers(1, 14), st.integers(1, 14)))
    seed = draw(st.integers(0, 10**6))
    masks, labels = rectangles(size, draw(st.integers(0, 6)), len(head.thing_ids), seed)
    scores, maps = true_inputs(head, instances_of(masks, labels), num_classes=4)
    random = np.random.default_rng(seed)
    noise = draw(st.sampled_from([0.0, 0.3, 3.0]))
    logits = scores * 4 + noise * torch.from_numpy(random.standard_normal(scores.shape)).float()
    if draw(st.booleans()):
        logits = logits.round()  # many scores are equal
    maps = maps + noise / 4 * torch.from_numpy(random.standard_normal(maps.shape)).float()
    return head, logits.softmax(0), maps


@settings(max_examples=80, deadline=None)
@given(picture=pictures())
def test_instances_are_those_of_the_plain_loops(
    picture: tuple[HoughInstanceHead, Tensor, Tensor],
) -> None:
    head, scores, maps = picture
    assert_same(head.predict(scores, maps), hough_instances_reference(head, scores, maps))


def boxes_are_apart(truth: InstanceData, threshold: float) -> bool:
    ious = bbox_overlaps(truth.bboxes, truth.bboxes)
    same_class = truth.labels[:, None] == truth.labels
    return not ((ious > threshold) & same_class).triu(1).any()


def street_instances(index: int) -> InstanceData:
    scene = render_street(index, size=(128, 256))
    seen = [item for item in scene.objects if item.visible_mask.any()]
    masks = np.stack([item.visible_mask for item in seen])
    return instances_of(masks, [STREET_THINGS.index(item.label) for item in seen])


def without_overlapping_boxes(truth: InstanceData, threshold: float) -> InstanceData:
    chosen: list[int] = []
    for number in range(len(truth)):
        if boxes_are_apart(truth[[*chosen, number]], threshold):
            chosen.append(number)
    return truth[chosen]


@pytest.mark.parametrize('across_classes', [False, True])
@pytest.mark.parametrize('region_iou_threshold', [0.0, 0.5])
@pytest.mark.parametrize('index', range(6))
def test_the_truth_gives_exactly_the_true_instances(
    index: int, across_classes: bool, region_iou_threshold: float
) -> None:
    """So any average precision is 1: a prediction is a true instance, and each is found once."""
    head = make_head(
        STREET_THINGS, across_classes=across_classes, region_iou_threshold=region_iou_threshold
    )
    truth = without_overlapping_boxes(street_instances(index), head.box_iou_threshold)
    assert len(truth) >= 5
    found = head.predict(*true_inputs(head, truth, num_classes=34))
    assert found.scores.eq(1).all()
    assert len(found) == len(truth)
    places = [mask.flatten().nonzero().min() for mask in (*truth.masks, *found.masks)]
    true_order = np.lexsort((places[: len(truth)], truth.labels))
    found_order = np.lexsort((places[len(truth) :], found.labels))
    for field in ('masks', 'labels', 'bboxes'):
        assert torch.equal(truth[field][true_order], found[field][found_order]), field


def test_a_better_score_makes_the_mask() -> None:
    """The top-2 mask is larger, and less sure of it."""
    scores = torch.zeros(4, 6, 12)
    scores[0], scores[1] = 0.6, 0.3
    scores[:, 1:5, 2:6] = torch.tensor([0.1, 0.8, 0.1, 0]).view(4, 1, 1)
    truth = instances_of(np.ones((1, 6, 12), bool), [0])
    maps = true_inputs(make_head(), truth, 4)[1]
    found = make_head(top_n=(1, 2), region_iou_threshold=0.2).predict(scores, maps)
    assert found.scores.tolist() == pytest.approx([0.8])
    assert found.bboxes.tolist() == [[2, 1, 6, 5]]
    whole = make_head(top_n=(2,)).predict(scores, maps)
    assert whole.masks.all()
    assert whole.scores.item() == pytest.approx((16 * 0.8 + 56 * 0.3) / 72)
    both = make_head(top_n=(1, 2), region_iou_threshold=0.3).predict(scores, maps)
    assert len(both) == 2


@pytest.mark.parametrize(('across_classes', 'labels'), [(False, [0, 1]), (True, [0])])
def test_a_region_may_be_of_several_classes(across_classes: bool, labels: list[int]) -> None:
    scores = torch.tensor([0.1, 0.5, 0, 0.4]).view(4, 1, 1).repeat(1, 5, 5)
    maps = true_inputs(make_head(), instances_of(np.ones((2, 5, 5), bool), [0, 1]), 4)[1]
    assert make_head(across_classes=across_classes).predict(scores, maps).labels.tolist() == labels


@pytest.mark.parametrize(('ties', 'found'), [('order', 2), ('centre', 1)])
def test_of_equal_votes_the_one_in_the_middle_leads(ties: str, found: int) -> None:
    """The edges of this object mean boxes that are near the middle's, and not near each other."""
    truth = instances_of(np.ones((1, 8, 8), bool), [0])
    head = make_head(ties=ties, box_iou_threshold=0.6)
    scores, maps = true_inputs(head, truth, 4)
    for row, box in ((0, [0.0, 0, 8, 5]), (7, [0.0, 3, 8, 8])):
        points = map_points((8, 8))[row]
        maps[:4, row] = head.box_coder.encode(points, torch.tensor(box).expand(8, 4)).T
    assert len(head.predict(scores, maps)) == found


def test_true_classes_are_ranked_by_the_share_of_the_box_that_is_filled() -> None:
    masks = np.zeros((2, 8, 20), bool)
    masks[0, 0:4, 0:4] = masks[1, 2:8, 8:16] = True
    truth = instances_of(masks, [0, 0])
    head = make_head(confidence='extent')
    scores, maps = true_inputs(head, truth, 4)
    whole = head.predict(scores, maps)
    assert whole.scores.tolist() == [1, 1]
    scores[:, :4, 1:4] = torch.tensor([1.0, 0, 0, 0]).view(4, 1, 1)  # a quarter is left
    cut = head.predict(scores, maps)
    assert cut.scores.tolist() == [1, 0.25]
    assert cut.masks.sum((1, 2)).tolist() == [48, 4]
    assert make_head().predict(scores, maps).scores.tolist() == [1, 1]


def test_the_fewest_pixels_are_a_share_of_the_image() -> None:
    head = make_head()
    assert head.fewest_pixels(500 * 400) == pytest.approx(10)
    assert head.fewest_pixels(128 * 256) < 2


def test_too_small_and_too_many_are_dropped() -> None:
    truth = instances_of(
        np.eye(6, dtype=bool)[:, None].repeat(3, axis=1).repeat(2, axis=2), [0] * 6
    )
    scores, maps = true_inputs(make_head(), truth, 4)
    assert len(make_head(min_pixels=6).predict(scores, maps)) == 6
    assert len(make_head(min_pixels=7).predict(scores, maps)) == 0
    share = 6 / scores[0].numel()  # of the image
    assert len(make_head(min_pixels=share).predict(scores, maps)) == 6
    assert len(make_head(min_pixels=1.2 * share).predict(scores, maps)) == 0
    assert len(make_head(min_pixels=1, max_instances=2).predict(scores, maps)) == 2


@pytest.mark.parametrize('size', [(0, 0), (1, 1), (7, 9)])
def test_no_votes_give_empty_instances(size: tuple[int, int]) -> None:
    scores = torch.zeros(4, *size)
    found = make_head().predict(scores, torch.full((8, *size), float('nan')))
    assert {field: tuple(found[field].shape) for field in found.keys()} == {  # noqa: SIM118
        'bboxes': (0, 4),
        'labels': (0,),
        'scores': (0,),
        'masks': (0, *size),
    }
    assert found.bboxes.dtype == found.scores.dtype == torch.float32
    assert found.labels.dtype == torch.int64
    assert found.masks.dtype == torch.bool


def test_inputs_of_any_layout_and_type_are_read_and_left_alone() -> None:
    masks, labels = rectangles((12, 20), 5, 2, seed=1)
    scores, maps = true_inputs(make_head(), instances_of(masks, labels), 4)
    expected = make_head(min_pixels=1).predict(scores, maps)
    assert len(expected) > 2
    padded = [torch.nn.functional.pad(x, (0, 5, 0, 3)) for x in (scores, maps)]
    views = [x[:, :12, :20].requires_grad_() for x in padded]
    assert_same(make_head(min_pixels=1).predict(*views), expected)
    with torch.inference_mode():
        assert_same(make_head(min_pixels=1).predict(*views), expected)
    assert_same(make_head(min_pixels=1).predict(scores.double(), maps.double()), expected)


@pytest.mark.gpu
def test_instances_stay_on_the_device() -> None:
    masks, labels = rectangles((30, 40), 6, 2, seed=2)
    scores, maps = true_inputs(make_head(), instances_of(masks, labels), 4)
    found = make_head().predict(scores.cuda(), maps.cuda())
    assert all(found[field].is_cuda for field in found.keys())  # noqa: SIM118
    assert_same(found.cpu(), make_head().predict(scores, maps))


def test_inputs_that_do_not_fit_are_told() -> None:
    head, scores, maps = make_head(), torch.rand(4, 5, 6), torch.zeros(8, 5, 6)
    with pytest.raises(ValueError, match=r'scores are \(5, 6\).*maps \(3, 6\): resize the maps'):
        head.predict(scores, maps[:, :3])
    with pytest.raises(ValueError, match='2 thing_ids need 8 localisation maps, not 4'):
        head.predict(scores, maps[:4])
    with pytest.raises(
        ValueError, match='thing_ids has 3, but the scores are of 3 classes, 0 to 2'
    ):
        head.predict(scores[:3], maps)
    with pytest.raises(ValueError, match='the scores hold NaN'):
        head.predict(scores.masked_fill(scores > 0.9, float('nan')), maps)
    with pytest.raises(
        ValueError, match='a box that is not finite: the localisation maps hold NaN'
    ):
        head.predict(scores, maps * float('nan'))


def test_a_coder_that_gives_no_area_is_told() -> None:
    head = make_head()
    head.box_coder = type('Flat', (), {'decode': lambda self, points, deltas: deltas * 0})()
    with pytest.raises(ValueError, match='30 of 30 votes have boxes with no area'):
        head.predict(torch.full((4, 5, 6), 0.25), torch.zeros(8, 5, 6))


@pytest.mark.parametrize(
    ('options', 'sentence'),
    [
        (dict(top_n=()), r'top_n must be ascending numbers from 1 on, e\.g\. \(1, 2\), not \(\)'),
        (dict(top_n=(2, 1)), r'not \(2, 1\)'),
        (dict(top_n=(0, 1)), r'not \(0, 1\)'),
        (dict(box_iou_threshold=0), 'box_iou_threshold must be above 0 and below 1, not 0'),
        (
            dict(region_iou_threshold=1),
            'region_iou_threshold must be at least 0 and below 1, not 1',
        ),
        (dict(ties='first'), "ties must be one of .*, not 'first'"),
        (dict(confidence='area'), "confidence must be one of .*, not 'area'"),
    ],
)
def test_wrong_options_are_told(options: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        make_head(**options)
