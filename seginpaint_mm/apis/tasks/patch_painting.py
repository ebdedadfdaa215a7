"""Fill a hole of a large photo patch by patch."""

from collections.abc import Callable, Generator, Sequence

import cv2
import numpy as np

from seginpaint_mm.apis.removal.patches import Patch, rounds_of
from seginpaint_mm.models.holes import GIVEN
from seginpaint_mm.structures import SceneSample

Painting = Generator[list[dict], list[SceneSample], np.ndarray]


def paint_patches(
    picture: dict,
    image: np.ndarray,
    hole: np.ndarray,
    patches: Sequence[Patch],
    keep: Callable[[Patch, SceneSample], None] | None = None,
    segmentation: np.ndarray | None = None,
) -> Painting:
    """Fill patches round by round, each on the result of the rounds before.

    Args:
        picture: The dictionary of the image alone, for the pipeline.
        image: BGR uint8 (H, W, 3).
        hole: bool (H, W), what is painted.
        patches: Of all of it, in turn.
        keep: Is called with each patch and what the model has made of it.
        segmentation: Classes that guide the model, uint8 (H, W), or None.

    Yields:
        What an inpainter sees next: dictionaries for the pipeline; its samples are sent back.

    Returns:
        np.ndarray: BGR uint8 (H, W, 3), outside the hole bit for bit the image.
    """
    painted, hole = image.copy(), hole.copy()
    for patches_of_round in rounds_of(patches):
        samples = yield [
            _view(picture, patch, painted, hole, segmentation) for patch in patches_of_round
        ]
        for patch, sample in zip(patches_of_round, samples, strict=True):
            colours = sample.pred_image.data.numpy()[::-1].transpose(1, 2, 0)
            patch.paste(painted, np.ascontiguousarray(colours))
            patch.fill(hole)
            if keep is not None:
                keep(patch, sample)
    return painted


def keep_grey(painted: np.ndarray, image: np.ndarray, hole: np.ndarray) -> None:
    """Make the filled pixels grey where the image is grey, in place.

    Args:
        painted: BGR uint8 (H, W, 3), written to.
        image: The image before, of that form.
        hole: bool (H, W), what was painted.
    """
    if all(np.array_equal(image[..., 0], image[..., channel]) for channel in (1, 2)):
        painted[hole] = cv2.cvtColor(painted, cv2.COLOR_BGR2GRAY)[hole][:, None]


def _view(
    picture: dict,
    patch: Patch,
    painted: np.ndarray,
    hole: np.ndarray,
    segmentation: np.ndarray | None,
) -> dict:
    sizes = dict(img_shape=patch.size, ori_shape=patch.size)
    seen = dict(img=patch.cut(painted), hole=patch.cut_hole(hole), remove=GIVEN)
    if segmentation is not None:
        seen['given_sem_seg'] = patch.cut_classes(segmentation)
    return picture | sizes | seen
