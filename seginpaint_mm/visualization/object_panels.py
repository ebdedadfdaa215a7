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
    frame = _Frame(crop.shape[:2], side)
    whole = _compared(crop, seen, true_full if full is None else full, true_full)
    panels = [
        (title, frame.fit(_seen(crop, seen))),
        ('whole' if full is not None else 'true whole', frame.fit(whole)),
    ]
    if 'painted' in found:
        painting = found.painted[row].numpy().transpose(1, 2, 0)
        panels.append(('painted', frame.cut_out(painting[..., :3], painting[..., 3] > 0)))
    if 'full_appearance' in truth and true_full is not None:
        look = truth.full_appearance[row].numpy().transpose(1, 2, 0)
        panels.append(('true', frame.cut_out(look, true_full)))
    return panels


class _Frame:
    """A square in which what has the shape of a box, (height, width), is shown undistorted."""

    def __init__(self, shape: tuple[int, int], side: int) -> None:
        self.side = side
        scale = side / max(shape)
        self.size = tuple(max(1, round(length * scale)) for length in shape[::-1])

    def fit(self, picture: np.ndarray) -> np.ndarray:
        """Show a picture, uint8 (h, w, 3) of any size, with its pixels as squares if enlarged."""
        way = cv2.INTER_AREA if picture.shape[1] > self.size[0] else cv2.INTER_NEAREST
        return self._framed(cv2.resize(picture, self.size, interpolation=way))

    def cut_out(self, picture: np.ndarray, opaque: np.ndarray) -> np.ndarray:
        """Show a picture where it is opaque, bool of any size, and a chequered ground elsewhere."""
        picture = cv2.resize(np.ascontiguousarray(picture), self.size)
        opaque = cv2.resize(opaque.astype(np.uint8), self.size, interpolation=cv2.INTER_NEAREST)
        rows, columns = np.indices(self.size[::-1])
        dark = (rows // _CHECKER_SIDE + columns // _CHECKER_SIDE) % 2
        ground = np.array(_CHECKERS, np.uint8)[dark][..., None]
        return self._framed(np.where(opaque[..., None] > 0, picture, ground))

    def _framed(self, picture: np.ndarray) -> np.ndarray:
        square = np.full((self.side, self.side, 3), PAPER, np.uint8)
        square[: self.size[1], : self.size[0]] = picture
        return square


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
