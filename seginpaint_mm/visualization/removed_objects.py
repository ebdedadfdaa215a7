"""Objects that were removed: what was found, what was taken for their place, and the result."""

import cv2
import numpy as np
import torch
from mmengine.structures import InstanceData

from seginpaint_mm.structures import SceneSample
from seginpaint_mm.visualization.instances import draw_instances
from seginpaint_mm.visualization.panels import Panel, blend, compose, outline, panel_size

_REMOVED = (214, 39, 40)
_OPACITY = 0.5


def has_removed_objects(sample: SceneSample) -> bool:
    """Whether a sample tells of objects that were removed, or could be."""
    found = sample.get('pred_instances')
    return 'pred_mask' in sample or (found is not None and 'removed' in found)


def draw_removed_objects(
    image: np.ndarray, sample: SceneSample, panel_width: int = 512
) -> np.ndarray:
    """Draw the picture with what was found in it, the masks of what goes, and the result.

    Args:
        image: RGB uint8 (H, W, 3).
        sample: Where they are known ``pred_image``, ``pred_mask``, ``pred_mask_before``,
            ``pred_instances`` with ``names``, whose numbers count from 1, ``gt_image`` and, beside
            it, the true mask ``hole``; all of the image's size.
        panel_width: Width in pixels that panels are brought to.

    Returns:
        np.ndarray: RGB uint8.
    """
    size = panel_size(image.shape, panel_width)
    seen = _fit(image, size)
    is_known = 'gt_image' in sample
    masks = {
        'mask before': 'pred_mask_before',
        'mask': 'pred_mask',
        **({'true mask': 'hole'} if is_known else {}),
    }
    row = [('picture', _with_objects(seen, sample.get('pred_instances')))]
    row += [
        (title, _marked(seen, sample.get(name).data[0].cpu().numpy()))
        for title, name in masks.items()
        if name in sample
    ]
    if 'pred_image' in sample:
        row.append(('removed', _fit_planes(sample, 'pred_image', size)))
    if is_known:
        row.append(('truth', _fit_planes(sample, 'gt_image', size)))
    return compose(_rows(row), [])


def _rows(panels: list[Panel]) -> list[list[Panel]]:
    """One row of up to four panels, or two."""
    half = len(panels) if len(panels) <= 4 else (len(panels) + 1) // 2
    return [panels[start : start + half] for start in range(0, len(panels), half)]


def _with_objects(picture: np.ndarray, found: InstanceData | None) -> np.ndarray:
    if found is None or 'names' not in found:
        return picture
    titles = [f'{number} {name}'.strip() for number, name in enumerate(found.names, start=1)]
    numbered = InstanceData(masks=found.masks, labels=torch.arange(len(found)))
    return draw_instances(picture, numbered, titles)


def _marked(picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    small = cv2.resize(mask, picture.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    red = np.full_like(picture, _REMOVED)
    return outline(blend(picture, red, _OPACITY * (small > 0)), small)


def _fit_planes(sample: SceneSample, name: str, size: tuple[int, int]) -> np.ndarray:
    planes = sample.get(name).data.cpu().numpy()
    return np.dstack([_fit(plane, size) for plane in planes])


def _fit(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    way = cv2.INTER_CUBIC if size[0] > picture.shape[1] else cv2.INTER_AREA
    return cv2.resize(np.ascontiguousarray(picture), size, interpolation=way)
