"""The greedy choice that every non-maximum suppression makes, in a few products of matrices."""

import numpy as np
from scipy import sparse


def greedy_keep(suppresses: np.ndarray | sparse.sparray) -> np.ndarray:
    """Keep each candidate, one after the other, unless one kept before it suppresses it.

    All are kept at first; then those that nothing kept suppresses, again and again until nothing
    changes. After r rounds the first r are right for good, so this ends, and in practice all are
    right after a few: chains of suppression are short.

    Args:
        suppresses: float32 (n, n), dense or sparse: above 0 where the candidate of the row, if
            kept, suppresses that of the column; 0 on and below the diagonal.

    Returns:
        np.ndarray: bool (n,).
    """
    kept = np.ones(suppresses.shape[0], np.float32)
    while True:
        now_kept = (kept @ suppresses == 0).astype(np.float32)
        if np.array_equal(now_kept, kept):
            return kept > 0
        kept = now_kept
