"""Run lengths of COCO: what they stand for, and that broken ones are told instead of guessed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as coco_masks

from seginpaint_mm.datasets.coco_masks import checked_segmentation, decode_mask

SIZE = (6, 8)


def decode(segmentation: list | dict) -> np.ndarray:
    return decode_mask(segmentation, SIZE, path='a.json', of='annotation 3')


def runs_of(mask: np.ndarray) -> list[int]:
    """Run lengths by columns, beginning with the length of what is not the object."""
    values = np.concatenate([[False], mask.ravel(order='F')])
    borders = np.flatnonzero(np.diff(values)).tolist()
    return np.diff([0, *borders, mask.size]).tolist()


@given(st.integers(0, 2**48 - 1))
def test_any_mask(bits: int) -> None:
    mask = np.array([bits >> place & 1 for place in range(48)], bool).reshape(SIZE)
    compressed = coco_masks.encode(np.asfortranarray(mask.astype(np.uint8)))
    as_text = dict(compressed, counts=compressed['counts'].decode())
    for form in (compressed, as_text, dict(size=list(SIZE), counts=runs_of(mask))):
        np.testing.assert_array_equal(decode(form), mask)


@pytest.mark.parametrize('side', [40, 300])
def test_long_runs(side: int) -> None:
    mask = np.zeros((side, side), np.uint8)
    mask[3 : side - 7, 5 : side - 9] = 1
    segmentation = coco_masks.encode(np.asfortranarray(mask))
    found = decode_mask(segmentation, (side, side), path='a.json', of='annotation 3')
    np.testing.assert_array_equal(found, mask > 0)


@pytest.mark.parametrize(
    'counts',
    [
        '012',
        b'012',
        'zzzz',
        '',
        'ä',
        [1, 2, 3],
        [1000, 20],
        [-1, 49],
        [],
        ['many'],
        48,
        [10**400],
        [47.5, 0.5],
        [True, 47],
        'o' * 99,
    ],
    ids=repr,
)
def test_broken_run_lengths(counts: object) -> None:
    with pytest.raises(ValueError, match=r'^a\.json: the segmentation of annotation 3 is neither'):
        decode(dict(size=list(SIZE), counts=counts))


@pytest.mark.parametrize(
    'size', [['6', '8'], '68', [6.5, 8], [6], None, [6, 8, 1], [-6, -8]], ids=repr
)
def test_broken_sizes_of_run_lengths(size: object) -> None:
    """Also where the size of the image is not known, as when a file is checked at first."""
    runs = dict(size=size, counts=[48])
    with pytest.raises(ValueError, match=r'^a\.json: the segmentation of annotation 3 is neither'):
        checked_segmentation(runs, None, path='a.json', of='annotation 3')
