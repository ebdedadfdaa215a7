"""Signed distances against SciPy, their range, and masks without outline."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import distance_transform_edt

from seginpaint_mm.datasets import PackScene, SignedDistance
from seginpaint_mm.datasets.transforms.hole_shapes import signed_distance
from seginpaint_mm.models import SceneDataPreprocessor
from tests.helpers.dataset_folders import picture

MASKS = st.tuples(st.integers(1, 24), st.integers(1, 24)).flatmap(
    lambda size: arrays(np.uint8, size, elements=st.integers(0, 1))
)


@settings(max_examples=100, deadline=None)
@given(mask=MASKS)
def test_distances_are_scipys(mask: np.ndarray) -> None:
    if not mask.any() or mask.all():
        return
    inside, outside = distance_transform_edt(mask), distance_transform_edt(1 - mask)
    expected = np.where(mask == 1, 0.5 - inside, outside - 0.5)
    found = signed_distance(mask, unit='pixels')
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-4)


@settings(max_examples=100, deadline=None)
@given(mask=MASKS, unit=st.sampled_from(['share', 'pixels']))
def test_sign_is_the_mask_and_shares_lie_in_their_range(mask: np.ndarray, unit: str) -> None:
    found = signed_distance(mask, unit)
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(found < 0, mask == 1)
    assert not (found == 0).any()
    if unit == 'share':
        assert set(np.sign(found).ravel()) == {found.min(), found.max()} <= {-1, 1}


def test_large_masks_are_exact() -> None:
    mask = np.zeros((300, 400), np.uint8)
    mask[150, 200] = 1
    expected = np.hypot(*(np.mgrid[0:300, 0:400] - np.array([150, 200])[:, None, None])) - 0.5
    expected[150, 200] = -0.5
    np.testing.assert_allclose(signed_distance(mask, 'pixels'), expected, atol=1e-3)


def test_masks_without_outline_have_a_value() -> None:
    for value, sign in ((0, 1), (1, -1)):
        mask = np.full((30, 40), value, np.uint8)
        assert (signed_distance(mask) == sign).all()
        assert (signed_distance(mask, 'pixels') == sign * 50).all()


def test_is_packed_and_padded_with_what_is_far() -> None:
    hole = np.zeros((8, 12), np.uint8)
    hole[2:5, 3:6] = 1
    scene = dict(img=picture((8, 12)), hole=hole, gt_image=picture((8, 12), seed=1))
    packed = PackScene()(SignedDistance()(scene))
    sample = packed['data_samples']
    distance = sample.signed_distance.data
    assert distance.shape == (1, 8, 12)
    assert distance.dtype == torch.float32
    np.testing.assert_array_equal(distance[0], signed_distance(hole))
    truth = picture((8, 12), seed=1)[..., ::-1]
    np.testing.assert_array_equal(sample.gt_image.data.permute(1, 2, 0), truth)

    batch = dict(inputs=[packed['inputs']], data_samples=[sample])
    sample = SceneDataPreprocessor(pad_size_divisor=16)(batch, training=True)['data_samples'][0]
    assert sample.signed_distance.data.shape == (1, 16, 16)
    assert (sample.signed_distance.data[0, 8:] == 1).all()
    assert sample.gt_image.data.shape == (3, 16, 16)
    below = sample.gt_image.data[:, 8:]  # the mean colour, as the padded image has
    assert (below == torch.tensor([124, 116, 104])[:, None, None]).all()


def test_what_does_not_fit_is_told() -> None:
    with pytest.raises(ValueError, match="unit must be one of .*, not 'metres'"):
        SignedDistance(unit='metres')
    with pytest.raises(ValueError, match='distance to the hole, which there is none of'):
        SignedDistance()(dict(img=picture()))
    wrong = dict(img=picture(), gt_image=picture((4, 4)))
    with pytest.raises(ValueError, match='gt_image is .4, 4. .height, width., the image .16, 32.'):
        PackScene()(wrong)
