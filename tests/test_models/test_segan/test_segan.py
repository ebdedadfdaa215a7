"""SeGAN in its three phases: losses, gradients, predictions, checkpoints, and wrong configs."""

import copy
import math
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import DefaultScope

from seginpaint_mm.config_check import check_config
from seginpaint_mm.engine import PartOptimWrappers
from seginpaint_mm.errors import CheckpointError
from seginpaint_mm.geometry.boxes import crop_masks
from seginpaint_mm.geometry.depth_order import complete_behind
from seginpaint_mm.models.segan import SeGAN
from seginpaint_mm.registry import MODELS
from tests.helpers.model_tester import build_model, joined
from tests.helpers.segan_scenes import (
    MASK_SIZE,
    PAINTER_SIZE,
    SIZE,
    masks_only,
    scenes,
    tiny_painter,
    tiny_segan,
    tiny_segmentor,
)
from tests.helpers.tool_runs import REPOSITORY

SEGMENTOR_ALONE = dict(painter=None)
PAINTER_ALONE = dict(segmentor=None, painter_mask='truth', painter_weight=1.0)
PHASES = dict(segmentor=SEGMENTOR_ALONE, painter=PAINTER_ALONE, together={})
BASES = REPOSITORY / 'configs/_base_'


def losses_of(model: SeGAN, batch: dict) -> dict[str, torch.Tensor]:
    return model(**model.data_preprocessor(batch, training=True), mode='loss')


def predicted(model: SeGAN, batch: dict) -> list:
    with torch.no_grad():
        return model.eval().val_step(batch)


def optimizers(model: SeGAN) -> PartOptimWrappers:
    parts = {
        name: dict(optimizer=dict(type='SGD' if name == 'segmentor' else 'Adam', lr=1e-3))
        for name in model.parts()
    }
    with DefaultScope.overwrite_default_scope('seginpaint_mm'):
        return build_optim_wrapper(model, dict(constructor='PartOptimWrapperConstructor', **parts))


LOSSES = dict(
    segmentor={'segmentor.loss_mask'},
    generator={'generator.loss_gan', 'generator.loss_l1'},
    discriminator={'discriminator.loss_real', 'discriminator.loss_fake'},
)


@pytest.mark.parametrize(
    ('changes', 'parts'),
    [
        (SEGMENTOR_ALONE, {'segmentor'}),
        (PAINTER_ALONE, {'generator', 'discriminator'}),
        ({}, {'segmentor', 'generator', 'discriminator'}),
        (dict(mask_gradient='soft'), {'segmentor', 'generator', 'discriminator'}),
    ],
    ids=['segmentor', 'painter', 'together', 'soft'],
)
def test_a_training_step_of_each_phase(changes: dict, parts: set[str]) -> None:
    model = build_model(tiny_segan(**changes))
    assert set(model.parts()) == parts
    before = copy.deepcopy(model)
    log = model.train_step(scenes(2, 3), optimizers(model))
    assert set(log) == {'loss'}.union(*(LOSSES[part] for part in parts))
    assert all(math.isfinite(value) for value in log.values())
    for name, weight in before.named_parameters():
        assert not torch.equal(model.get_parameter(name), weight), f'{name} has not moved'


def test_mixed_precision() -> None:
    """Losses in bfloat16 are close to those in float32."""
    model, batch = build_model(tiny_segan()), scenes(2, 3)
    losses = []
    for enabled in (False, True):
        torch.manual_seed(0)  # dropout
        with torch.autocast('cpu', dtype=torch.bfloat16, enabled=enabled):
            losses.append(losses_of(model, copy.deepcopy(batch)))
    for name, value in losses[0].items():
        assert losses[1][name].dtype == torch.float32
        assert losses[1][name].item() == pytest.approx(value.item(), rel=0.1), name
    sum(losses[1].values()).backward()
    assert all(weight.grad.isfinite().all() for weight in model.parameters())
    with torch.autocast('cpu', dtype=torch.bfloat16):
        predicted(model, batch)


def segmentor_gradient(model: SeGAN, batch: dict, *names: str) -> torch.Tensor:
    model.zero_grad()
    losses = losses_of(model, copy.deepcopy(batch))
    sum(losses[name] for name in names).backward()
    gradients = [w.grad.flatten() for w in model.segmentor.parameters() if w.grad is not None]
    return torch.cat(gradients) if gradients else torch.zeros(1)


def test_the_published_gradient_is_that_much_smaller() -> None:
    """Of masks that are enlarged from 14 to 32 pixels about 2 * (32 / 14)**2 times (findings)."""
    batch, gradients = scenes(3, 3), {}
    for mask_gradient in ('straight_through', 'published'):
        model = build_model(tiny_segan(mask_gradient=mask_gradient)).eval()
        gradients[mask_gradient] = segmentor_gradient(model, batch, 'generator.loss_l1')
    ratio = gradients['straight_through'].norm() / gradients['published'].norm()
    assert 6 < ratio.item() < 16
    assert torch.cosine_similarity(*gradients.values(), dim=0) > 0.4


def test_a_painter_that_is_shown_the_image(tmp_path: Path) -> None:
    """Pix2pix of Table 1: the image in the box and the visible mask, four channels."""
    head = tiny_painter()
    head['generator']['in_channels'], head['discriminator']['in_channels'] = 4, 7
    model = build_model(
        tiny_segan(segmentor=None, painter_mask='visible', painter_input='image', painter=head)
    )
    batch = scenes(2)
    log = model.train_step(copy.deepcopy(batch), optimizers(model))
    assert all(math.isfinite(value) for value in log.values())
    batch = model.data_preprocessor(batch, training=True)
    made = model.generate(**batch)
    assert torch.equal(made['coloured'][:, 3] > 0, made['seen'])
    plain = build_model(tiny_segan(**PAINTER_ALONE)).generate(**batch)
    seen = plain['seen'][:, None].expand(-1, 3, -1, -1)
    torch.testing.assert_close(made['coloured'][:, :3][seen], plain['coloured'][seen])
    assert (made['coloured'][:, :3][~seen] != plain['coloured'][~seen]).any()
    assert predicted(model, scenes(2))[0].pred_instances.painted.shape == (2, 4, 32, 32)


def test_full_masks_behind_other_objects() -> None:
    masks = {}
    for occluders in ('any', 'given'):
        model = build_model(tiny_segan(painter=None, occluders=occluders))
        masks[occluders] = [
            sample.pred_instances.full_masks for sample in predicted(model, scenes(3, 1))
        ]
    batch = scenes(3, 1)
    for every, some, sample in zip(*masks.values(), batch['data_samples'], strict=True):
        visible = sample.gt_instances.masks
        assert torch.equal(some, complete_behind(visible, every)[0])
        assert some.sum() < every.sum()


@pytest.mark.parametrize('mask_gradient', ['straight_through', 'published', 'soft'])
def test_the_painters_loss_reaches_the_segmentor(mask_gradient: str) -> None:
    batch = scenes(2, 2)
    model = build_model(tiny_segan(mask_gradient=mask_gradient))
    assert segmentor_gradient(model, batch, *LOSSES['generator']).any()
    assert not segmentor_gradient(model, batch, *LOSSES['discriminator']).any()
    on_truth = build_model(tiny_segan(painter_mask='truth'))
    assert not segmentor_gradient(on_truth, batch, *LOSSES['generator']).any()
    assert segmentor_gradient(on_truth, batch, *LOSSES['segmentor']).any()


def test_the_gradient_leads_the_soft_mask_downhill() -> None:
    """A small step along it lowers the painting's loss, as no other part changes."""
    batch = scenes(2, 2)
    model = build_model(tiny_segan(mask_gradient='soft')).eval()
    gradient = segmentor_gradient(model, batch, 'generator.loss_l1')
    step, before = 1e-3 / gradient.norm(), losses_of(model, copy.deepcopy(batch))
    with torch.no_grad():
        for weight in model.segmentor.parameters():
            weight -= step * weight.grad
    after = losses_of(model, copy.deepcopy(batch))
    change = (after['generator.loss_l1'] - before['generator.loss_l1']).item()
    assert change == pytest.approx(-1e-3 * gradient.norm().item(), rel=0.2)


def test_losses_are_weighted_as_in_equation_6() -> None:
    model, batch = build_model(tiny_segan()), scenes(2)
    losses = []
    for weight in (0.1, 1.0):
        model.painter_weight = weight
        torch.manual_seed(0)  # dropout
        losses.append(losses_of(model.train(), copy.deepcopy(batch)))
    for name, value in losses[0].items():
        factor = 10 if name in LOSSES['generator'] else 1
        torch.testing.assert_close(losses[1][name], factor * value)


def test_what_the_parts_see() -> None:
    """Masks and the image in the objects' boxes, normalisation undone, eq. (1)."""
    model = build_model(tiny_segan(**PAINTER_ALONE))
    batch = model.data_preprocessor(scenes(2), training=True)
    made = model.generate(**batch)
    instances = batch['data_samples'][0].gt_instances
    visible, full = (
        crop_masks(masks, instances.grown_boxes, PAINTER_SIZE)
        for masks in (instances.masks, instances.full_masks)
    )
    coloured = (made['coloured'] + 1) / 2
    red, blue = torch.tensor([1.0, 0, 0]), torch.tensor([0, 0, 1.0])
    assert (coloured.movedim(1, -1)[full & ~visible] - red).abs().max() < 1e-6
    assert (coloured.movedim(1, -1)[~full] - blue).abs().max() < 1e-6
    torch.testing.assert_close(
        (made['appearance'] + 1) * 127.5, instances.full_appearance.float(), rtol=0, atol=1e-3
    )

    image, sample = scenes(1)['inputs'][0], scenes(1)['data_samples'][0]
    sample.gt_instances.grown_boxes[:] = torch.tensor([4.0, 2, 36, 34])  # 32 by 32: not resized
    model = build_model(tiny_segan(**PAINTER_ALONE))
    batch = model.data_preprocessor(dict(inputs=[image], data_samples=[sample]), training=True)
    coloured = (model.generate(**batch)['coloured'] + 1) * 127.5
    seen = sample.gt_instances.masks[:, 2:34, 4:36]
    picture = image.flip(0)[None, :, 2:34, 4:36].movedim(1, -1)
    torch.testing.assert_close(
        coloured.movedim(1, -1)[seen], picture[seen].float(), rtol=0, atol=1e-3
    )


@pytest.mark.parametrize('changes', PHASES.values(), ids=PHASES)
def test_predictions(changes: dict) -> None:
    model = build_model(tiny_segan(**changes))
    batch = scenes(2, 0, 3)
    batch['data_samples'][2].gt_instances.labels = torch.tensor([4, 0, 2])
    samples = predicted(model, batch)
    assert [s.pred_instances.labels.tolist() for s in samples] == [[0, 0], [], [4, 0, 2]]
    for sample, n in zip(samples, (2, 0, 3), strict=True):
        found = sample.pred_instances
        assert torch.equal(found.masks, sample.gt_instances.masks)
        assert torch.equal(found.grown_boxes, sample.gt_instances.grown_boxes)
        if model.segmentor is not None:
            assert found.full_masks.shape == (n, *SIZE)
            assert found.full_masks.dtype == torch.bool
            assert not (found.masks & ~found.full_masks).any()
            assert found.full_probs.shape == (n, MASK_SIZE, MASK_SIZE)
            assert found.scores.shape == (n,)
            assert ((found.scores == 0) | ((found.scores >= 0.5) & (found.scores <= 1))).all()
        if model.painter is not None:
            assert found.painted.shape == (n, 4, PAINTER_SIZE, PAINTER_SIZE)
            assert found.painted.dtype == torch.uint8
            assert set(found.painted[:, 3].unique().tolist()) <= {0, 255}


def test_a_painter_that_is_told_nothing_but_what_is_seen() -> None:
    """Pix2pix of Tables 1 and 2: no red, whatever is hidden."""
    told = build_model(tiny_segan(**(PAINTER_ALONE | dict(painter_mask='visible'))))
    batch = told.data_preprocessor(scenes(2), training=True)
    instances = batch['data_samples'][0].gt_instances
    seen = crop_masks(instances.masks, instances.grown_boxes, PAINTER_SIZE)
    coloured = ((told.generate(**batch)['coloured'] + 1) / 2).movedim(1, -1)
    assert (coloured[~seen] - torch.tensor([0, 0, 1.0])).abs().max() < 1e-6
    log = told.train_step(scenes(2, 3), optimizers(told))
    assert set(log) == {'loss'} | LOSSES['generator'] | LOSSES['discriminator']
    (sample,) = predicted(told, masks_only(scenes(2)))
    assert torch.equal(sample.pred_instances.painted[:, 3] == 255, seen)


def test_predicted_masks_are_the_segmentors() -> None:
    """A segmentor that is sure of the upper half of each box."""
    model = build_model(tiny_segan())
    upper = torch.zeros(MASK_SIZE, MASK_SIZE)
    upper[: MASK_SIZE // 2] = 1
    with torch.no_grad():
        model.segmentor.mask_layer.weight.zero_()
        model.segmentor.mask_layer.bias.copy_(40 * upper.flatten() - 20)
    (sample,) = predicted(model, scenes(2))
    found = sample.pred_instances
    for box, mask, full in zip(
        found.grown_boxes.int().tolist(), found.masks, found.full_masks, strict=True
    ):
        left, top, right, bottom = box
        expected = mask.clone()
        expected[top : (top + bottom) // 2, left:right] = True
        assert torch.equal(full, expected)
    torch.testing.assert_close(found.scores, torch.ones(2))
    visible = crop_masks(found.masks, found.grown_boxes, PAINTER_SIZE)
    alpha = found.painted[:, 3] == 255
    assert alpha[:, : PAINTER_SIZE // 2].all()
    assert torch.equal(alpha[:, PAINTER_SIZE // 2 :], visible[:, PAINTER_SIZE // 2 :])


def test_many_objects_at_a_time_or_few() -> None:
    model = build_model(tiny_segan(max_objects_per_batch=50))
    sizes = []
    model.painter.generator.register_forward_hook(lambda *a: sizes.append(len(a[-1])))
    (together,) = predicted(model, scenes(50))
    model.max_objects_per_batch = 16
    (few,) = predicted(model, scenes(50))
    assert sizes == [50, 16, 16, 16, 2]
    for name, value in together.pred_instances.items():
        torch.testing.assert_close(few.pred_instances.get(name), value, rtol=1e-4, atol=1)


def test_masks_are_all_that_inference_needs() -> None:
    model = build_model(tiny_segan())
    (sample,) = predicted(model, masks_only(scenes(3)))
    assert sample.pred_instances.painted.shape[0] == 3


def test_objects_of_which_a_network_predicted_nothing() -> None:
    model, batch = build_model(tiny_segan()), scenes(2)
    instances = batch['data_samples'][0].gt_instances
    instances.input_masks = torch.zeros_like(instances.masks)
    assert all(value.isfinite().all() for value in losses_of(model, batch).values())
    (sample,) = predicted(model, batch)
    assert len(sample.pred_instances.full_masks) == 2


def test_pictures_of_two_sizes() -> None:
    model = build_model(tiny_segan())
    small, large = scenes(2), scenes(1, size=(56, 80))
    batch = {key: small[key] + large[key] for key in small}
    for sample, size in zip(predicted(model, batch), (SIZE, (56, 80)), strict=True):
        assert sample.pred_instances.full_masks.shape[1:] == size
    log = model.train().train_step(batch, optimizers(model))
    assert math.isfinite(log['loss'])


def test_a_picture_does_not_depend_on_larger_ones_beside_it() -> None:
    model = build_model(tiny_segan())
    (alone,) = predicted(model, scenes(2))
    _, beside = predicted(model, joined(scenes(1, size=(90, 130)), scenes(2)))
    found, expected = beside.pred_instances, alone.pred_instances
    torch.testing.assert_close(found.full_probs, expected.full_probs)
    assert torch.equal(found.full_masks, expected.full_masks)
    torch.testing.assert_close(found.painted, expected.painted, rtol=0, atol=1)


def test_an_object_that_is_not_hidden_loses_nothing_for_it() -> None:
    model, batch = build_model(tiny_segan(**SEGMENTOR_ALONE)), scenes(2)
    instances = batch['data_samples'][0].gt_instances
    instances.full_masks = instances.masks.clone()
    loss = losses_of(model, copy.deepcopy(batch))['segmentor.loss_mask']
    model.segmentor.loss_mask.weights = (1.0, 5.0, 1e6)
    assert torch.equal(losses_of(model, batch)['segmentor.loss_mask'], loss)


def test_what_is_missing_is_told() -> None:
    model = build_model(tiny_segan())
    with pytest.raises(ValueError, match=r'learns from gt_instances\.full_masks, which a sample'):
        losses_of(model, masks_only(scenes(2)))
    batch = scenes(2)
    del batch['data_samples'][0].gt_instances.full_appearance
    with pytest.raises(ValueError, match=r'learns from gt_instances\.full_appearance, which'):
        losses_of(model, batch)
    with pytest.raises(ValueError, match=r'The batch has no object'):
        losses_of(model, scenes(0, 0))
    batch = scenes(2)
    instances = batch['data_samples'][0].gt_instances
    instances.full_appearance = instances.full_appearance[..., :16, :16]
    with pytest.raises(ValueError, match=r'crop appearances to painter_size=32'):
        losses_of(model, batch)
    on_truth = build_model(tiny_segan(**PAINTER_ALONE))
    with pytest.raises(ValueError, match=r"painter_mask='truth' needs gt_instances\.full_masks"):
        predicted(on_truth, masks_only(scenes(2)))


WRONG = [
    (dict(segmentor=None, painter=None), 'needs a segmentor, a painter, or both'),
    (dict(segmentor=None), "can only paint painter_mask='truth'"),
    (dict(painter_mask='true'), "painter_mask must be one of .*, got 'true'"),
    (dict(mask_gradient='hard'), "mask_gradient must be one of .*, got 'hard'"),
    (dict(painter_input='mask'), "painter_input must be one of .*, got 'mask'"),
    (dict(painter_input='image'), "painter_input='image' shows the painter no full mask"),
    (dict(occluders='most'), "occluders must be one of .*, not 'most'"),
    (dict(max_objects_per_batch=0), 'max_objects_per_batch must be at least 1'),
    (dict(segmentor=tiny_segmentor(output_size=64)), 'output_size=64 must be painter_size=32'),
    (dict(data_preprocessor=None), 'undoes the normalisation of images'),
]


@pytest.mark.parametrize(('changes', 'message'), WRONG, ids=lambda v: '')
def test_wrong_configs(changes: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MODELS.build(tiny_segan(**changes))


def test_phases_go_on_from_each_other(tmp_path: Path) -> None:
    first, second = (build_model(tiny_segan(**PHASES[p]), seed=7) for p in ('segmentor', 'painter'))
    for name, model in (('first', first), ('second', second)):
        torch.save({'state_dict': model.state_dict()}, tmp_path / f'{name}.pth')
    paths = dict(
        segmentor=str(tmp_path / 'first.pth'),
        generator=str(tmp_path / 'second.pth'),
        discriminator=str(tmp_path / 'second.pth'),
    )
    third = build_model(tiny_segan(part_checkpoints=paths))
    expected = {**first.state_dict(), **second.state_dict()}
    assert third.state_dict().keys() == expected.keys()
    assert all(torch.equal(value, expected[name]) for name, value in third.state_dict().items())

    wrong = dict(segmentor=paths['generator'])
    with pytest.raises(
        CheckpointError,
        match=r'^model\.part_checkpoints\.segmentor: .*pth has no segmentor, only painter\.$',
    ):
        build_model(tiny_segan(part_checkpoints=wrong))
    larger = tiny_segan(segmentor=tiny_segmentor(mask_size=20), part_checkpoints=paths)
    with pytest.raises(CheckpointError, match=r'not a checkpoint of this AmodalSegmentor: .*shape'):
        build_model(larger)
    with pytest.raises(CheckpointError, match=r'nowhere\.pth does not exist'):
        build_model(tiny_segan(part_checkpoints=dict(segmentor='nowhere.pth')))
    with pytest.raises(ValueError, match=r"no part 'painter'; use segmentor, generator"):
        build_model(tiny_segan(part_checkpoints=dict(painter=paths['generator'])))


PARTS_LEFT_OUT = {'_segmentor': 'painter=None', '_painter': 'segmentor=None, painter_mask="truth"'}


@pytest.mark.parametrize('size', ['', '_small'])
@pytest.mark.parametrize('phase', PARTS_LEFT_OUT)
def test_base_configs(tmp_path: Path, size: str, phase: str) -> None:
    """Each phase's model and its schedule fit; only the data are missing."""
    bases = [
        str(BASES / f'models/segan{size}.py'),
        str(BASES / f'schedules/segan{phase}.py'),
        str(BASES / 'default_runtime.py'),
    ]
    path = tmp_path / 'phase.py'
    path.write_text(
        f'_base_ = {bases}\nmodel = dict({PARTS_LEFT_OUT[phase]})\n'
        'train_dataloader = dict(dataset=dict(type="DYCEDataset"))\n'
        'val_cfg = test_cfg = None\n'
    )
    cfg = Config.fromfile(path)
    check_config(cfg)
    with torch.device('meta'), DefaultScope.overwrite_default_scope('seginpaint_mm'):
        model = MODELS.build(cfg.model)
        wrappers = build_optim_wrapper(model, cfg.optim_wrapper)
    assert set(wrappers.keys()) == set(model.parts())
