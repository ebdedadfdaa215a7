"""The baseline that remembers the training set: whom it finds, and what it makes of him."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.runner import load_checkpoint, save_checkpoint
from mmengine.runner.checkpoint import get_state_dict

from seginpaint_mm.checkpoint import check_checkpoint_fits
from seginpaint_mm.geometry.boxes import crop_masks
from seginpaint_mm.models.segan import NearestObject
from tests.helpers.model_tester import build_model, joined
from tests.helpers.segan_scenes import MASK_SIZE, PAINTER_SIZE, masks_only, scenes

CONFIG = dict(
    type='NearestObject',
    data_preprocessor=dict(type='SceneDataPreprocessor'),
    backbone=dict(type='mmseg.ResNet', depth=18, base_channels=8, stem_channels=8),
    crop_size=32,
    mask_size=MASK_SIZE,
    painter_size=PAINTER_SIZE,
    max_objects_per_batch=2,
)


def remember(*nums: int) -> NearestObject:
    model = build_model(CONFIG).train()
    for start in range(0, len(nums), 2):
        model.train_step(scenes(*nums[start : start + 2]), optim_wrapper=None)
    return model


def predict(model: NearestObject, batch: dict) -> list:
    with torch.no_grad():
        return model.eval().val_step(batch)


def test_an_object_that_it_knows_is_found():
    model = remember(3, 2)
    for sample in predict(model, scenes(3, 2)):
        truth, found = sample.gt_instances, sample.pred_instances
        assert torch.equal(found.painted[:, :3], truth.full_appearance)
        boxed = crop_masks(truth.full_masks, truth.grown_boxes, MASK_SIZE)
        assert torch.equal(found.full_probs, boxed.float())
        alpha = crop_masks(truth.full_masks, truth.grown_boxes, PAINTER_SIZE)
        assert torch.equal(found.painted[:, 3], 255 * alpha.byte())
        assert found.full_masks.shape == truth.masks.shape
        assert not (truth.masks & ~found.full_masks).any(), 'what is seen is of the object'
        overlap = (found.full_masks & truth.full_masks).sum() / truth.full_masks.sum()
        assert overlap > 0.9
        assert torch.equal(found.grown_boxes, truth.grown_boxes)


def test_pictures_of_two_sizes():
    model = remember(3, 2)
    (alone,) = predict(model, masks_only(scenes(2)))
    other, beside = predict(model, masks_only(joined(scenes(1, size=(90, 130)), scenes(2))))
    assert torch.equal(beside.pred_instances.full_masks, alone.pred_instances.full_masks)
    assert other.pred_instances.full_masks.shape == (1, 90, 130)


def test_the_nearest_in_l2_is_taken():
    model = remember(3, 2)
    batch = scenes(2, 4, 3)
    with torch.no_grad():
        asked = model.eval()(**model.data_preprocessor(batch), mode='tensor').numpy()
    found = predict(model, batch)
    known = model.features.numpy()
    distances = ((asked[:, None] - known) ** 2).sum(axis=2)
    painted = torch.cat([sample.pred_instances.painted for sample in found])
    assert torch.equal(painted, model.appearances[distances.argmin(axis=1)])
    assert asked.shape == (9, 2 * 64), 'of the image and of the mask'


def test_the_mask_counts_not_only_the_picture():
    model = build_model(CONFIG).eval()
    batch = model.data_preprocessor(scenes(1))
    with torch.no_grad():
        one = model(**batch, mode='tensor')
        instances = batch['data_samples'][0].gt_instances
        instances.masks[:, :15] = False
        other = model(**batch, mode='tensor')
    half = one.shape[1] // 2
    assert torch.equal(one[:, :half], other[:, :half])
    assert not torch.allclose(one[:, half:], other[:, half:])


def test_what_it_remembers_is_in_the_checkpoint(tmp_path: Path):
    model = remember(2, 3)
    expected = predict(model, scenes(2, 1))
    again = remember(1)  # another number is remembered here
    save_checkpoint(dict(state_dict=get_state_dict(remember(2, 3))), str(tmp_path / 'a.pth'))
    saved = torch.load(tmp_path / 'a.pth')
    check_checkpoint_fits(again, saved, 'a.pth')
    load_checkpoint(again, str(tmp_path / 'a.pth'), strict=True)
    assert len(again.features) == len(again.full) == len(again.appearances) == 5
    for ours, theirs in zip(predict(again, scenes(2, 1)), expected, strict=True):
        assert torch.equal(ours.pred_instances.painted, theirs.pred_instances.painted)
        assert torch.equal(ours.pred_instances.full_masks, theirs.pred_instances.full_masks)


def test_no_weight_changes():
    model = build_model(CONFIG).train()
    before = {name: value.clone() for name, value in model.backbone.state_dict().items()}
    log = model.train_step(scenes(2, 1), optim_wrapper=None)
    assert log == dict(num_objects=3)
    assert not model.backbone.training
    assert not any(weight.requires_grad for weight in model.parameters())
    for name, value in model.backbone.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_a_picture_without_objects():
    [sample] = predict(remember(2), scenes(0))
    assert sample.pred_instances.painted.shape == (0, 4, PAINTER_SIZE, PAINTER_SIZE)


def test_nothing_remembered():
    with pytest.raises(ValueError, match='NearestObject remembers no object: train it'):
        predict(build_model(CONFIG), scenes(1))


def test_samples_without_what_is_remembered():
    model = build_model(CONFIG)
    with pytest.raises(ValueError, match=r'remembers gt_instances\.full_masks, which a sample'):
        model.train_step(masks_only(scenes(2)), optim_wrapper=None)
    smaller = build_model({**CONFIG, 'painter_size': 8})
    with pytest.raises(ValueError, match='32 pixels wide: crop appearances to painter_size=8'):
        smaller.train_step(scenes(1), optim_wrapper=None)
    with pytest.raises(ValueError, match="mode must be 'predict' or 'tensor', got 'loss'"):
        model(**model.data_preprocessor(scenes(1)), mode='loss')


def test_features_do_not_depend_on_how_many_objects_are_looked_at_at_once():
    batch = scenes(3, 4)
    found = []
    for number in (1, 2, 100):
        model = build_model({**CONFIG, 'max_objects_per_batch': number}).eval()
        with torch.no_grad():
            found.append(model(**model.data_preprocessor(batch), mode='tensor').numpy())
    np.testing.assert_allclose(found[0], found[1], atol=1e-5)
    np.testing.assert_allclose(found[0], found[2], atol=1e-5)
