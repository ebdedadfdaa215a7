"""``OpenCVInpainter``: OpenCV's inpainting (Telea, Navier-Stokes)."""

import cv2
import numpy as np

from seginpaint_mm.models.baselines.untrained_inpainter import UntrainedInpainter
from seginpaint_mm.registry import MODELS

METHODS = {'telea': cv2.INPAINT_TELEA, 'navier_stokes': cv2.INPAINT_NS}


@MODELS.register_module()
class OpenCVInpainter(UntrainedInpainter):
    """Continues the surroundings of a hole into it: ``cv2.inpaint``.

    Args:
        method: ``'telea'`` (fast marching, Telea 2004) or ``'navier_stokes'`` (Bertalmio et al.
            2001).
        radius: Of the neighbourhood of a pixel that is filled, in pixels.
        data_preprocessor: See :class:`UntrainedInpainter`.

    Raises:
        ValueError: when there is no such method, or the radius is not positive.
    """

    def __init__(
        self,
        *,
        method: str = 'telea',
        radius: float = 3.0,
        data_preprocessor: dict | None = None,
    ) -> None:
        super().__init__(data_preprocessor=data_preprocessor)
        if method not in METHODS:
            raise ValueError(f'OpenCVInpainter.method must be one of {[*METHODS]}, not {method!r}.')
        if radius <= 0:
            raise ValueError(f'OpenCVInpainter.radius must be more than 0, not {radius!r}.')
        self.method = method
        self.radius = radius

    def paint(self, picture: np.ndarray, hole: np.ndarray) -> np.ndarray:
        return cv2.inpaint(picture, hole, self.radius, METHODS[self.method])
