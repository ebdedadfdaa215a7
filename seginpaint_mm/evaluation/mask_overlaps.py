"""Overlaps of masks, computed in their boxes: most masks are small, and most pairs do not meet."""

import cv2
import numpy as np

VOID = 255
_Box = tuple[slice, slice]


def mask_overlaps(
    masks: np.ndarray,
    truths: np.ndarray,
    *,
    class_id: int,
    classes: np.ndarray | None = None,
    crowds: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Overlaps of predictions and ground truths of one class, and what of them is a crowd.

    A pixel is void where ``classes`` is 255 and no crowd is there: it counts for no prediction. It
    is a crowd of the class where ``crowds`` says so, or where ``classes`` is ``class_id`` and no
    ground truth is there.

    Args:
        masks: Predictions, bool (n, H, W).
        truths: Ground truths, bool (m, H, W).
        class_id: The class in the two maps.
        classes: Integer (H, W), 255 = void; None without void and crowds of this kind.
        crowds: Integer (H, W), class of the crowd at each pixel, 255 = none; None without.

    Returns:
        IoU float64 (n, m), 0 of two empty masks; and float64 (n,): the share of each prediction
        that is in a crowd, 1 where it is all void.
    """
    boxes, truth_boxes = [_box(mask) for mask in masks], [_box(truth) for truth in truths]
    taken = np.zeros(masks.shape[1:], bool)
    for truth, box in zip(truths, truth_boxes, strict=True):
        taken[box] |= truth[box]
    shared = np.zeros((len(masks), len(truths)))
    areas, ignored = np.zeros((len(masks), 1)), np.zeros(len(masks))
    for number, (mask, box) in enumerate(zip(masks, boxes, strict=True)):
        own = mask[box]
        counting, crowd = _counting_and_crowd(own, box, taken, class_id, classes, crowds)
        areas[number] = np.count_nonzero(counting)
        if areas[number]:
            ignored[number] = np.count_nonzero(crowd & counting) / areas[number, 0]
        elif own.size:
            ignored[number] = 1
        for place, (truth, truth_box) in enumerate(zip(truths, truth_boxes, strict=True)):
            common = _common(box, truth_box)
            if common is not None:
                inside = counting[_within(common, box)]
                shared[number, place] = np.count_nonzero(truth[common] & inside)
    truth_areas = [np.count_nonzero(t[box]) for t, box in zip(truths, truth_boxes, strict=True)]
    union = areas + np.array(truth_areas, float) - shared
    return shared / np.maximum(union, 1), ignored


def _counting_and_crowd(
    own: np.ndarray,
    box: _Box,
    taken: np.ndarray,
    class_id: int,
    classes: np.ndarray | None,
    crowds: np.ndarray | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Pixels of a prediction that count, and those of a crowd, bool in its box."""
    crowd = np.zeros(own.shape, bool)
    counting = own
    if classes is not None:
        here = classes[box]
        crowd |= (here == class_id) & ~taken[box]
        is_void = here == VOID
        if crowds is not None:
            is_void &= crowds[box] == VOID
        counting = own & ~is_void
    if crowds is not None:
        crowd |= crowds[box] == class_id
    return counting, crowd


def _box(mask: np.ndarray) -> _Box:
    """The smallest box around a mask, bool (H, W)."""
    left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
    return slice(top, top + height), slice(left, left + width)


def _common(one: _Box, other: _Box) -> _Box | None:
    """The box that two have in common, if any."""
    both = [
        slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(one, other, strict=True)
    ]
    return tuple(both) if all(side.start < side.stop for side in both) else None


def _within(box: _Box, outer: _Box) -> _Box:
    """A box in the coordinates of another that holds it."""
    rows, columns = (
        slice(inner.start - side.start, inner.stop - side.start)
        for inner, side in zip(box, outer, strict=True)
    )
    return rows, columns
