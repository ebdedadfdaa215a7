"""Overlaps in boxes against the plain form that compares whole images."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from seginpaint_mm.evaluation.mask_overlaps import mask_overlaps

SIZE = (7, 9)
MASKS = st.integers(0, 4).flatmap(
    lambda n: arrays(np.bool_, (n, *SIZE), elements=st.booleans(), fill=st.just(False))
)
CLASSES = st.none() | arrays(np.int64, SIZE, elements=st.sampled_from([0, 1, 2, 255]))


def plain_overlaps(masks, truths, *, class_id, classes, crowds):
    none = np.full(SIZE, -1)
    classes = none if classes is None else classes
    is_crowd = (classes == class_id) & ~truths.any(axis=0)
    void = classes == 255
    if crowds is not None:
        is_crowd |= crowds == class_id
        void &= crowds == 255
    counting = masks & ~void
    shared = (counting[:, None] & truths).sum(axis=(2, 3), dtype=float)
    areas = counting.sum(axis=(1, 2), dtype=float)
    union = areas[:, None] + truths.sum(axis=(1, 2)) - shared
    swallowed = (areas == 0) & masks.any(axis=(1, 2))
    share = (counting & is_crowd).sum(axis=(1, 2)) / np.maximum(areas, 1)
    return shared / np.maximum(union, 1), np.where(swallowed, 1.0, share)


@given(masks=MASKS, truths=MASKS, classes=CLASSES, crowds=CLASSES, class_id=st.integers(1, 2))
def test_boxes_change_nothing(masks, truths, classes, crowds, class_id) -> None:
    options = dict(class_id=class_id, classes=classes, crowds=crowds)
    expected = plain_overlaps(masks, truths, **options)
    for found, plain in zip(mask_overlaps(masks, truths, **options), expected, strict=True):
        np.testing.assert_array_equal(found, plain)
