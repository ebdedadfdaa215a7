"""Bringing a cut-out object into its final size and place, and into the picture."""

from dataclasses import dataclass

import cv2
import numpy as np

from seginpaint_mm.datasets.blending import BLENDINGS, LEAK
from seginpaint_mm.datasets.object_library import CutOut


@dataclass(frozen=True)
class PlacedObject:
    """An object in its final size, its upper left corner at (top, left) of the picture.

    Attributes:
        image: BGR uint8 (h, w, 3).
        mask: uint8 (h, w), 1 = the object.
        top: Row in the picture.
        left: Column in the picture.
    """

    image: np.ndarray
    mask: np.ndarray
    top: int
    left: int


def resize_object(
    cut_out: CutOut, scale: float, *, mirror: bool, degrees: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Image and mask of an object, scaled, mirrored, then turned counter-clockwise.

    A turned object lies in a box that holds all of it.
    """
    height, width = cut_out.mask.shape
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    smooth = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    image = cv2.resize(cut_out.image, size, interpolation=smooth)
    mask = cv2.resize(cut_out.mask, size, interpolation=cv2.INTER_NEAREST)
    if mirror:
        image, mask = image[:, ::-1], mask[:, ::-1]
    return _rotate(image, mask, degrees) if degrees else (image, mask)


def _rotate(image: np.ndarray, mask: np.ndarray, degrees: float) -> tuple[np.ndarray, np.ndarray]:
    height, width = mask.shape
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
    reach = np.abs(turn[:, :2]) @ (width, height)
    size = tuple(int(side) for side in np.ceil(reach))
    turn[:, 2] += (np.array(size) - (width, height)) / 2
    image = cv2.warpAffine(
        np.ascontiguousarray(image),
        turn,
        size,
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return image, cv2.warpAffine(np.ascontiguousarray(mask), turn, size, flags=cv2.INTER_NEAREST)


def place_anywhere(
    cut_out: CutOut,
    size: tuple[int, int],
    rng: np.random.Generator,
    *,
    scale: tuple[float, float],
    rotation: tuple[float, float],
    flip_prob: float,
    truncation: bool,
) -> PlacedObject | None:
    """An object in a random size and turn at a random place.

    Args:
        cut_out: The object.
        size: (height, width) of the picture.
        rng: Where the choices come from.
        scale: Range of the factor for its size.
        rotation: Range in degrees, counter-clockwise.
        flip_prob: Probability that it is mirrored.
        truncation: Up to half of each side of its box may be outside.

    Returns:
        None when nothing of it can be seen or, without truncation, it does not fit.
    """
    factor, mirror = rng.uniform(*scale), bool(rng.random() < flip_prob)
    image, mask = resize_object(cut_out, factor, mirror=mirror, degrees=rng.uniform(*rotation))
    beyond = [side // 2 if truncation else 0 for side in mask.shape]
    spans = [
        (-out, whole - side + out)
        for out, whole, side in zip(beyond, size, mask.shape, strict=True)
    ]
    if any(first > last for first, last in spans):
        return None
    placed = PlacedObject(image, mask, *(int(rng.integers(*s, endpoint=True)) for s in spans))
    seen = visible_part(placed, size)
    return placed if seen is not None and seen.mask.any() else None


def visible_part(placed: PlacedObject, size: tuple[int, int]) -> PlacedObject | None:
    """What lies inside a picture of (height, width); None when nothing does."""
    height, width = placed.mask.shape
    top, left = max(0, placed.top), max(0, placed.left)
    bottom, right = min(size[0], placed.top + height), min(size[1], placed.left + width)
    if top >= bottom or left >= right:
        return None
    box = np.s_[top - placed.top : bottom - placed.top, left - placed.left : right - placed.left]
    return PlacedObject(placed.image[box], placed.mask[box], top, left)


def paste_object(picture: np.ndarray, placed: PlacedObject, blending: str) -> np.ndarray:
    """Blend an object into a picture, in place.

    Args:
        picture: BGR uint8 (H, W, 3).
        placed: The object, which may reach over the picture's borders.
        blending: Key of ``BLENDINGS``.

    Returns:
        np.ndarray: bool (H, W): where the object is, and all that has changed.
    """
    covered = np.zeros(picture.shape[:2], bool)
    image, mask = (
        cv2.copyMakeBorder(np.ascontiguousarray(part), *(4 * [LEAK]), border)
        for part, border in (
            (placed.image, cv2.BORDER_REPLICATE),
            (placed.mask, cv2.BORDER_CONSTANT),
        )
    )
    around = PlacedObject(image, mask, placed.top - LEAK, placed.left - LEAK)
    inside = visible_part(around, covered.shape)
    if inside is None:
        return covered
    height, width = inside.mask.shape
    region = np.s_[inside.top : inside.top + height, inside.left : inside.left + width]
    above, before = inside.top - around.top, inside.left - around.left
    below, right = mask.shape[0] - height - above, mask.shape[1] - width - before
    # Blended whole, as if the picture went on: an object does not fade out where it is cut off.
    under = cv2.copyMakeBorder(picture[region], above, below, before, right, cv2.BORDER_REPLICATE)
    blended = BLENDINGS[blending](under, image, mask)
    blended = blended[above : above + height, before : before + width]
    covered[region] = (inside.mask > 0) | (blended != picture[region]).any(axis=2)
    picture[region] = blended
    return covered
