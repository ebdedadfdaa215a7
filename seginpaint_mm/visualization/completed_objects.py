"""Draw completed objects and their order in depth."""

from collections.abc import Sequence

import cv2
import numpy as np
from mmengine.structures import InstanceData
from torch import Tensor

from seginpaint_mm.geometry.depth_order import DepthOrder, infer_depth_order
from seginpaint_mm.structures import SceneSample
from seginpaint_mm.visualization.panels import (
    INK,
    PAPER,
    WHITE,
    Panel,
    compose,
    distinct_colours,
    object_legend,
    object_panels,
    outline,
    panel_size,
)

_TINT_OPACITY = 0.45
_FONT = cv2.FONT_HERSHEY_SIMPLEX
# of the longer one; smaller images are enlarged, for the numbers' sake, larger ones reduced
_LEAST_SIDE, _MOST_SIDE = 720, 1440
_PIXELS_A_LINE = 500  # of the image's longer side, for each of a line's width


def draw_depth_order(
    image: np.ndarray, visible: Sequence, depth_order: DepthOrder, first: int = 0
) -> np.ndarray:
    """Draw the objects in the colours of their depth, outlined and numbered, and their occlusions.

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
    tinted = picture[inside] * (1 - _TINT_OPACITY) + np.array(colour) * _TINT_OPACITY
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


FIRST = 1  # number of the first object, as in the files of an inference
_MOST_OBJECTS = 6  # that are shown apart: those of which most is hidden
_OBJECTS_A_ROW = 2
_OPACITY = 0.55
_STRIPE = 4  # pixels
_BOTH = (('pred', 'predicted'), ('gt', 'true'))


def has_completed_objects(sample: SceneSample) -> bool:
    """Whether a sample holds objects that are known, or found, as a whole."""
    return any('full_masks' in _instances(sample, source) for source, _ in _BOTH)


def draw_completed_objects(
    image: np.ndarray, sample: SceneSample, panel_width: int = 512
) -> np.ndarray:
    """Draw the scene, the prediction above the truth, and below them objects, most hidden first.

    Args:
        image: RGB uint8 (H, W, 3).
        sample: ``pred_instances`` as :meth:`SeGAN.predict` gives them, or ``gt_instances`` with
            ``full_masks``, or both, of the same objects, with masks of the image's size.
            ``pred_depth_order`` is drawn or, where there is none, inferred.
        panel_width: Width in pixels that the scene is brought to; objects have half of it.

    Returns:
        np.ndarray: RGB uint8. Objects are numbered from 1; what is hidden of them is striped.
    """
    found, truth = (_instances(sample, source) for source, _ in _BOTH)
    scene = _Scene(image, panel_width)
    rows = []
    for source, adjective in _BOTH:
        panels = scene.panels(_instances(sample, source), adjective, sample)
        if panels:
            first = ('', scene.blank()) if rows else ('image', scene.image)
            rows.append([first, *panels])
    most_hidden = _most_hidden(found, truth)
    shown = [
        object_panels(image, found, truth, row, f'object {row + FIRST}', panel_width // 2)
        for row in most_hidden
    ]
    for start in range(0, len(shown), _OBJECTS_A_ROW):
        rows.append([panel for item in shown[start : start + _OBJECTS_A_ROW] for panel in item])
    return compose(rows, object_legend(found, truth, most_hidden))


def draw_object_masks(
    image: np.ndarray, seen: Tensor, full: Tensor | None, panel_width: int
) -> np.ndarray:
    """Draw visible parts of objects tinted, and hidden parts striped.

    Args:
        image: RGB uint8 (H, W, 3).
        seen: bool (n, H, W), visible masks.
        full: bool (n, H, W), full masks; None for the visible ones alone.
        panel_width: Width in pixels that the image is brought to.

    Returns:
        np.ndarray: RGB uint8.
    """
    scene = _Scene(image, panel_width)
    visible = scene.fit(seen)
    return scene.draw(visible, visible if full is None else scene.fit(full))


def _instances(sample: SceneSample, source: str) -> InstanceData:
    return sample.get(f'{source}_instances', InstanceData()).cpu()


def _most_hidden(found: InstanceData, truth: InstanceData) -> list[int]:
    """Rows of objects of which something is hidden, in truth or else as predicted."""
    known = truth if 'full_masks' in truth else found
    pairs = zip(known.full_masks, known.masks, strict=True)
    # one at a time: a sum over all needs 8 bytes a pixel
    hidden = [np.count_nonzero(full.numpy() & ~seen.numpy()) for full, seen in pairs]
    order = sorted(range(len(hidden)), key=lambda number: -hidden[number])
    return [number for number in order if hidden[number]][:_MOST_OBJECTS]


class _Scene:
    """An image at the size of a panel, and what is drawn over it."""

    def __init__(self, image: np.ndarray, panel_width: int) -> None:
        self.original = image
        self.size = panel_size(image.shape, panel_width)
        way = cv2.INTER_CUBIC if self.size[0] > image.shape[1] else cv2.INTER_AREA
        self.image = cv2.resize(image, self.size, interpolation=way)

    def blank(self) -> np.ndarray:
        return np.full_like(self.image, PAPER)

    def panels(self, instances: InstanceData, adjective: str, sample: SceneSample) -> list[Panel]:
        """Visible masks, full masks and depth order, as far as they are there."""
        if 'masks' not in instances:
            return []
        seen = self.fit(instances.masks)
        panels = [
            (
                f'{"given" if adjective == "predicted" else adjective} visible masks',
                self.draw(seen, seen),
            )
        ]
        if 'full_masks' in instances:
            full = self.fit(instances.full_masks)
            panels.append((f'{adjective} full masks', self.draw(seen, full)))
            order = sample.get('pred_depth_order') if adjective == 'predicted' else None
            panels.append((f'{adjective} depth order', self._depth_order(instances, order)))
        return panels

    def fit(self, masks: Tensor) -> list[np.ndarray]:
        """Masks, uint8 at the panel's size, of bool (n, H, W)."""
        return [
            cv2.resize(mask.numpy().view(np.uint8), self.size, interpolation=cv2.INTER_NEAREST)
            for mask in masks
        ]

    def draw(self, seen: list[np.ndarray], full: list[np.ndarray]) -> np.ndarray:
        """What is seen tinted, what is hidden striped, over what hides it, and the outlines."""
        picture, colours = self.image.copy(), distinct_colours(len(seen))
        rows, columns = np.indices(picture.shape[:2])
        striped = (rows + columns) // _STRIPE % 2 == 0
        for mask, colour in zip(seen, colours, strict=True):
            _tint(picture, mask > 0, colour, _OPACITY)
        for mask, whole, colour in zip(seen, full, colours, strict=True):
            _tint(picture, (whole > mask) & striped, colour, 1.0)
        for whole in full:
            picture = outline(picture, whole)
        return picture

    def _depth_order(self, instances: InstanceData, order: DepthOrder | None) -> np.ndarray:
        if order is None:
            order = infer_depth_order(instances.masks, instances.full_masks)
        drawn = draw_depth_order(self.original, instances.masks, order, FIRST)
        return cv2.resize(drawn, self.size, interpolation=cv2.INTER_AREA)


def _tint(
    picture: np.ndarray, where: np.ndarray, colour: tuple[int, int, int], opacity: float
) -> None:
    tinted = picture[where] * (1 - opacity) + np.array(colour) * opacity
    picture[where] = tinted.round().astype(np.uint8)
