"""Objects in the colours of their depth, and arrows that say who hides whom."""

from collections.abc import Sequence

import cv2
import numpy as np

from seginpaint_mm.depth_order import DepthOrder
from seginpaint_mm.visualization.panels import INK, WHITE

_OPACITY = 0.45
_FONT = cv2.FONT_HERSHEY_SIMPLEX
# of the longer one; smaller images are enlarged, for the numbers' sake, larger ones reduced
_LEAST_SIDE, _MOST_SIDE = 720, 1440
_PIXELS_A_LINE = 500  # of the picture's longer side, for each of a line's width


def draw_depth_order(
    image: np.ndarray, visible: Sequence, depth_order: DepthOrder, first: int = 0
) -> np.ndarray:
    """Draw the objects in the colours of their depth, outlined and numbered, and who hides whom.

    Args:
        image: RGB uint8 (H, W, 3).
        visible: n arrays or tensors, bool (H, W), what is seen of the objects.
        depth_order: Of these objects.
        first: Number of the first object.

    Returns:
        np.ndarray: RGB uint8, the image, its longer side enlarged or reduced to 720 to 1440 pixels.
        The front object is red, the hindmost blue; an arrow goes from an object to each that it
        hides a part of.
    """
    size = _legible_size(image.shape[:2])
    is_reduced = size[0] < image.shape[1]
    way = cv2.INTER_AREA if is_reduced else cv2.INTER_LINEAR
    picture = cv2.resize(image, size, interpolation=way)
    masks = [
        cv2.resize(np.asarray(mask, np.uint8), size, interpolation=cv2.INTER_NEAREST)
        for mask in visible
    ]
    colours = _depth_colours(depth_order.order)
    width = max(1, round(max(size) / _PIXELS_A_LINE))
    for number in depth_order.order[::-1]:  # the front ones last, over the others
        _paint(picture, masks[number], colours[number], width)
    places, radius = [_middle(mask) for mask in masks], 11 * width
    for item in depth_order.occlusions():
        _draw_arrow(picture, places[item.front], places[item.back], radius, width)
    for number, (place, colour) in enumerate(zip(places, colours, strict=True), start=first):
        _draw_node(picture, place, colour, str(number), radius)
    return picture


def _legible_size(shape: tuple[int, int]) -> tuple[int, int]:
    """(width, height) to draw at."""
    factor = min(max(1.0, _LEAST_SIDE / max(shape)), _MOST_SIDE / max(shape))
    return max(1, round(shape[1] * factor)), max(1, round(shape[0] * factor))


def _paint(picture: np.ndarray, mask: np.ndarray, colour: tuple[int, int, int], width: int) -> None:
    inside = mask > 0
    tinted = picture[inside] * (1 - _OPACITY) + np.array(colour) * _OPACITY
    picture[inside] = tinted.round().astype(np.uint8)
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    for line, line_width in ((INK, width + 2), (colour, width)):
        cv2.drawContours(picture, contours, -1, line, line_width, cv2.LINE_AA)


def _draw_arrow(
    picture: np.ndarray, start: tuple[int, int], end: tuple[int, int], radius: int, width: int
) -> None:
    """From the rim of one node to that of the other."""
    way = np.subtract(end, start)
    length = float(np.hypot(*way))
    if length <= 2 * radius:  # the nodes touch
        return
    step = way / length * radius
    ends = [tuple(point.round().astype(int).tolist()) for point in (start + step, end - step)]
    tip = min(0.5, 1.2 * radius / (length - 2 * radius))
    for colour, line_width in ((WHITE, 3 * width), (INK, width)):
        cv2.arrowedLine(picture, *ends, colour, line_width, cv2.LINE_AA, tipLength=tip)


def _draw_node(
    picture: np.ndarray,
    place: tuple[int, int],
    colour: tuple[int, int, int],
    text: str,
    radius: int,
) -> None:
    cv2.circle(picture, place, radius, WHITE, cv2.FILLED, cv2.LINE_AA)
    cv2.circle(picture, place, radius, colour, max(2, radius // 4), cv2.LINE_AA)
    scale, thickness = radius / (15 + 5 * len(text)), max(1, radius // 8)
    (across, down), _ = cv2.getTextSize(text, _FONT, scale, thickness)
    corner = place[0] - across // 2, place[1] + down // 2
    cv2.putText(picture, text, corner, _FONT, scale, INK, thickness, cv2.LINE_AA)


def _depth_colours(order: Sequence[int]) -> list[tuple[int, int, int]]:
    """RGB of each object, from red in front to blue."""
    values = np.linspace(240, 20, max(len(order), 2)).astype(np.uint8)
    table = cv2.applyColorMap(values, cv2.COLORMAP_TURBO)[:, 0, ::-1].tolist()
    depths = np.argsort(order)
    return [tuple(table[depth]) for depth in depths]


def _middle(mask: np.ndarray) -> tuple[int, int]:
    """(x, y) of the pixel of a mask that is farthest from its border."""
    distance = cv2.distanceTransform(np.pad(mask, 1), cv2.DIST_L2, 3)
    row, column = np.unravel_index(distance[1:-1, 1:-1].argmax(), mask.shape)
    return int(column), int(row)
