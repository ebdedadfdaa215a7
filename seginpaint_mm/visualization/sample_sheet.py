"""Draw loaded samples on one sheet: each image beside its labels."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from mmseg.utils import voc_palette

from seginpaint_mm.visualization.panels import (
    UNKNOWN,
    LegendEntry,
    Panel,
    blend,
    colourise,
    compose,
    outline,
    panel_size,
)

_FOREGROUND, _HOLE = (255, 140, 0), (255, 0, 255)
_IGNORED = 255
_LONGEST_TITLE = 26
_IN_A_ROW = 2  # samples


def draw_sheet(samples: Sequence[dict], metainfo: dict, width: int = 300) -> np.ndarray:
    """Draw samples, RGB uint8 (H, W, 3): class colours, foreground orange, objects outlined.

    Args:
        samples: What loading transforms made, each with ``img`` BGR uint8; see ``look_at``.
        metainfo: Of the data set: ``classes`` and, where it has one, ``palette``.
        width: Of a panel in pixels.
    """
    classes = list(metainfo.get('classes') or ())
    palette = list(metainfo.get('palette') or ()) or voc_palette()[: max(len(classes), 1)]
    seen: set[int] = set()
    names = {'foreground': False, 'hole': False}
    panels = []
    for sample in samples:
        overlay = _overlay(sample, np.array(palette, np.uint8), seen, names)
        title = _title(sample.get('img_path', ''))
        panels.append([(title, _fit(sample['img'][..., ::-1], width)), ('', _fit(overlay, width))])
    legend: list[LegendEntry] = [
        (classes[k], tuple(int(c) for c in palette[k]))
        for k in sorted(seen)
        if k < len(classes) and k < len(palette)
    ]
    colours = {'foreground': _FOREGROUND, 'hole': _HOLE}
    legend += [(name, colours[name]) for name, is_there in names.items() if is_there]
    return compose(_rows(panels), [*legend, ('no class', UNKNOWN)])


def _rows(panels: list[list[Panel]]) -> list[list[Panel]]:
    """Put samples side by side; the panels of a row are brought to one height by a margin."""
    rows = []
    for start in range(0, len(panels), _IN_A_ROW):
        row = [panel for pair in panels[start : start + _IN_A_ROW] for panel in pair]
        height = max(panel.shape[0] for _, panel in row)
        rows.append([(title, _pad_below(panel, height)) for title, panel in row])
    return rows


def _pad_below(panel: np.ndarray, height: int) -> np.ndarray:
    missing = height - panel.shape[0]
    return cv2.copyMakeBorder(panel, 0, missing, 0, 0, cv2.BORDER_CONSTANT, value=(246, 246, 246))


def _overlay(
    sample: dict, palette: np.ndarray, seen: set[int], names: dict[str, bool]
) -> np.ndarray:
    picture = np.ascontiguousarray(sample['img'][..., ::-1])
    size = picture.shape[:2]
    classes = next((sample[k] for k in ('gt_seg_map', 'gt_sem_seg') if k in sample), None)
    if classes is not None and classes.shape == size:
        small = np.where(classes < len(palette), classes, _IGNORED).astype(np.uint8)
        seen.update(np.unique(small).tolist())
        picture = blend(picture, colourise(small, palette[:_IGNORED]), np.full(size, 0.6))
    for key, name, colour in (
        ('gt_foreground', 'foreground', _FOREGROUND),
        ('hole', 'hole', _HOLE),
    ):
        mask = sample.get(key)
        if mask is not None and mask.shape == size and mask.any():
            names[name] = True
            picture = blend(picture, np.full_like(picture, colour), 0.7 * (mask > 0))
    for mask in _objects(sample):
        if mask.shape == size:
            picture = outline(picture, mask)
    return picture


def _objects(sample: dict) -> list[np.ndarray]:
    """The objects' masks, as many as can be distinguished on a small image."""
    for key in ('gt_full_masks', 'gt_visible_masks'):
        if key in sample:
            return list(sample[key].astype(np.uint8))
    if 'gt_masks' in sample:  # mmdet's
        return list(sample['gt_masks'].to_ndarray())
    numbers = sample.get('gt_instance_map')
    if numbers is None:
        return []
    # Between objects that touch, a line; a mask each would take minutes for thousands.
    return [(numbers == number).astype(np.uint8) for number in np.unique(numbers) if number][:100]


def _fit(picture: np.ndarray, width: int) -> np.ndarray:
    return cv2.resize(
        np.ascontiguousarray(picture),
        panel_size(picture.shape, width),
        interpolation=cv2.INTER_AREA,
    )


def _title(path: str) -> str:
    name = Path(path).stem
    return name if len(name) <= _LONGEST_TITLE else f'{name[: _LONGEST_TITLE - 3]}...'
