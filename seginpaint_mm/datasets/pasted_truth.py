"""What is known of objects when others were pasted over them: hidden truth on real images."""

from collections.abc import Sequence

import numpy as np

LEAST_PIXELS = 10  # that are seen of an object (SeGAN, Section 4.3)


def pasted_truth(
    before: np.ndarray,
    numbers: np.ndarray,
    pasted: Sequence[tuple[np.ndarray, np.ndarray]],
    appearances: bool,
) -> dict[str, np.ndarray] | None:
    """Tell what is seen and what is hidden of an image's objects and of those pasted over them.

    The mask that an object had before is taken for all of it: choose images in which objects hide
    little of each other.

    Args:
        before: BGR uint8 (H, W, 3), the image without what was pasted.
        numbers: Integer (H, W), 0 = no object, any other value = an object of the image.
        pasted: The pasted objects, the later ones over the earlier: where each is, bool (H, W), and
            the image after it was pasted, BGR uint8 (H, W, 3).
        appearances: Whether to keep how each object looks as a whole.

    Returns:
        The keys of :class:`LoadAmodalObjects` for the n objects of which 10 pixels or more are
        seen, those that were pasted last in front; None where there is no such object.
    """
    covered = np.zeros(numbers.shape, bool)
    full, visible, colours = [], [], []
    for mask, image in reversed(pasted):
        full.append(mask)
        visible.append(mask & ~covered)
        colours.append(image)
        covered |= mask
    for number in np.unique(numbers[numbers > 0]):
        full.append(numbers == number)
        visible.append(full[-1] & ~covered)
        colours.append(before)
    kept = [row for row, mask in enumerate(visible) if np.count_nonzero(mask) >= LEAST_PIXELS]
    if not kept:
        return None
    seen = np.stack([visible[row] for row in kept])
    truth = dict(
        gt_visible_masks=seen,
        gt_input_masks=seen,
        gt_full_masks=np.stack([full[row] for row in kept]),
        gt_labels=np.zeros(len(kept), np.int64),
    )
    if appearances:
        truth['gt_appearances'] = np.stack(
            [np.where(full[row][..., None], colours[row], 0) for row in kept]
        )
    return truth
