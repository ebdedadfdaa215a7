"""Objects of samples become one batch; what is wrong with a sample is told."""

from collections.abc import Callable

import pytest
import torch
from mmengine.structures import InstanceData

from seginpaint_mm.models.segan.objects import collect_objects
from seginpaint_mm.structures import SceneSample
from tests.helpers.segan_scenes import SIZE, masks_only, scenes


def test_all_objects_of_all_images() -> None:
    samples = scenes(2, 0, 3)['data_samples']
    given = torch.zeros(3, *SIZE, dtype=torch.bool)
    given[:, 10, 20] = True
    samples[2].gt_instances.input_masks = given
    del samples[1].gt_instances.grown_boxes
    size = (50, 70)
    objects = collect_objects(samples, size, 0.2)
    assert len(objects) == 5
    assert objects.image_index.tolist() == [0, 0, 2, 2, 2]
    assert objects.given.shape == objects.visible.shape == objects.full.shape == (5, *size)
    assert objects.appearance.shape == (5, 3, 32, 32)
    assert torch.equal(objects.given[:2], objects.visible[:2])
    assert torch.equal(objects.given[2:, : SIZE[0], : SIZE[1]], given)
    assert not objects.given[:, SIZE[0] :].any()
    assert torch.equal(objects.boxes[:2], samples[0].gt_instances.grown_boxes)

    sizes = [len(part) for part in objects.split(2)]
    assert sizes == [2, 2, 1]
    assert torch.equal(torch.cat([p.full for p in objects.split(2)]), objects.full)


def test_masks_are_enough() -> None:
    objects = collect_objects(masks_only(scenes(2))['data_samples'], SIZE, 0.5)
    assert objects.full is None
    assert objects.appearance is None
    assert objects.boxes[1].tolist() == [6.0, 1.0, 42.0, 33.0]  # 15..33 by 9..25, half as much more
    assert [part.full for part in objects.split(1)] == [None, None]


def test_a_predicted_mask_may_be_empty() -> None:
    """Its box is the whole image, not the padded one; the mask itself stays empty."""
    (sample,) = scenes(2)['data_samples']
    sample.gt_instances.input_masks = sample.gt_instances.masks.clone()
    sample.gt_instances.input_masks[1] = False
    del sample.gt_instances.grown_boxes
    sample.set_metainfo(dict(img_shape=SIZE))
    objects = collect_objects([sample], (SIZE[0] + 8, SIZE[1] + 16), 0.2)
    assert objects.boxes[1].tolist() == [0, 0, SIZE[1], SIZE[0]]
    assert not objects.given[1].any()


def nothing(sample: SceneSample) -> None:
    del sample.gt_instances


def no_masks(sample: SceneSample) -> None:
    sample.gt_instances = InstanceData(labels=torch.zeros(1))


def empty_mask(sample: SceneSample) -> None:
    sample.gt_instances.masks[1] = False


def other_size(sample: SceneSample) -> None:
    sample.gt_instances = InstanceData(masks=torch.ones(1, 64, 48, dtype=torch.bool))


def no_area(sample: SceneSample) -> None:
    sample.gt_instances.grown_boxes[1, 2] = sample.gt_instances.grown_boxes[1, 0]


def outside(sample: SceneSample) -> None:
    sample.gt_instances.grown_boxes[0] += 40


WRONG = [
    (nothing, r'no visible masks are given: gt_instances\.masks'),
    (no_masks, r'no visible masks are given'),
    (empty_mask, r'Mask 1 \(counted from 0\) has no pixel in the image'),
    (other_size, r'gt_instances\.masks are 64x48 \(height x width\), the image is 48x64'),
    (no_area, r'box 1 of gt_instances\.grown_boxes .*has no area'),
    (outside, r'box 0 of .*reaches out of the image of 64x48 pixels'),
]


@pytest.mark.parametrize(('spoil', 'message'), WRONG, ids=lambda v: getattr(v, '__name__', ''))
def test_wrong_samples(spoil: Callable[[SceneSample], None], message: str) -> None:
    samples = scenes(1, 2)['data_samples']
    spoil(samples[1])
    with pytest.raises(ValueError, match=rf'^scene_1\.png: {message}'):
        collect_objects(samples, SIZE, 0.2)
