"""Instances drawn over a picture: each in a colour of its own, outlined and named."""

from collections.abc import Sequence

import cv2
import numpy as np
from mmengine.structures import InstanceData

from seginpaint_mm.visualization.panels import INK, WHITE

OPACITY = 0.5
FONT, TEXT_SCALE, MARGIN = cv2.FONT_HERSHEY_SIMPLEX, 0.4, 3
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
    """So many RGB colours of which neighbours in the list, and most others, look different."""
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
    (width, height), baseline = cv2.getTextSize(title, FONT, TEXT_SCALE, 1)
    width, height = width + 3 * MARGIN, height + baseline + MARGIN
    left = max(0, min(left, picture.shape[1] - width))
    for row in (max(0, top - height), top + max(0, mask_height - height) // 2):
        place = (slice(row, row + height), slice(left, left + width))
        if not written[place].any():
            written[place] = True
            picture[place] = INK
            picture[place][:, :MARGIN] = colour
            start = (left + 2 * MARGIN, row + height - baseline)
            cv2.putText(picture, title, start, FONT, TEXT_SCALE, WHITE, 1, cv2.LINE_AA)
            return
