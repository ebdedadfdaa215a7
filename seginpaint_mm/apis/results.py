"""Results of an inference, and photos written with what their files had: profile, transparency."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from seginpaint_mm.apis.inputs import SceneInput
from seginpaint_mm.datasets.photo_parts import PhotoParts
from seginpaint_mm.structures import SceneSample
from seginpaint_mm.utils.files import write_image

# What one input may raise; the others are done all the same.
NOT_OF_THE_DISK = (ValueError, MemoryError, torch.cuda.OutOfMemoryError, cv2.error)
FAILURES = (OSError, *NOT_OF_THE_DISK)


@dataclass(frozen=True)
class SceneResult:
    """The result of one input: a sample and its image, or the reason why there is none.

    Attributes:
        scene: The input.
        sample: Predictions at the input's size, on the CPU.
        picture: RGB uint8 (H, W, 3), see :class:`SceneVisualizer`; None where none is drawn.
        failure: One sentence; then ``sample`` and ``picture`` are None.
        remark: What a user should know though it was done, one sentence.
    """

    scene: SceneInput
    sample: SceneSample | None = None
    picture: np.ndarray | None = None
    failure: str | None = None
    remark: str | None = None


def failure_of(scene: SceneInput, error: Exception) -> str:
    """Return one sentence, which names the input."""
    text = (str(error).splitlines() or [type(error).__name__])[0]
    if isinstance(error, (MemoryError, torch.cuda.OutOfMemoryError)):
        text = f'there is too little memory for it ({text}): reduce it'
    return text if scene.origin in text else f'{scene.origin}: {text}'


_TO_DEEP = 257  # 255 becomes 65535


def write_photo(path: Path, colours: np.ndarray, changed: np.ndarray, parts: PhotoParts) -> None:
    """Write an input with other colours; its transparency, ICC profile and EXIF are kept.

    Of an input of 16 bits the result has 16 bits, too, where the format can hold them (PNG):
    outside ``changed`` those of the input, inside it the 8 bits of ``colours``, scaled.

    Args:
        path: A PNG or JPEG file, see :func:`write_image`. JPEG holds no transparency.
        colours: BGR uint8 (H, W, 3).
        changed: bool (H, W), where they may differ from the input's.
        parts: What :meth:`SceneInput.read_parts` gives of the input.

    Raises:
        OSError: when it cannot be written.
    """
    image = colours
    if path.suffix == '.png' and parts.deep is not None:
        image = parts.deep.copy()
        image[changed, :3] = colours[changed].astype(np.uint16) * _TO_DEEP
    elif path.suffix == '.png' and parts.alpha is not None:
        image = np.dstack([colours, parts.alpha])
    write_image(path, image, parts.icc_profile, parts.exif)


def write_cutout(
    path: Path,
    cutout: np.ndarray,
    seen: np.ndarray,
    box: tuple[int, int, int, int],
    parts: PhotoParts,
) -> None:
    """Write an object of an input as PNG, with what :func:`write_photo` keeps.

    Args:
        path: A PNG file.
        cutout: BGRA uint8 (h, w, 4), 0 where the object is not.
        seen: bool (h, w), where it shows the input itself: there the transparency is the input's,
            and so are 16 bits.
        box: x1, y1, x2, y2 of the cut-out in the input; right and bottom exclusive.
        parts: What :meth:`SceneInput.read_parts` gives of the input.

    Raises:
        OSError: when it cannot be written.
    """
    left, top, right, bottom = box
    image = cutout.copy()
    if parts.alpha is not None:
        image[seen, 3] = parts.alpha[top:bottom, left:right][seen]
    if parts.deep is not None:
        image = image.astype(np.uint16) * _TO_DEEP
        channels = parts.deep.shape[2]
        image[seen, :channels] = parts.deep[top:bottom, left:right][seen]
    write_image(path, image, parts.icc_profile, parts.exif)
