"""One object from near: what is seen of it, all of it, and how it was painted."""

import cv2
import numpy as np
from mmengine.structures import InstanceData

from seginpaint_mm.box_crops import grow_boxes, tight_boxes
from seginpaint_mm.visualization.panels import PAPER, LegendEntry, Panel, blend

_SEEN, _RIGHT, _EXTRA, _MISSED = (70, 130, 220), (60, 160, 75), (255, 140, 0), (214, 39, 40)
LEGEND: list[LegendEntry] = [
    ('seen', _SEEN),
    ('hidden, rightly found', _RIGHT),
    ('found, but not known to be hidden', _EXTRA),
    ('hidden, but not found', _MISSED),
]
_GROWTH = 0.2  # of boxes, where there are no grown ones
_CHECKERS = (200, 230)
_CHECKER_SIDE = 8
Window = tuple[slice, slice]


def object_panels(
    image: np.ndarray,
    found: InstanceData,
    truth: InstanceData,
    row: int,
    title: str,
    side: int,
) -> list[Panel]:
    """Panels of a row of ``pred_instances`` and of ``gt_instances``, where they are there.

    Args:
        image: RGB uint8 (H, W, 3).
        found: Empty or with ``masks`` and perhaps ``full_masks``, ``painted``, ``grown_boxes``.
        truth: Empty or with ``masks`` and perhaps ``full_masks``, ``full_appearance``.
        row: Of both.
        title: Of the first panel.
        side: Of the panels, which are squares, in pixels.

    Returns:
        list: The object in its surroundings; its full mask, found compared with true, or what there
        is of them; the painting and how it looks in truth, where they are there.
    """
    window = _window(image.shape[:2], found, truth, row)
    crop = image[window]
    seen, full, true_full = (
        None if name not in instances else instances.get(name)[row].numpy()[window]
        for instances, name in (
            (found if 'masks' in found else truth, 'masks'),
            (found, 'full_masks'),
            (truth, 'full_masks'),
        )
    )
    whole = _compared(crop, seen, true_full if full is None else full, true_full)
    panels = [(title, _seen(crop, seen)), ('whole' if full is not None else 'true whole', whole)]
    if 'painted' in found:
        painting = found.painted[row].numpy().transpose(1, 2, 0)
        opaque = painting[..., 3] > 0
        panels.append(('painted', _on_checkers(painting[..., :3], opaque, crop.shape[:2])))
    if 'full_appearance' in truth and true_full is not None:
        look = truth.full_appearance[row].numpy().transpose(1, 2, 0)
        panels.append(('true', _on_checkers(look, true_full, crop.shape[:2])))
    return [(name, _square(picture, side)) for name, picture in panels]


def _window(size: tuple[int, int], found: InstanceData, truth: InstanceData, row: int) -> Window:
    """Where the object was completed."""
    for instances in (found, truth):
        if 'grown_boxes' in instances:
            box = instances.grown_boxes[row]
            break
    else:
        whole = (found if 'full_masks' in found else truth).full_masks[row : row + 1]
        tight = tight_boxes(whole)
        box = grow_boxes(tight, tight.new_full((4,), _GROWTH), size)[0]
    left, top, right, bottom = box.round().int().tolist()
    return slice(top, bottom), slice(left, right)


def _seen(crop: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """The picture, pale where the object is not seen."""
    return blend(crop, np.full_like(crop, 255), np.where(seen, 0.0, 0.6))


def _compared(
    crop: np.ndarray, seen: np.ndarray, full: np.ndarray, true_full: np.ndarray | None
) -> np.ndarray:
    """What is seen, and what is hidden, as found and in truth, over the picture in grey."""
    found = full & ~seen
    hidden = np.zeros_like(seen) if true_full is None else true_full & ~seen
    grey = cv2.cvtColor(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    colours = np.zeros_like(grey)
    for where, colour in (
        (seen, _SEEN),
        (found & hidden, _RIGHT),
        (found & ~hidden, _EXTRA),
        (hidden & ~found, _MISSED),
    ):
        colours[where] = colour
    return blend(grey, colours, 0.65 * (seen | found | hidden))


def _on_checkers(picture: np.ndarray, opaque: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A picture of an object, both of any size, with a chequered ground where it is not."""
    picture = cv2.resize(np.ascontiguousarray(picture), size[::-1], interpolation=cv2.INTER_AREA)
    opaque = cv2.resize(opaque.astype(np.uint8), size[::-1], interpolation=cv2.INTER_NEAREST)
    rows, columns = np.indices(size)
    dark = (rows // _CHECKER_SIDE + columns // _CHECKER_SIDE) % 2
    ground = np.array(_CHECKERS, np.uint8)[dark][..., None].repeat(3, axis=2)
    return np.where(opaque[..., None] > 0, picture, ground)


def _square(picture: np.ndarray, side: int) -> np.ndarray:
    """Fit a picture into a square, whole and undistorted."""
    height, width = picture.shape[:2]
    scale = side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    square = np.full((side, side, 3), PAPER, np.uint8)
    square[: size[1], : size[0]] = cv2.resize(picture, size, interpolation=way)
    return square
