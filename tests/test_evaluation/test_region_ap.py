"""RegionAPMetric against hand-made cases, the definition, mmdet's eval_map and pycocotools."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmdet.evaluation.functional import eval_map
from mmengine.structures import InstanceData, PixelData
from pycocotools import mask as coco_masks
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from seginpaint_mm.datasets import CityscapesInstanceDataset
from seginpaint_mm.errors import UserError
from seginpaint_mm.evaluation import RegionAPMetric
from seginpaint_mm.registry import METRICS
from seginpaint_mm.structures import SceneSample

META = dict(classes=('background', 'cat', 'dog'), thing_ids=(1, 2))
CAT, DOG = 0, 1
SIZE = (6, 12)
THRESHOLDS = [k / 10 for k in range(1, 10)]


def box(left: int, right: int, top: int = 0, bottom: int = 6) -> torch.Tensor:
    mask = torch.zeros(SIZE, dtype=torch.bool)
    mask[top:bottom, left:right] = True
    return mask


def instances(items: list[tuple]) -> InstanceData:
    """Of tuples (mask, label) or (mask, label, score)."""
    masks = [item[0] for item in items]
    data = InstanceData(
        masks=torch.stack(masks) if masks else torch.zeros(0, *SIZE, dtype=torch.bool),
        labels=torch.tensor([item[1] for item in items], dtype=torch.int64),
    )
    if not items or len(items[0]) == 3:
        data.scores = torch.tensor([item[2] for item in items], dtype=torch.float32)
    return data


def make_sample(truths: list[tuple], predictions: list[tuple], classes=None, crowds=None) -> dict:
    sample = SceneSample(metainfo=dict(img_path='cats/7.png'))
    sample.gt_instances = instances(truths)
    sample.pred_instances = instances(predictions)
    if classes is not None:
        sample.gt_sem_seg = PixelData(data=torch.as_tensor(classes)[None])
    if crowds is not None:
        sample.gt_crowd = PixelData(data=torch.as_tensor(crowds)[None])
    return sample.to_dict()


def evaluate(*samples: dict, meta: dict = META) -> dict[str, float]:
    metric = RegionAPMetric()
    metric.dataset_meta = meta
    for sample in samples:
        metric.process(None, [sample])
    return metric.evaluate(size=len(samples))


def test_hand_made_case() -> None:
    # Ranked: right, wrong, right, of three truths. Precision 1, 1/2, 2/3; recall 1/3, 1/3, 2/3.
    metrics = evaluate(
        make_sample(
            [(box(0, 2), CAT), (box(4, 6), CAT)], [(box(0, 2), CAT, 0.9), (box(8, 10), CAT, 0.8)]
        ),
        make_sample([(box(0, 2), CAT)], [(box(0, 2), CAT, 0.7)]),
    )
    assert metrics['AP_r_0.5_cat'] == pytest.approx(100 * (1 + 2 / 3) / 3)
    assert metrics['mAP_r_vol'] == metrics['mAP_r_0.7'] == metrics['mAP_r_0.5']
    # Recalls 0, .1, .2, .3 at precision 1; .4, .5, .6 at 2/3; the others are not reached.
    assert metrics['mAP11_r_0.5'] == pytest.approx(100 * (4 + 3 * 2 / 3) / 11)
    assert math.isnan(metrics['AP_r_0.5_dog'])


def test_true_instances_are_100() -> None:
    truths = [(box(0, 3), CAT), (box(3, 9), DOG), (box(9, 10), CAT)]
    metrics = evaluate(make_sample(truths, [(*truth, 1.0) for truth in truths]))
    assert len(metrics) == 6 + 3 * 2
    assert set(metrics.values()) == {100}


def test_duplicates_are_wrong() -> None:
    found = [(box(0, 4), CAT, 0.9), (box(0, 4), CAT, 0.8), (box(6, 9), CAT, 0.7)]
    truths = [(box(0, 4), CAT), (box(6, 9), CAT)]
    metrics = evaluate(make_sample(truths, found))
    assert metrics['mAP_r_0.5'] == pytest.approx(100 * (1 + 2 / 3) / 2)


def test_second_finding_takes_another_truth_that_is_free() -> None:
    # The second prediction overlaps the truth that is taken most, the free one by 3 of 9 columns.
    truths = [(box(0, 6), CAT), (box(6, 9), CAT)]
    found = [(box(0, 6), CAT, 0.9), (box(0, 9), CAT, 0.8)]
    metrics = evaluate(make_sample(truths, found))
    assert metrics['mAP_r_0.5'] == pytest.approx(50)
    # At the thresholds .1, .2, .3 both are right, at the six others one of two.
    assert metrics['mAP_r_vol'] == pytest.approx((3 * 100 + 6 * 50) / 9)


def test_iou_at_the_threshold_is_enough() -> None:
    found = [(box(0, 5), CAT, 0.9)]
    metrics = evaluate(make_sample([(box(0, 10), CAT)], found))
    assert metrics['mAP_r_0.5'] == 100
    assert metrics['mAP_r_0.7'] == 0
    assert metrics['mAP_r_vol'] == pytest.approx(100 * 5 / 9)


@pytest.mark.parametrize('wrong_first', [True, False])
def test_ties_are_ranked_as_they_come(wrong_first: bool) -> None:
    found = [(box(8, 10), CAT, 0.5), (box(0, 2), CAT, 0.5)]
    sample = make_sample([(box(0, 2), CAT)], found if wrong_first else found[::-1])
    assert evaluate(sample)['mAP_r_0.5'] == (50 if wrong_first else 100)


def test_scores_are_ranked_over_the_whole_set() -> None:
    right = make_sample([(box(0, 2), CAT)], [(box(0, 2), CAT, 0.3)])
    wrong = make_sample([], [(box(0, 2), CAT, 0.6), (box(0, 2), CAT, 0.1)])
    assert evaluate(right, wrong)['mAP_r_0.5'] == pytest.approx(50)


def test_label_must_be_right() -> None:
    metrics = evaluate(make_sample([(box(0, 2), DOG)], [(box(0, 2), CAT, 0.9)]))
    assert metrics['AP_r_0.5_dog'] == metrics['mAP_r_0.5'] == 0


def test_class_without_truth_is_left_out_of_the_mean() -> None:
    found = [(box(0, 2), CAT, 0.9), (box(0, 2), DOG, 0.95)]
    metrics = evaluate(make_sample([(box(0, 2), CAT)], found))
    assert metrics['mAP_r_0.5'] == 100
    assert math.isnan(metrics['AP_r_vol_dog'])


def test_nothing_predicted() -> None:
    metrics = evaluate(make_sample([(box(0, 2), CAT)], []))
    assert metrics['mAP_r_0.5'] == metrics['mAP11_r_vol'] == 0


def test_no_truth_at_all_is_nan() -> None:
    for found in ([], [(box(0, 2), CAT, 0.9)]):
        assert all(math.isnan(value) for value in evaluate(make_sample([], found)).values())


def test_mask_without_a_pixel_is_wrong() -> None:
    found = [(box(0, 0), CAT, 0.9), (box(0, 2), CAT, 0.8)]
    assert evaluate(make_sample([(box(0, 2), CAT)], found))['mAP_r_0.5'] == 50


def test_void_pixels_do_not_count() -> None:
    classes = np.zeros(SIZE, np.int64)
    classes[:, 0:4], classes[:, 4:9] = 1, 255
    found = [(box(4, 9), CAT, 0.9), (box(0, 9), CAT, 0.8)]
    truths = [(box(0, 4), CAT)]
    assert evaluate(make_sample(truths, found, classes))['mAP_r_vol'] == 100
    assert evaluate(make_sample(truths, found))['mAP_r_0.5'] == 0


def test_predictions_in_a_crowd_of_their_class_are_left_out() -> None:
    classes = np.zeros(SIZE, np.int64)
    classes[:, 0:8] = 1  # an instance in columns 0 to 4, a crowd in 4 to 8
    crowded = [(box(5, 8), CAT, 0.9), (box(4, 6), CAT, 0.9)]
    found = [(box(0, 4), CAT, 0.5)]
    truths = [(box(0, 4), CAT), (box(10, 12), DOG)]
    assert evaluate(make_sample(truths, crowded + found, classes))['AP_r_vol_cat'] == 100
    of_another_class = [(mask, DOG, score) for mask, _, score in crowded]
    found.append((box(10, 12), DOG, 0.5))
    assert evaluate(make_sample(truths, of_another_class + found, classes))[
        'AP_r_0.5_dog'
    ] == pytest.approx(100 / 3)
    # Six of its ten columns are in the crowd: ignored at thresholds up to .4, wrong from .5 on.
    partly = [(box(4, 12), CAT, 0.9), (box(0, 4), CAT, 0.5)]
    assert evaluate(make_sample(truths, partly, classes))['AP_r_0.5_cat'] == 100
    assert evaluate(make_sample(truths, partly, classes))['AP_r_0.7_cat'] == 50


def test_cocos_crowds_are_as_those_of_cityscapes() -> None:
    """COCO's are void in the class map: a prediction five of six columns of which are in one."""
    truths = [(box(0, 4), CAT)]
    found = [(box(0, 4), CAT, 0.5), (box(5, 11), CAT, 0.9)]
    classes = np.zeros(SIZE, np.int64)
    classes[:, :4], classes[:, 5:10] = 1, 255
    crowds = np.full(SIZE, 255, np.int64)
    crowds[:, 5:10] = 1
    assert evaluate(make_sample(truths, found, classes, crowds))['AP_r_0.5_cat'] == 100
    assert evaluate(make_sample(truths, found, classes))['AP_r_0.5_cat'] == 50
    crowds[:, 5:10] = 2  # of dogs: cats there are wrong, as pycocotools has it
    assert evaluate(make_sample(truths, found, classes, crowds))['AP_r_0.5_cat'] == 50


def random_samples(
    seed: int, *, num_samples: int, ties: bool = True, with_crowds: bool = False
) -> list[dict]:
    """Rectangles: truths that do not overlap, and predictions near them or anywhere."""
    random = np.random.default_rng(seed)
    samples = []
    for _ in range(num_samples):
        edges = np.sort(random.choice(13, size=7, replace=False))
        cells = list(pairwise(edges))
        chosen = [cell for cell in cells if random.random() < 0.6]
        truths = [(box(*cell), int(random.integers(2))) for cell in chosen]
        found = []
        for _ in range(random.integers(0, 7)):
            left, right = sorted(random.choice(13, size=2, replace=False))
            label = int(random.integers(2))
            if truths and random.random() < 0.6:
                number = random.integers(len(truths))
                (left, right), label = chosen[number], truths[number][1]
            mask = box(left, right, 0, int(random.integers(3, 7)))
            score = float(random.integers(1, 6)) / 8 if ties else float(random.random())
            found.append((mask, label, score))
        classes = np.zeros(SIZE, np.int64)
        for mask, label in truths:
            classes[mask.numpy()] = META['thing_ids'][label]
        if with_crowds:
            free = [cell for cell in cells if cell not in chosen]
            for left, right in free:
                classes[:, left:right] = random.integers(0, 3)
        samples.append(make_sample(truths, found, classes))
    return samples


def precision_recall(ranked: list[bool], num_truths: int) -> list[tuple[float, float]]:
    return [
        (sum(ranked[:length]) / length, sum(ranked[:length]) / num_truths)
        for length in range(1, len(ranked) + 1)
    ]


def area_by_definition(ranked: list[bool], num_truths: int) -> float:
    """Mean over the truths of the best precision at which so many of them are found."""
    curve = precision_recall(ranked, num_truths)
    steps = [wanted / num_truths for wanted in range(1, num_truths + 1)]
    return sum(max([p for p, r in curve if r >= step], default=0) for step in steps) / num_truths


def eleven_by_definition(ranked: list[bool], num_truths: int) -> float:
    curve = precision_recall(ranked, num_truths)
    steps = [step / 10 for step in range(11)]
    return sum(max([p for p, r in curve if r >= step], default=0) for step in steps) / 11


KEYS = ('masks', 'labels')


def pixels(mask: torch.Tensor) -> set:
    return {tuple(pixel) for pixel in mask.nonzero().tolist()}


def ranked_by_definition(samples: list[dict], label: int, threshold: float) -> tuple:
    """Go through all predictions of the set by score, with sets of pixels."""
    queue, free = [], []
    for number, sample in enumerate(samples):
        truth, found = sample['gt_instances'], sample['pred_instances']
        free.append([pixels(m) for m, k in zip(*map(truth.get, KEYS), strict=True) if k == label])
        things = pixels(sample['gt_sem_seg']['data'][0] == META['thing_ids'][label])
        crowd = things - set().union(*free[-1])
        for mask, own, score in zip(*map(found.get, (*KEYS, 'scores')), strict=True):
            if own == label:
                queue.append((float(score), number, pixels(mask), crowd))
    num_truths = sum(map(len, free))
    ranked = []
    for _, number, mask, crowd in sorted(queue, key=lambda item: -item[0]):
        ious = [len(mask & truth) / len(mask | truth) for truth in free[number]]
        if ious and max(ious) >= threshold:
            del free[number][ious.index(max(ious))]
            ranked.append(True)
        elif len(mask & crowd) / len(mask) < threshold:
            ranked.append(False)
    return ranked, num_truths


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31), num_samples=st.integers(1, 5), with_crowds=st.booleans())
def test_agrees_with_the_definition(seed: int, num_samples: int, with_crowds: bool) -> None:
    samples = random_samples(seed, num_samples=num_samples, with_crowds=with_crowds)
    metrics = evaluate(*samples)
    for label, name in enumerate(('cat', 'dog')):
        areas = []
        for threshold in THRESHOLDS:
            ranked, num_truths = ranked_by_definition(samples, label, threshold)
            areas.append(100 * area_by_definition(ranked, num_truths) if num_truths else math.nan)
        for key, expected in (('0.5', areas[4]), ('0.7', areas[6]), ('vol', np.mean(areas))):
            assert metrics[f'AP_r_{key}_{name}'] == pytest.approx(expected, nan_ok=True)
    elevens = []
    for label in (CAT, DOG):
        ranked, num_truths = ranked_by_definition(samples, label, 0.5)
        if num_truths:
            elevens.append(100 * eleven_by_definition(ranked, num_truths))
    expected = np.mean(elevens) if elevens else math.nan
    assert metrics['mAP11_r_0.5'] == pytest.approx(expected, nan_ok=True)


def boxes_of(masks: torch.Tensor) -> np.ndarray:
    corners = [
        (*mask.nonzero().amin(dim=0).flip(0), *(mask.nonzero().amax(dim=0).flip(0) + 1))
        for mask in masks
    ]
    return np.array(corners, np.float32).reshape(-1, 4)


@pytest.mark.parametrize(('key', 'threshold'), [('0.5', 0.5), ('0.7', 0.7)])
def test_agrees_with_mmdet_on_rectangles(key: str, threshold: float) -> None:
    # From .5 on at most one truth fits a prediction, so that mmdet's way to match is the same.
    samples = random_samples(5, num_samples=40, ties=False)  # it breaks ties at random
    found, truths = [], []
    for sample in samples:
        given, true = sample['pred_instances'], sample['gt_instances']
        rows = np.column_stack([boxes_of(given['masks']), given['scores']])
        found.append([rows[given['labels'].numpy() == label] for label in (CAT, DOG)])
        truths.append(dict(bboxes=boxes_of(true['masks']), labels=true['labels'].numpy()))
    expected, _ = eval_map(found, truths, iou_thr=threshold, logger='silent', nproc=1)
    assert 0.05 < expected < 0.8
    assert evaluate(*samples)[f'mAP_r_{key}'] == pytest.approx(100 * expected, abs=1e-4)


def as_coco(samples: list[dict], label: int) -> tuple[dict, list[dict]]:
    """The truths and crowds of one class as COCO's annotations, and the predictions."""
    truths, found = [], []
    for number, sample in enumerate(samples, start=1):
        true, given = sample['gt_instances'], sample['pred_instances']
        masks = list(true['masks'][true['labels'] == label])
        of_class = sample['gt_sem_seg']['data'][0] == META['thing_ids'][label]
        crowd = of_class & ~torch.stack([*masks, box(0, 0)]).any(dim=0)
        if 'gt_crowd' in sample:
            crowd = sample['gt_crowd']['data'][0] == META['thing_ids'][label]
        for mask, iscrowd in [*((mask, 0) for mask in masks), (crowd, 1)]:
            if mask.any():
                truths.append(annotation(mask, number) | dict(iscrowd=iscrowd, id=len(truths) + 1))
        own = given['labels'] == label
        for mask, score in zip(given['masks'][own], given['scores'][own], strict=True):
            found.append(annotation(mask, number) | dict(score=float(score)))
    images = [dict(id=k, height=SIZE[0], width=SIZE[1]) for k in range(1, len(samples) + 1)]
    return dict(images=images, annotations=truths, categories=[dict(id=1, name='it')]), found


def annotation(mask: torch.Tensor, image: int) -> dict:
    encoded = coco_masks.encode(np.asfortranarray(mask.numpy().astype(np.uint8)))
    area = float(mask.sum())
    return dict(image_id=image, category_id=1, segmentation=encoded, area=area, bbox=[0, 0, 1, 1])


def with_cocos_crowds(samples: list[dict]) -> list[dict]:
    """The crowds void in the class map, and reaching below the objects beside them."""
    random = np.random.default_rng(3)
    for sample in samples:
        classes = sample['gt_sem_seg']['data'][0]
        truth = torch.stack([*sample['gt_instances']['masks'], box(0, 0)]).any(dim=0)
        crowds = torch.where(truth | (classes == 0), 255, classes)
        sample['gt_sem_seg']['data'] = torch.where(crowds == 255, classes, 255)[None]
        left = int(random.integers(0, 11))
        crowds[:, left : left + 2] = int(random.integers(1, 3))
        sample['gt_crowd'] = dict(data=crowds[None])
    return samples


@pytest.mark.parametrize('kind', ['Cityscapes', 'COCO'])
@pytest.mark.parametrize('label', [CAT, DOG])
def test_agrees_with_coco_on_what_is_right_and_what_is_ignored(label: int, kind: str) -> None:
    samples = random_samples(11, num_samples=150, with_crowds=True)
    if kind == 'COCO':
        samples = with_cocos_crowds(samples)
    dataset, found = as_coco(samples, label)
    truth = COCO()
    truth.dataset = dict(info={}, **dataset)
    truth.createIndex()
    evaluation = COCOeval(truth, truth.loadRes(found), 'segm')
    evaluation.params.iouThrs = np.array(THRESHOLDS)
    evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0, 1e9]], ['all']
    evaluation.evaluate()
    images = [image for image in evaluation.evalImgs if image is not None]
    scores = np.concatenate([image['dtScores'] for image in images])
    metrics = evaluate(*samples)
    name = ('cat', 'dog')[label]
    ignored = 0
    for key, row in (('0.5', 4), ('0.7', 6)):
        right = np.concatenate([image['dtMatches'][row] > 0 for image in images])
        ignore = np.concatenate([image['dtIgnore'][row] for image in images]).astype(bool)
        ignored += ignore.sum()
        order = [k for k in np.argsort(-scores, kind='stable') if not ignore[k]]
        num_truths = sum(not item['iscrowd'] for item in dataset['annotations'])
        expected = area_by_definition(right[order].tolist(), num_truths)
        assert metrics[f'AP_r_{key}_{name}'] == pytest.approx(100 * expected)
    assert ignored > 3, 'the case has too few crowds'


def test_real_truths_find_themselves(real_data) -> None:
    load = ('LoadSceneImage', 'LoadInstances', 'PackScene')
    dataset = CityscapesInstanceDataset(
        str(real_data / 'cityscapes_256x128'),
        'val',
        pipeline=[dict(type=f'seginpaint_mm.{name}') for name in load],
        indices=10,
        test_mode=True,
    )
    samples = [item['data_samples'] for item in dataset]
    for sample in samples:
        sample.pred_instances = sample.gt_instances.clone()
        sample.pred_instances.scores = torch.ones(len(sample.gt_instances))
    metrics = evaluate(*(sample.to_dict() for sample in samples), meta=dataset.metainfo)
    assert metrics['mAP_r_vol'] == metrics['mAP11_r_vol'] == 100
    assert metrics['AP_r_vol_car'] == 100


def test_built_from_a_config_with_a_prefix() -> None:
    metric = METRICS.build(dict(type='RegionAPMetric', prefix='val'))
    metric.dataset_meta = META
    metric.process(None, [make_sample([(box(0, 2), CAT)], [(box(0, 2), CAT, 0.9)])])
    assert metric.evaluate(size=1)['val/mAP_r_vol'] == 100


def test_missing_fields_are_the_users_mistake() -> None:
    sample = {key: value for key, value in GOOD.items() if key != 'gt_instances'}
    with pytest.raises(UserError, match=r'^RegionAPMetric: cats/7\.png has no gt_instances'):
        evaluate(sample)
    without_masks = {key: GOOD['gt_instances'][key] for key in ('labels',)}
    with pytest.raises(UserError, match=r'gt_instances of cats/7\.png have no masks'):
        evaluate(GOOD | dict(gt_instances=without_masks))


def test_keeps_no_masks() -> None:
    metric = RegionAPMetric()
    metric.dataset_meta = META
    metric.process(None, random_samples(3, num_samples=4))
    for result in metric.results:
        assert max(value.size for value in result.values()) <= 9 * len(result['scores']) + 2


GOOD = make_sample([(box(0, 2), CAT)], [(box(0, 2), CAT, 0.9)])


@pytest.mark.parametrize(
    ('change', 'error', 'message'),
    [
        (dict(pred_instances=None), KeyError, 'cats/7.png has no pred_instances'),
        (dict(gt_instances=None), KeyError, 'cats/7.png has no gt_instances'),
        (
            dict(pred_instances=make_sample([], [(box(0, 2), 2, 0.9)])['pred_instances']),
            ValueError,
            'pred_instances of cats/7.png holds label 2, but the data set has 2 classes',
        ),
        (
            dict(pred_instances=make_sample([], [(box(0, 2), 1, math.nan)])['pred_instances']),
            ValueError,
            'a score of pred_instances of cats/7.png is NaN',
        ),
        (
            dict(pred_instances=GOOD['pred_instances'] | dict(masks=torch.ones(1, 2, 2) > 0)),
            ValueError,
            r'predicted masks of cats/7.png are \(2, 2\) .* true ones \(6, 12\): resize',
        ),
    ],
)
def test_bad_input_is_told_in_one_sentence(change: dict, error: type, message: str) -> None:
    sample = {key: value for key, value in (GOOD | change).items() if value is not None}
    with pytest.raises(error, match=message):
        evaluate(sample)


@pytest.mark.parametrize('key', ['classes', 'thing_ids'])
def test_missing_meta_is_told(key: str) -> None:
    with pytest.raises(KeyError, match=f'needs {key} of the data set'):
        evaluate(GOOD, meta={name: value for name, value in META.items() if name != key})
