"""Draw instances and panels of objects."""

from collections.abc import Sequence

import cv2
import numpy as np
from mmengine.structures import InstanceData

from seginpaint_mm.geometry.boxes import grow_boxes, tight_boxes

WHITE, INK, PAPER = (255, 255, 255), (40, 40, 40), (246, 246, 246)
UNKNOWN = (110, 110, 110)  # of no class
HEADER, GAP, TEXT_SCALE = 34, 8, 0.6
TALLEST = 2  # height of a panel, by the width that panels have
LEGEND_WIDTH = 1280  # or as wide as the panels above

Panel = tuple[str, np.ndarray]
LegendEntry = tuple[str, Sequence[int]]


def panel_size(shape: tuple[int, ...], width: int) -> tuple[int, int]:
    """(width, height) of the panel of an image, (height, width, ...), as wide as ``width``.

    Images that would be more than ``TALLEST`` times as high are narrower, so that a strip of a few
    pixels does not become a panel of a hundred thousand rows.
    """
    factor = min(width / shape[1], TALLEST * width / shape[0])
    return max(1, round(shape[1] * factor)), max(1, round(shape[0] * factor))


def compose(rows: list[list[Panel]], legend: list[LegendEntry]) -> np.ndarray:
    """Put rows of equally large RGB panels, each under its title, above a legend."""
    strips = [np.hstack([_framed(*panel) for panel in row]) for row in rows]
    width = max(strip.shape[1] for strip in strips)
    strips.append(_legend_strip(legend, width))
    width = max(width, strips[-1].shape[1])
    return np.vstack([_pad_right(strip, width) for strip in strips])


def outline(picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Draw the border of a 0/1 mask in white on a dark line, so that it shows on any colour."""
    contours, _ = cv2.findContours(
        (mask > 0).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE
    )
    picture = cv2.drawContours(picture.copy(), contours, -1, INK, 3)
    return cv2.drawContours(picture, contours, -1, WHITE, 1)


def blend(picture: np.ndarray, colours: np.ndarray, opacity: np.ndarray) -> np.ndarray:
    """Lay RGB colours (h, w, 3) over an image, opacity (h, w) from 0 to 1."""
    weight = opacity[..., None].astype(np.float32)
    return (picture * (1 - weight) + colours * weight).round().astype(np.uint8)


def colourise(classes: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """RGB uint8 (h, w, 3) of class ids, uint8 (h, w); grey where an id has no colour."""
    table = np.full((256, 3), UNKNOWN, np.uint8)
    table[: len(palette)] = palette
    return table[classes]


def _framed(title: str, panel: np.ndarray) -> np.ndarray:
    height, width = panel.shape[:2]
    is_strip = height >= TALLEST * width
    room = max(width, _text_width(title)) if is_strip else width
    frame = np.full((height + HEADER + GAP, room + 2 * GAP, 3), PAPER, np.uint8)
    frame[HEADER : HEADER + height, GAP : GAP + width] = panel
    _write(frame, title, (GAP, HEADER - 11))
    return frame


def _legend_strip(legend: list[LegendEntry], min_width: int) -> np.ndarray:
    lines = _legend_lines(legend, max(min_width, LEGEND_WIDTH))
    ends = [GAP + sum(_entry_width(name) for name, _ in line) for line in lines]
    height = (HEADER + GAP) * len(lines)
    strip = np.full((height, max(min_width, *ends), 3), PAPER, np.uint8)
    for number, line in enumerate(lines):
        top, left = number * (HEADER + GAP), GAP
        for name, colour in line:
            cv2.rectangle(strip, (left, top + 8), (left + 22, top + 30), colour, cv2.FILLED)
            _write(strip, name, (left + 30, top + HEADER - 9))
            left += _entry_width(name)
    return strip


def _legend_lines(legend: list[LegendEntry], width: int) -> list[list[LegendEntry]]:
    """As many entries in a line as there is room for."""
    lines: list[list[LegendEntry]] = [[]]
    left = GAP
    for entry in legend:
        left += _entry_width(entry[0])
        if left > width and lines[-1]:
            lines.append([])
            left = GAP + _entry_width(entry[0])
        lines[-1].append(entry)
    return lines


def _entry_width(name: str) -> int:
    return _text_width(name) + 56


def _text_width(text: str) -> int:
    return cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, TEXT_SCALE, 1)[0][0]


def _write(picture: np.ndarray, text: str, position: tuple[int, int]) -> None:
    font = cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(picture, text, position, font, TEXT_SCALE, INK, 1, cv2.LINE_AA)


def _pad_right(strip: np.ndarray, width: int) -> np.ndarray:
    missing = width - strip.shape[1]
    return cv2.copyMakeBorder(strip, 0, 0, 0, missing, cv2.BORDER_CONSTANT, value=PAPER)


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


def object_legend(found: InstanceData, truth: InstanceData, rows: list[int]) -> list[LegendEntry]:
    """The entries of :data:`LEGEND` whose colours are in the panels of these rows."""
    masks = found if 'masks' in found else truth
    there: set[str] = set()
    for row in rows:
        seen = masks.masks[row].numpy()
        fulls = [one.full_masks[row].numpy() for one in (found, truth) if 'full_masks' in one]
        full, true_full = fulls[0], fulls[-1] if 'full_masks' in truth else None
        parts = _parts(seen, full, true_full)
        there |= {name for (name, _), part in zip(LEGEND, parts, strict=True) if part.any()}
    return [entry for entry in LEGEND if entry[0] in there]


class _Frame:
    """A square in which what has the shape of a box, (height, width), is shown undistorted."""

    def __init__(self, shape: tuple[int, int], side: int) -> None:
        self.side = side
        scale = side / max(shape)
        self.size = tuple(max(1, round(length * scale)) for length in shape[::-1])

    def fit(self, picture: np.ndarray) -> np.ndarray:
        """Show an image, uint8 (h, w, 3) of any size, with its pixels as squares if enlarged."""
        way = cv2.INTER_AREA if picture.shape[1] > self.size[0] else cv2.INTER_NEAREST
        return self._framed(cv2.resize(picture, self.size, interpolation=way))

    def cut_out(self, picture: np.ndarray, opaque: np.ndarray) -> np.ndarray:
        """Show an image where it is opaque, bool of any size, and a chequered ground elsewhere."""
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
    """The image, pale where the object is not seen."""
    return blend(crop, np.full_like(crop, 255), np.where(seen, 0.0, 0.6))


def _compared(
    crop: np.ndarray, seen: np.ndarray, full: np.ndarray, true_full: np.ndarray | None
) -> np.ndarray:
    """What is seen, and what is hidden, as found and in truth, over the image in grey."""
    parts = _parts(seen, full, true_full)
    grey = cv2.cvtColor(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    colours = np.zeros_like(grey)
    for (_, colour), where in zip(LEGEND, parts, strict=True):
        colours[where] = colour
    return blend(grey, colours, 0.65 * np.logical_or.reduce(parts))


def _parts(seen: np.ndarray, full: np.ndarray, true_full: np.ndarray | None) -> list[np.ndarray]:
    """Where the entries of :data:`LEGEND` are, bool each."""
    found = full & ~seen
    hidden = np.zeros_like(seen) if true_full is None else true_full & ~seen
    return [seen, found & hidden, found & ~hidden, hidden & ~found]


OPACITY = 0.5
FONT, TITLE_SCALE, MARGIN = cv2.FONT_HERSHEY_SIMPLEX, 0.4, 3
GOLDEN_RATIO = 0.618034


def draw_instances(
    image: np.ndarray,
    instances: InstanceData,
    names: Sequence[str],
    min_score: float = 0.0,
) -> np.ndarray:
    """Draw masks, the first in front, with their classes and, where there are any, scores.

    A name that would cover the name of one before is not written.

    Args:
        image: RGB uint8 (h, w, 3).
        instances: ``masks`` bool (n, H, W) of the same view in any size, ``labels`` int64 (n,), and
            for predictions ``scores`` (n,).
        names: Of the classes, by label.
        min_score: Instances with lower scores are left out.

    Returns:
        np.ndarray: RGB uint8 (h, w, 3).

    Raises:
        ValueError: when a label has no name.
    """
    if 'scores' in instances:
        instances = instances[instances.scores >= min_score]
    instances = instances.cpu()
    titles = _titles(instances, names)
    size = (image.shape[1], image.shape[0])
    masks = [
        cv2.resize(np.asarray(mask, np.uint8), size, interpolation=cv2.INTER_NEAREST)
        for mask in instances.masks
    ]
    colours = distinct_colours(len(masks))
    picture = image.copy()
    for mask, colour in zip(masks[::-1], colours[::-1], strict=True):
        _paint(picture, mask, colour)
    written = np.zeros(image.shape[:2], bool)
    for mask, colour, title in zip(masks, colours, titles, strict=True):
        _name(picture, mask, colour, title, written)
    return picture


def distinct_colours(number: int) -> list[tuple[int, int, int]]:
    """Return RGB colours of which neighbours in the list, and most others, differ."""
    hues = np.arange(number) * GOLDEN_RATIO % 1
    values = np.resize([255, 200, 230], number)
    hsv = np.stack([hues * 180, np.full(number, 200), values], axis=-1).astype(np.uint8)
    rgb = cv2.cvtColor(hsv.reshape(-1, 1, 3), cv2.COLOR_HSV2RGB) if number else hsv
    return [tuple(colour) for colour in rgb.reshape(-1, 3).tolist()]


def _titles(instances: InstanceData, names: Sequence[str]) -> list[str]:
    labels = instances.labels.tolist()
    unnamed = [label for label in labels if label >= len(names)]
    if unnamed:
        raise ValueError(
            f'Instances have label {unnamed[0]}, but there are {len(names)} classes of things: '
            f"set visualizer.dataset_meta['thing_ids'] to those of the data set."
        )
    if 'scores' not in instances:
        return [names[label] for label in labels]
    scores = instances.scores.tolist()
    return [f'{names[label]} {score:.2f}' for label, score in zip(labels, scores, strict=True)]


def _paint(picture: np.ndarray, mask: np.ndarray, colour: tuple[int, int, int]) -> None:
    inside = mask > 0
    tinted = picture[inside] * (1 - OPACITY) + np.array(colour) * OPACITY
    picture[inside] = tinted.round().astype(np.uint8)
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(picture, contours, -1, INK, 3)
    cv2.drawContours(picture, contours, -1, colour, 1)


def _name(
    picture: np.ndarray,
    mask: np.ndarray,
    colour: tuple[int, int, int],
    title: str,
    written: np.ndarray,
) -> None:
    """Write above the mask or else in its middle, where nothing is ``written`` yet.

    ``written`` is bool (h, w); this name is added.
    """
    left, top, _, mask_height = cv2.boundingRect(mask)
    if not mask_height:  # too small to be seen in this size
        return
    (width, height), baseline = cv2.getTextSize(title, FONT, TITLE_SCALE, 1)
    width, height = width + 3 * MARGIN, height + baseline + MARGIN
    left = max(0, min(left, picture.shape[1] - width))
    for row in (max(0, top - height), top + max(0, mask_height - height) // 2):
        place = (slice(row, row + height), slice(left, left + width))
        if not written[place].any():
            written[place] = True
            picture[place] = INK
            picture[place][:, :MARGIN] = colour
            start = (left + 2 * MARGIN, row + height - baseline)
            cv2.putText(picture, title, start, FONT, TITLE_SCALE, WHITE, 1, cv2.LINE_AA)
            return
