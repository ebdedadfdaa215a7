"""The optimum of the mask expansion loss is the truth dilated by alpha; it is the boundary loss."""

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from seginpaint_mm.datasets.transforms.hole_shapes import signed_distance
from seginpaint_mm.models.losses import MaskExpansionLoss
from seginpaint_mm.models.losses.mask_expansion import UNITS

MASKS = st.tuples(st.integers(2, 20), st.integers(2, 20)).flatmap(
    lambda size: arrays(np.uint8, size, elements=st.integers(0, 1))
)


def optimum(loss: MaskExpansionLoss, distance: np.ndarray) -> np.ndarray:
    """The best of all masks: it is linear, so a pixel is 1 where that lowers the loss."""
    probability = torch.full((1, 1, *distance.shape), 0.5, requires_grad=True)
    loss(probability, torch.from_numpy(distance)[None, None]).backward()
    return (probability.grad[0, 0] < 0).numpy()


def dilated(mask: np.ndarray, radius: float) -> np.ndarray:
    """By a disk drawn pixel by pixel: what is nearer than ``radius`` to a pixel of the mask."""
    reach = int(np.ceil(radius))
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disk = (np.hypot(rows, columns) < radius).astype(np.uint8)
    return cv2.dilate(mask, disk, borderType=cv2.BORDER_CONSTANT, borderValue=0) > 0


@settings(max_examples=60, deadline=None)
@given(mask=MASKS, alpha=st.floats(0.001, 0.999), unit=st.sampled_from(UNITS))
def test_optimum_is_the_truth_dilated_by_alpha(mask: np.ndarray, alpha: float, unit: str) -> None:
    mask[0, 0], mask[-1, -1] = 1, 0
    distance = signed_distance(mask, unit='pixels')
    margin = alpha * {'outside': distance.max(), 'inside': -distance.min(), 'pixels': 8}[unit]
    loss = MaskExpansionLoss(alpha=8 * alpha if unit == 'pixels' else alpha, unit=unit)
    found = optimum(loss, distance)
    assert found[mask == 1].all(), 'the mask holds the object'
    distances = np.hypot(*np.mgrid[0:25, 0:25])
    if np.abs(distances - margin - 0.5).min() > 1e-4:  # none is just on the outline
        np.testing.assert_array_equal(found, dilated(mask, margin + 0.5))


@settings(max_examples=40, deadline=None)
@given(mask=MASKS, alpha=st.floats(0, 1))
def test_distances_of_pixels_and_of_shares_are_one_loss(mask: np.ndarray, alpha: float) -> None:
    """So that configs of pipelines that divide the distances keep their meaning."""
    probability = torch.rand(1, 1, *mask.shape)
    maps = [signed_distance(mask, unit) for unit in ('share', 'pixels')]
    found = [
        MaskExpansionLoss(alpha=alpha)(probability, torch.from_numpy(distance)[None, None]).item()
        for distance in maps
    ]
    assert found[0] == found[1]


def test_alpha_pixels_is_the_earlier_name_of_the_unit() -> None:
    distance = torch.from_numpy(signed_distance(np.eye(9, dtype=np.uint8), 'pixels'))[None, None]
    probability = torch.rand(1, 1, 9, 9)
    found, named = (
        MaskExpansionLoss(**options)(probability, distance)
        for options in (dict(alpha_pixels=2), dict(alpha=2, unit='pixels'))
    )
    assert found == named


@settings(max_examples=40, deadline=None)
@given(mask=MASKS, unit=st.sampled_from(UNITS), seed=st.integers(0, 99))
def test_alpha_0_is_the_boundary_loss(mask: np.ndarray, unit: str, seed: int) -> None:
    distance = signed_distance(mask, 'share' if unit == 'outside' else 'pixels')
    probability = np.random.default_rng(seed).random(mask.shape, np.float32)
    boundary = np.mean(distance.astype(np.float64) * probability)
    if unit != 'outside':
        boundary /= np.abs(distance).max()
    options = dict(alpha=0, unit=unit)
    found = MaskExpansionLoss(**options, loss_weight=1.0)(
        torch.from_numpy(probability)[None, None], torch.from_numpy(distance)[None, None]
    )
    assert found.item() == pytest.approx(boundary, abs=1e-6)
    best = optimum(MaskExpansionLoss(**options), distance)
    np.testing.assert_array_equal(best, mask > 0)


@settings(max_examples=40, deadline=None)
@given(mask=MASKS, alpha=st.floats(0, 0.5))
def test_a_larger_alpha_is_a_larger_mask(mask: np.ndarray, alpha: float) -> None:
    distance = signed_distance(mask)
    smaller, larger = (optimum(MaskExpansionLoss(alpha=a), distance) for a in (alpha, 2 * alpha))
    assert not (smaller & ~larger).any()


def test_of_a_batch_it_is_the_mean_in_pixels_too() -> None:
    masks = np.zeros((2, 12, 16), np.uint8)
    masks[0, 2:5, 3:9], masks[1, 8:, 8:] = 1, 1
    for unit, options in (
        ('share', {}),
        ('pixels', dict(alpha=3, unit='pixels')),
        ('pixels', dict(unit='inside')),
    ):
        distances = np.stack([signed_distance(mask, unit) for mask in masks])[:, None]
        distances, loss = torch.from_numpy(distances), MaskExpansionLoss(**options)
        probability = torch.rand(2, 1, 12, 16)
        alone = [loss(probability[i : i + 1], distances[i : i + 1]) for i in range(2)]
        torch.testing.assert_close(loss(probability, distances), sum(alone) / 2)
        assert loss.loss_weight == 1000


def test_half_precision_is_computed_in_single() -> None:
    distance = torch.from_numpy(signed_distance(np.eye(8, dtype=np.uint8)))[None, None]
    probability = torch.rand(1, 1, 8, 8)
    loss = MaskExpansionLoss()
    found = loss(probability.half(), distance.half())
    assert found.dtype == torch.float32
    assert found.item() == pytest.approx(loss(probability, distance).item(), abs=0.5)


def test_what_does_not_fit_is_told() -> None:
    with pytest.raises(ValueError, match=r'the masks are \(1, 1, 2\), the distances \(1, 1, 1, 2'):
        MaskExpansionLoss()(torch.ones(1, 1, 2), torch.ones(1, 1, 1, 2))
    with pytest.raises(ValueError, match=r'the masks are \(1, 4, 4\), .* must be \(N, 1, H, W\)'):
        MaskExpansionLoss()(torch.ones(1, 4, 4), torch.ones(1, 4, 4))
    shares = torch.from_numpy(signed_distance(np.eye(8, dtype=np.uint8)))[None, None]
    for unit in ('inside', 'pixels'):
        with pytest.raises(ValueError, match=rf"'{unit}' needs .* in \[-1, 1\]: take .*'pixels'"):
            MaskExpansionLoss(unit=unit)(torch.ones(1, 1, 8, 8), shares)
    with pytest.raises(ValueError, match='alpha must be 0 or more, not -0.1'):
        MaskExpansionLoss(alpha=-0.1)
    with pytest.raises(ValueError, match='alpha must be 0 or more, not -1'):
        MaskExpansionLoss(alpha_pixels=-1)
    with pytest.raises(ValueError, match="unit must be one of .*, not 'share'"):
        MaskExpansionLoss(unit='share')
