"""The segmentor of crops: what it sees of the image, the object and the others."""

import pytest
import torch
from torch import Tensor

from seginpaint_mm.models.segan.crop_segmentor import cover
from tests.helpers.model_tester import build_model
from tests.helpers.segan_scenes import masks_only, scenes, tiny_crop_segmentor, tiny_segan

SIZE, CROP = (48, 64), 16


def tiny() -> torch.nn.Module:
    return build_model(tiny_crop_segmentor())


def scene() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Two images; objects 0 and 2 are in the first, 1 and 3 in the second."""
    torch.manual_seed(0)
    images, masks = torch.randn(2, 3, *SIZE), torch.zeros(4, *SIZE, dtype=torch.bool)
    for number in range(4):
        masks[number, 4 * number : 4 * number + 20, 10 : 30 + number] = True
    boxes = torch.tensor([[8.0, 2, 40, 34]]).repeat(4, 1)
    return images, masks, boxes, torch.arange(4) % 2


def logits_of(segmentor: torch.nn.Module, masks: Tensor, chosen: slice = slice(None)) -> Tensor:
    images, _, boxes, index = scene()
    embedded = segmentor.embed(images, cover(masks, index, 2))
    return segmentor(embedded, masks[chosen], boxes[chosen], index[chosen])


def test_a_crop_holds_the_pixels_of_its_box() -> None:
    """At the crop's own size they are neither scaled nor moved."""
    segmentor = tiny()
    images, masks, _, index = scene()
    boxes = torch.tensor([[8.0 + k, 2, 8 + k + CROP, 2 + CROP] for k in range(4)])
    crops = segmentor._crop(
        segmentor.embed(images, cover(masks, index, 2)), masks.float(), boxes, index
    )
    assert crops.shape == (4, 5, CROP, CROP)
    for number in range(4):
        box = (..., slice(2, 2 + CROP), slice(8 + number, 8 + number + CROP))
        other = masks[(number + 2) % 4]  # of the same image
        expected = [*images[index[number]], masks[number].float(), other.float()]
        torch.testing.assert_close(crops[number], torch.stack(expected)[box], atol=1e-5, rtol=0)


def test_objects_of_an_image_matter_and_those_of_others_do_not() -> None:
    segmentor = tiny().eval()
    masks = scene()[1]
    logits = logits_of(segmentor, masks)
    assert logits.shape == (4, CROP // 2, CROP // 2)
    moved = masks.clone()
    moved[2] = masks[2].roll(9, dims=1)
    changed = (logits_of(segmentor, moved) - logits).abs().flatten(1).amax(dim=1)
    assert changed[0] > 1e-4, 'object 2 is in the same image'
    assert changed[[1, 3]].max() < 1e-6
    some = logits_of(segmentor, masks, slice(1, 3))
    torch.testing.assert_close(some, logits[1:3], rtol=1e-4, atol=1e-5)


def test_every_weight_learns() -> None:
    segmentor = tiny()
    logits = logits_of(segmentor, scene()[1])
    full = torch.rand(logits.shape) > 0.5
    segmentor.loss_mask(logits, full & (torch.rand(logits.shape) > 0.5), full).backward()
    for name, weight in segmentor.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
        assert weight.grad.any(), name


def test_weights_of_colours_are_loaded_with_zeros_for_masks() -> None:
    segmentor, other = tiny(), tiny()
    state = other.backbone.state_dict()
    state['conv1.weight'] = state['conv1.weight'][:, :3]
    segmentor.backbone.load_state_dict(state)
    weight = segmentor.backbone.conv1.weight
    assert torch.equal(weight[:, :3], other.backbone.conv1.weight[:, :3])
    assert not weight[:, 3:].any()


@pytest.mark.parametrize('chunk', [1, 3])
def test_predictions_do_not_depend_on_how_many_are_made_at_once(chunk: int) -> None:
    """The others of an image are all of them, also those of other chunks."""
    segan = dict(type='SeGAN', data_preprocessor=dict(type='SceneDataPreprocessor'))
    model = build_model({**segan, 'segmentor': tiny_crop_segmentor()}).eval()
    found = []
    for model.max_objects_per_batch in (50, chunk):
        with torch.no_grad():
            (sample,) = model.test_step(masks_only(scenes(5)))
        found.append(sample.pred_instances.full_probs)
    torch.testing.assert_close(*found, rtol=1e-4, atol=1e-5)


def test_what_is_unknown_of_an_object_teaches_nothing() -> None:
    """The loss of :class:`SeGAN` is the same whatever the full mask says there."""
    model = build_model(tiny_segan(segmentor=tiny_crop_segmentor(), painter=None)).train()
    losses = []
    for claim in (True, False):
        batch = model.data_preprocessor(scenes(2, 1), training=True)
        for sample in batch['data_samples']:
            instances = sample.gt_instances
            instances.unknown_masks = torch.zeros_like(instances.masks)
            instances.unknown_masks[:, 30:, 20:] = True
            instances.full_masks[:, 30:, 20:] = claim
            instances.masks[:, 30:, 20:] = False
        generated = model.generate(**batch)
        losses.append(sum(model.generator_losses(generated, batch['data_samples']).values()))
    assert losses[0] > 0
    torch.testing.assert_close(*losses)


def test_what_is_hidden_has_the_nearest_colour() -> None:
    """Without a painter; what is seen keeps its own."""
    segan = tiny_segan(
        segmentor=tiny_crop_segmentor(), painter=None, painter_size=16, nearest_colours=True
    )
    model = build_model(segan).eval()
    batch = masks_only(scenes(1))
    batch['inputs'][0][:] = torch.tensor([90, 30, 200], dtype=torch.uint8)[:, None, None]  # BGR
    with torch.no_grad():
        (sample,) = model.test_step(batch)
    (painted,) = sample.pred_instances.painted
    assert painted.shape == (4, 16, 16)
    assert {*painted[3].unique().tolist()} <= {0, 255}
    assert torch.equal(painted[:3], torch.tensor([200, 30, 90])[:, None, None].expand(3, 16, 16))
    with pytest.raises(ValueError, match='leave nearest_colours out'):
        build_model(tiny_segan(nearest_colours=True))
