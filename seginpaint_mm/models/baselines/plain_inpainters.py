"""Inpainters without training: OpenCV, mean colour; and one that is untrained."""

from abc import abstractmethod
from collections.abc import Sequence

import cv2
import numpy as np
import torch
from torch import Tensor

from seginpaint_mm.models.abilities import Inpainter
from seginpaint_mm.models.baselines.two_stages import FinishedModel, set_paintings, to_uint8
from seginpaint_mm.models.data_preprocessor import check_normalisation
from seginpaint_mm.models.holes import groups_of_a_size
from seginpaint_mm.registry import MODELS
from seginpaint_mm.structures import SceneSample


class UntrainedInpainter(Inpainter, FinishedModel):
    """Fills holes one image at a time, on the CPU; ``tools/test.py`` runs it without checkpoint.

    Args:
        data_preprocessor: Config of a :class:`SceneDataPreprocessor`; None for one with its
            defaults.

    Raises:
        ValueError: when the data preprocessor does not say how it normalises.
    """

    def __init__(self, *, data_preprocessor: dict | None = None) -> None:
        super().__init__(MODELS.build(data_preprocessor or dict(type='SceneDataPreprocessor')))
        check_normalisation(self)

    @abstractmethod
    def paint(self, picture: np.ndarray, hole: np.ndarray) -> np.ndarray:
        """Fill an image, uint8 (h, w, 3), RGB, where ``hole``, uint8 (h, w), is 1."""

    def predict(self, inputs: Tensor, data_samples: Sequence[SceneSample]) -> list[SceneSample]:
        """Add ``pred_image`` to each sample, see :func:`set_paintings`.

        Raises:
            ValueError: when a hole is missing, of another size, everything or nothing.
        """
        for normalised, hole, samples in groups_of_a_size(inputs, data_samples):
            pictures = to_uint8(normalised, self.data_preprocessor)
            painted = torch.stack(
                [self._paint(*pair) for pair in zip(pictures, hole[:, 0], strict=True)]
            )
            set_paintings(samples, pictures, painted, hole)
        return list(data_samples)

    def _paint(self, picture: Tensor, hole: Tensor) -> Tensor:
        colours = np.ascontiguousarray(picture.permute(1, 2, 0).cpu().numpy())
        painted = self.paint(colours, hole.cpu().numpy().astype(np.uint8))
        return torch.from_numpy(painted).permute(2, 0, 1).to(picture.device)


@MODELS.register_module()
class MeanColourInpainter(UntrainedInpainter):
    """Fills a hole with the mean colour of the image around it.

    Args:
        data_preprocessor: See :class:`UntrainedInpainter`.
    """

    def paint(self, picture: np.ndarray, hole: np.ndarray) -> np.ndarray:
        mean = picture[hole == 0].mean(axis=0)
        return np.broadcast_to(mean.round().astype(np.uint8), picture.shape).copy()


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
