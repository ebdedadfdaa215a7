"""Shadows go with their objects."""

from pathlib import Path

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from seginpaint_mm.apis import Removal, remove
from seginpaint_mm.apis.removal.shadows import with_shadows
from seginpaint_mm.geometry.masks import CroppedMasks
from seginpaint_mm.street import render_street
from tests.helpers.tool_runs import run_here


def drawn() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A grey ground, a white box with its shadow to the right, and a dark spot far from it."""
    image = np.full((80, 120, 3), 160, np.uint8)
    mask, shadow = np.zeros((80, 120), bool), np.zeros((80, 120), bool)
    mask[20:60, 40:70] = True
    shadow[54:64, 50:82] = True
    shadow &= ~mask
    image[shadow] = 90
    image[52:58, 16:22] = 90
    image[mask] = 250
    return image, mask, shadow


def packed(*masks: np.ndarray) -> CroppedMasks:
    return CroppedMasks.pack(masks, masks[0].shape)


def test_the_shadow_that_touches_and_no_other() -> None:
    image, mask, shadow = drawn()
    (found,) = with_shadows(image, packed(mask), packed(mask))
    assert np.count_nonzero(found ^ (mask | shadow)) <= 6, 'corners, which the median rounds'
    other = np.zeros_like(mask)
    other[54:64, 70:82] = True
    (found,) = with_shadows(image, packed(mask), packed(mask, other))
    assert not (found & other).any(), 'another object is no shadow'
    image[shadow] = 150  # of an even ground
    (found,) = with_shadows(image, packed(mask), packed(mask))
    np.testing.assert_array_equal(found, mask)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_objects_stay_and_shadows_are_near(seed: int) -> None:
    dice = np.random.default_rng(seed)
    image = dice.integers(0, 256, (20, 26, 3), np.uint8)
    masks = dice.random((3, 20, 26)) < 0.04
    found = with_shadows(image, packed(*masks), packed(*masks))
    for box, mask, grown in zip(packed(*masks).boxes, masks, found, strict=True):
        assert not (mask & ~grown).any()
        left, top, right, bottom = box
        beside = (right - left) // 2 + 1
        allowed = np.zeros_like(mask)
        allowed[top : bottom + (bottom - top) // 4 + 1, max(left - beside, 0) : right + beside] = 1
        assert not (grown & ~allowed).any()
        assert not (grown & ~mask & masks.any(axis=0)).any()


def test_streets_in_the_sun() -> None:
    """More than half of what objects darken is found, and little else."""
    street = render_street(3, seed=21, look='day', size=(128, 256))
    ids = street.instance_ids
    masks = packed(*(ids == number for number in np.unique(ids) if number >= 1000))
    objects = masks.union()
    differs = np.abs(street.image.astype(int) - street.background_image).max(axis=2) > 4
    shadow = differs & ~objects
    found = with_shadows(street.image, masks, masks).union() & ~objects
    assert (found & shadow).sum() > 0.5 * shadow.sum()
    assert (found & shadow).sum() > 0.5 * found.sum()


def test_removed_with_its_shadow(tmp_path: Path) -> None:
    image, mask, _ = drawn()
    plain, clean = (
        remove(image, mask, removal=Removal(shadow=way), inpainter='telea') for way in (False, True)
    )
    middle = np.s_[58:62, 74:80]
    assert (plain[middle] < 100).all()
    assert clean[middle].mean() > 140
    for name, picture in (('a', image), ('m', mask.astype(np.uint8) * 255)):
        cv2.imwrite(str(tmp_path / f'{name}.png'), picture)
    run_here(
        'infer', tmp_path / 'a.png', '--task', 'remove', '--masks', tmp_path / 'm.png', '--shadow',
        '--inpainter', 'telea', '--out-dir', tmp_path / 'out', '--device', 'cpu', '--no-vis',
    )  # fmt: skip
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / 'out/pred/image/a.png')), clean)
    marked = cv2.imread(str(tmp_path / 'out/pred/mask/a.png'), cv2.IMREAD_GRAYSCALE) > 0
    np.testing.assert_array_equal(marked, mask, 'the object alone')
