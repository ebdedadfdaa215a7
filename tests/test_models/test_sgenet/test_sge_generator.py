"""Scales, sizes and variants of the generator; it never sees what is in the hole."""

import pytest
import torch

from seginpaint_mm.models.labels import class_shares
from seginpaint_mm.models.sgenet.guidance import outside_hole
from seginpaint_mm.registry import MODELS
from tests.helpers.model_tester import build_model
from tests.helpers.sgenet_scenes import (
    NUM_CLASSES,
    SCEM,
    SGIM,
    SGIM_PLUS,
    SIZE,
    VARIANTS,
    tiny_generator,
)


def scene(size: tuple[int, int] = SIZE, num: int = 2) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    hole = torch.zeros(num, 1, *size, dtype=torch.bool)
    hole[..., size[0] // 4 : size[0] // 2, size[1] // 4 : size[1] // 2] = True
    return torch.rand(num, 3, *size, generator=generator), hole


@pytest.mark.parametrize('variant', VARIANTS)
@pytest.mark.parametrize('size', [SIZE, (32, 32)])
def test_every_scale_has_an_image_and_a_segmentation(variant: str, size: tuple[int, int]) -> None:
    made = build_model(tiny_generator(**VARIANTS[variant]))(*scene(size))
    expected = {'image': 3, 'logits': NUM_CLASSES}
    names = {f'{name}_{scale}' for name in expected for scale in range(5)}
    if variant == 'SGE-Net':
        expected['reliability'] = 1
        names |= {f'reliability_{scale}' for scale in range(1, 5)}
    assert set(made) == names
    for name, value in made.items():
        kind, scale = name.split('_')
        factor = 2 ** int(scale)
        assert value.shape == (2, expected[kind], size[0] // factor, size[1] // factor)
    for scale in range(5):
        assert made[f'image_{scale}'].min() >= 0
        assert made[f'image_{scale}'].max() <= 1


@pytest.mark.parametrize('variant', VARIANTS)
def test_the_content_of_the_hole_is_not_seen(variant: str) -> None:
    generator = build_model(tiny_generator(**VARIANTS[variant]))
    pictures, hole = scene()
    other = torch.where(hole, torch.rand_like(pictures), pictures)
    assert not torch.equal(other, pictures)
    other[hole.expand_as(other)] = torch.nan
    first, second = generator(pictures, hole), generator(other, hole)
    assert all(torch.equal(first[name], second[name]) for name in first)
    moved = generator(pictures, hole.roll(1, -1))
    assert not torch.equal(moved['image_0'], first['image_0'])


def test_reliability_by_scale() -> None:
    generator = build_model(tiny_generator(scem=dict(SCEM, tau=('quantile', 0.5))))
    pictures, hole = scene(num=1)
    made = generator(pictures, hole)
    assert torch.equal(made['reliability_4'], outside_hole(hole.float(), 16))
    for scale in (1, 2, 3):
        assert made[f'reliability_{scale}'].mean() == 0.5
        surest = made[f'logits_{scale}'].softmax(dim=1).amax(dim=1, keepdim=True)
        reliable = made[f'reliability_{scale}'] == 1
        assert surest[reliable].min() >= surest[~reliable].max() - 1e-6


@pytest.mark.parametrize('variant', ['SG-Net', 'SGE-Net'])
def test_finer_scales_are_guided_by_coarser_segmentations(variant: str) -> None:
    generator = build_model(tiny_generator(**VARIANTS[variant]))
    made = generator(*scene())
    with torch.no_grad():
        generator.decoder.segmentations['4'][1].bias[0] += 3
    other = generator(*scene())
    assert torch.equal(other['image_4'], made['image_4'])
    assert not torch.equal(other['image_3'], made['image_3'])
    loss = other['image_0'].sum()
    (gradient,) = torch.autograd.grad(loss, generator.decoder.segmentations['4'][1].weight)
    assert gradient.any()


def test_base_net_is_not_guided() -> None:
    generator = build_model(tiny_generator(**VARIANTS['Base-Net']))
    loss = generator(*scene())['image_0'].sum()
    weight = generator.decoder.segmentations['4'][1].weight
    assert torch.autograd.grad(loss, weight, allow_unused=True) == (None,)


@pytest.mark.parametrize('variant', ['SG-Net', 'SGE-Net'])
def test_given_classes_guide(variant: str) -> None:
    """Where they are known the network's own guide nothing, and the place is reliable."""
    generator = build_model(tiny_generator(**VARIANTS[variant]))
    pictures, hole = scene()
    unknown = torch.full((2, *SIZE), 255)
    own, without = generator(pictures, hole), generator(pictures, hole, unknown)
    assert all(torch.equal(own[name], without[name]) for name in own)
    given = torch.zeros(2, *SIZE, dtype=torch.int64)
    given[:, : SIZE[0] // 2] = 2
    made = generator(pictures, hole, given)
    assert torch.equal(made['logits_4'], own['logits_4'])  # before any guide
    assert not torch.equal(made['image_3'], own['image_3'])
    with torch.no_grad():
        for scale in '4321':
            generator.decoder.segmentations[scale][1].bias[0] += 3
    again = generator(pictures, hole, given)
    assert all(torch.equal(again[f'image_{scale}'], made[f'image_{scale}']) for scale in range(5))
    if variant == 'SGE-Net':
        assert all((made[f'reliability_{scale}'] == 1).all() for scale in range(1, 5))


def test_given_classes_reach_as_far_as_they_are_known() -> None:
    generator = build_model(tiny_generator())
    pictures, hole = scene(num=1)
    given = torch.full((1, *SIZE), 255)
    given[:, 16:32] = 1
    made, own = generator(pictures, hole, given), generator(pictures, hole)
    reliable = made['reliability_4'][0, 0]
    assert (reliable[1] == 1).all()
    assert torch.equal(reliable[[0, 2, 3]], own['reliability_4'][0, 0, [0, 2, 3]])
    assert (own['reliability_4'][0, 0, 1] == 0).any()


def test_class_shares() -> None:
    shares = class_shares(torch.tensor([[[0, 2], [255, 1]]]), 3)
    assert shares.tolist() == [[[[1, 0], [0, 0]], [[0, 0], [0, 1]], [[0, 1], [0, 0]]]]


def test_context_of_a_fixed_size() -> None:
    generator = build_model(tiny_generator(context=dict(type='ContextInference', size=(2, 3))))
    assert generator(*scene())['image_0'].shape == (2, 3, *SIZE)
    with pytest.raises(ValueError, match=r'these are \(4, 4\)'):
        generator(*scene((128, 128)))


@pytest.mark.parametrize(
    ('size', 'padded'), [((64, 100), '64 x 128'), ((1, 96), '32 x 96'), ((33, 31), '64 x 32')]
)
def test_sizes_that_are_not_divisible(size: tuple[int, int], padded: str) -> None:
    message = f'{size[0]} x {size[1]} do not fit: .* divisible by 32; crop them, or .* to {padded}'
    with pytest.raises(ValueError, match=message):
        build_model(tiny_generator())(*scene(size))


@pytest.mark.parametrize(
    'changes', [dict(sgim=SGIM, scem=SCEM), dict(sgim=SGIM_PLUS, scem=None), dict(sgim=None)]
)
def test_guides_that_do_not_fit(changes: dict) -> None:
    with pytest.raises(ValueError, match=r'do not fit: SGIMPlus needs an SCEM'):
        MODELS.build(tiny_generator(**changes))


def test_reliability_in_mixed_precision() -> None:
    """bfloat16 rounds the probabilities of a sure segmentation to 1: all places would be equal."""
    generator = build_model(tiny_generator())
    with torch.no_grad():
        for branch in generator.decoder.segmentations.values():
            branch[-1].bias[0] += 12
    with torch.no_grad(), torch.autocast('cpu', dtype=torch.bfloat16):
        made = generator(*scene(num=1))
    for scale in (1, 2, 3):
        assert made[f'reliability_{scale}'].mean() == pytest.approx(0.75, abs=0.01)
