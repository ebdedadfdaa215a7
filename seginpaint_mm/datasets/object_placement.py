"""Place objects over images, and compute the ground truth behind them."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from seginpaint_mm.datasets.object_library import CutOut

_FEATHER = 0.7  # standard deviation in pixels: hides the cut without softening small objects
_BOX = 3  # side in pixels
LEAK = 3  # pixels: how far from its mask an object may change an image; seamlessClone's margin


def blend_none(below: np.ndarray, image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """A copy: the object's pixels as they are."""
    return np.where(mask[..., None] > 0, image, below)


def blend_gaussian(below: np.ndarray, image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The object fades out within its border, in the shape of a Gaussian."""
    inside = mask.astype(np.float32)
    blurred = cv2.GaussianBlur(inside, (0, 0), _FEATHER, borderType=cv2.BORDER_CONSTANT)
    return _mix(below, image, inside * blurred)


def blend_box(below: np.ndarray, image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The object fades out within its border, in the shape of a box."""
    inside = mask.astype(np.float32)
    blurred = cv2.blur(inside, (_BOX, _BOX), borderType=cv2.BORDER_CONSTANT)
    return _mix(below, image, inside * blurred)


def blend_poisson(below: np.ndarray, image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The object's gradients, with the colours around it (Perez et al., OpenCV's seamlessClone).

    The colours are led over to those below in a few pixels around the mask, which change too.
    """
    margin = LEAK + 2  # what is cloned must not touch the border
    padded = [
        cv2.copyMakeBorder(part, *(4 * [margin]), cv2.BORDER_REPLICATE) for part in (image, below)
    ]
    grown = cv2.copyMakeBorder(mask, *(4 * [margin]), cv2.BORDER_CONSTANT, value=0)
    kernel = np.ones((3, 3), np.uint8)
    grown = cv2.dilate(grown * np.uint8(255), kernel, iterations=LEAK)
    left, top, width, height = cv2.boundingRect(grown)
    centre = (left + width // 2, top + height // 2)  # which is to say: do not move it
    cloned = cv2.seamlessClone(
        *padded, grown.copy(), centre, cv2.NORMAL_CLONE
    )  # a copy: it writes there
    cloned = np.where(grown[..., None] > 0, cloned, padded[1])  # rounding changes more than that
    return cloned[margin:-margin, margin:-margin]


def _mix(below: np.ndarray, image: np.ndarray, opacity: np.ndarray) -> np.ndarray:
    """``image`` over ``below``, with opacity float32 (h, w) in [0, 1]."""
    under = below.astype(np.float32)
    return np.rint(under + opacity[..., None] * (image - under)).astype(np.uint8)


# Name -> function of BGR uint8 (h, w, 3) below and image, and uint8 (h, w) mask, 1 = the object,
# that gives the blended image, uint8 (h, w, 3).
BLENDINGS = {
    'none': blend_none,
    'gaussian': blend_gaussian,
    'box': blend_box,
    'poisson': blend_poisson,
}


@dataclass(frozen=True)
class PlacedObject:
    """An object in its final size, its upper left corner at (top, left) of the image.

    Attributes:
        image: BGR uint8 (h, w, 3).
        mask: uint8 (h, w), 1 = the object.
        top: Row in the image.
        left: Column in the image.
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
        size: (height, width) of the image.
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
    """Return the part inside an image of (height, width); None when it is empty."""
    height, width = placed.mask.shape
    top, left = max(0, placed.top), max(0, placed.left)
    bottom, right = min(size[0], placed.top + height), min(size[1], placed.left + width)
    if top >= bottom or left >= right:
        return None
    box = np.s_[top - placed.top : bottom - placed.top, left - placed.left : right - placed.left]
    return PlacedObject(placed.image[box], placed.mask[box], top, left)


def paste_object(picture: np.ndarray, placed: PlacedObject, blending: str) -> np.ndarray:
    """Blend an object into an image, in place.

    Args:
        picture: BGR uint8 (H, W, 3).
        placed: The object, which may reach over the image's borders.
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
    # Blended whole, as if the image went on: an object does not fade out where it is cut off.
    under = cv2.copyMakeBorder(picture[region], above, below, before, right, cv2.BORDER_REPLICATE)
    blended = BLENDINGS[blending](under, image, mask)
    blended = blended[above : above + height, before : before + width]
    covered[region] = (inside.mask > 0) | (blended != picture[region]).any(axis=2)
    picture[region] = blended
    return covered


LEAST_PIXELS = 10  # that are seen of an object (SeGAN, Section 4.3)


def pasted_truth(
    before: np.ndarray,
    numbers: np.ndarray,
    pasted: Sequence[tuple[np.ndarray, np.ndarray]],
    appearances: bool,
    unknown_behind: bool = False,
) -> dict[str, np.ndarray] | None:
    """Return visible and hidden masks of an image's objects and of those pasted over them.

    The mask that an object had before is taken for all of it: choose images in which objects hide
    little of each other.

    Args:
        before: BGR uint8 (H, W, 3), the image without what was pasted.
        numbers: Integer (H, W), 0 = no object, any other value = an object of the image.
        pasted: The pasted objects, the later ones over the earlier: where each is, bool (H, W), and
            the image after it was pasted, BGR uint8 (H, W, 3).
        appearances: Whether to keep how each object looks as a whole.
        unknown_behind: Whether to tell where the other objects of the image may hide one of them.

    Returns:
        The keys of :class:`LoadAmodalObjects` for the n objects of which 10 pixels or more are
        seen, those that were pasted last in front; None where there is no such object. With
        ``unknown_behind`` also ``gt_unknown_masks`` bool (n, H, W), where it is not known whether
        the object goes on: behind the other objects that the image had.
    """
    covered = np.zeros(numbers.shape, bool)
    full, visible, colours, unknown = [], [], [], []
    for mask, image in reversed(pasted):
        full.append(mask)
        visible.append(mask & ~covered)
        colours.append(image)
        unknown.append(np.zeros_like(mask))
        covered |= mask
    for number in np.unique(numbers[numbers > 0]):
        full.append(numbers == number)
        visible.append(full[-1] & ~covered)
        colours.append(before)
        unknown.append((numbers > 0) & ~full[-1])
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
    if unknown_behind:
        truth['gt_unknown_masks'] = np.stack([unknown[row] for row in kept])
    if appearances:
        truth['gt_appearances'] = np.stack(
            [np.where(full[row][..., None], colours[row], 0) for row in kept]
        )
    return truth
