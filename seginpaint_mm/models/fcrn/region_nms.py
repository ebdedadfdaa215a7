"""Step 6 of Sec. 2.1: non-maximum suppression by how much masks overlap."""

import numpy as np
from scipy import sparse

from seginpaint_mm.models.fcrn.greedy_keep import greedy_keep
from seginpaint_mm.models.fcrn.hypotheses import Hypotheses


def region_nms(hypotheses: Hypotheses, *, threshold: float, across_classes: bool) -> np.ndarray:
    """Keep, from the first on, each hypothesis whose mask overlaps none kept before too much.

    Time and memory are linear in the pixels of all masks where, as here, a pixel belongs to a
    bounded number of masks: only masks that share pixels are compared.

    Args:
        hypotheses: In descending order of scores.
        threshold: Masks with an IoU above it are too much alike; 0 suppresses on any overlap (as
            SDS, the paper's [8], can).
        across_classes: Whether one suppresses those of other classes too.

    Returns:
        np.ndarray: int64 (m,), the numbers of those kept, ascending.
    """
    number = len(hypotheses)
    ones = np.ones(len(hypotheses.pixels), np.float32)
    last_pixel = hypotheses.pixels.max(initial=0)
    masks = sparse.csr_array(
        (ones, (hypotheses.owners, hypotheses.pixels)), (number, last_pixel + 1)
    )
    common = sparse.triu(masks @ masks.T, 1).tocoo()
    one, other = common.row, common.col
    areas = hypotheses.areas
    too_much = common.data > threshold * (areas[one] + areas[other] - common.data)
    if not across_classes:
        too_much &= hypotheses.labels[one] == hypotheses.labels[other]
    pairs = (one[too_much], other[too_much])
    suppresses = sparse.csr_array((ones[: too_much.sum()], pairs), (number, number))
    return np.flatnonzero(greedy_keep(suppresses))
