"""``MeanColourInpainter``: fill with the mean colour, the trivial answer."""

import numpy as np

from seginpaint_mm.models.baselines.untrained_inpainter import UntrainedInpainter
from seginpaint_mm.registry import MODELS


@MODELS.register_module()
class MeanColourInpainter(UntrainedInpainter):
    """Fills a hole with the mean colour of the image around it.

    Args:
        data_preprocessor: See :class:`UntrainedInpainter`.
    """

    def paint(self, picture: np.ndarray, hole: np.ndarray) -> np.ndarray:
        mean = picture[hole == 0].mean(axis=0)
        return np.broadcast_to(mean.round().astype(np.uint8), picture.shape).copy()
