"""Pictures side by side, each under its title, above a legend."""

from collections.abc import Sequence

import cv2
import numpy as np

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
    """Lay RGB colours (h, w, 3) over a picture, opacity (h, w) from 0 to 1."""
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
