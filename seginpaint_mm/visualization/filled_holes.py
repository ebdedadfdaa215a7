"""Draw filled holes and removed objects."""

import cv2
import numpy as np
import torch
from mmengine.structures import InstanceData

from seginpaint_mm.structures import SceneSample
from seginpaint_mm.visualization.panels import (
    PAPER,
    LegendEntry,
    Panel,
    blend,
    colourise,
    compose,
    draw_instances,
    outline,
    panel_size,
)

_OPACITY = 0.6
_UNRELIABLE = (214, 39, 40)


def has_filled_hole(sample: SceneSample) -> bool:
    """Whether a sample holds an image whose hole a model filled."""
    return 'pred_image' in sample and 'hole' in sample


def draw_filled_hole(
    image: np.ndarray,
    sample: SceneSample,
    palette: np.ndarray,
    legend: list[LegendEntry],
    panel_width: int = 512,
) -> np.ndarray:
    """Draw the input, the filled image and the ground truth; below, if any, the classes.

    Of a model that works from coarse to fine (``pred_image_4`` to ``pred_image_1``, SGE-Net's Fig.
    6) each scale has a row: its image, its classes, how sure it is of them (white: sure), its
    reliability map, and its gain in confidence over the scale before (white: 1).

    Args:
        image: RGB uint8 (H, W, 3), the image, complete or not.
        sample: ``pred_image`` and ``hole``; where they are known ``gt_image``, ``pred_sem_seg``,
            ``gt_sem_seg``, ``pred_confidence`` and the fields of scales, all of the image's size.
        palette: RGB uint8 (K, 3), colours of the classes.
        legend: Names and colours of the classes, shown where classes are.
        panel_width: Width in pixels that panels are brought to.

    Returns:
        np.ndarray: RGB uint8.

    Raises:
        ValueError: when the painting is not of the image's size.
    """
    panels = _Panels(sample, palette, image.shape[:2], panel_width)
    rows = [panels.pictures(image)]
    scales = range(1, 1 + sum(name.startswith('pred_image_') for name in sample.keys()))  # noqa: SIM118
    rows += [panels.of_scale(scale, f', scale {scale}') for scale in reversed(scales)]
    classes = panels.classes()
    return compose([*rows, *([classes] if classes else [])], legend if classes else [])


class _Panels:
    """Panels of one sample, all of the same size."""

    def __init__(
        self, sample: SceneSample, palette: np.ndarray, shape: tuple[int, int], width: int
    ) -> None:
        self.sample = sample
        self.palette = palette
        self.size = panel_size(shape, width)
        painted = tuple(sample.pred_image.data.shape[-2:])
        if painted != shape:
            raise ValueError(
                f'SceneVisualizer: pred_image is {painted} (height, width), the image is {shape}: '
                f'draw the sample on the image that the model saw.'
            )
        self.hole = self._map('hole')

    def pictures(self, image: np.ndarray) -> list[Panel]:
        """The input, the filled image and, where there is one, the ground truth."""
        known = self._fit(image)
        known[self.hole > 0] = PAPER
        panels = [
            ('to be filled', known),
            ('filled', self._picture('pred_image')),
        ]
        if 'gt_image' in self.sample:
            panels.append(('truth', self._picture('gt_image')))
        return panels

    def of_scale(self, scale: int, title: str) -> list[Panel]:
        """Image, classes, confidence, reliability and gain of one scale, those that there are."""
        suffix = f'_{scale}'
        panels = [(f'image{title}', self._picture(f'pred_image{suffix}'))]
        panels += self._found(suffix, title)
        name = f'pred_reliability{suffix}'
        if name in self.sample:
            unreliable = np.full((*self.hole.shape, 3), _UNRELIABLE, np.uint8)
            picture = self._picture(f'pred_image{suffix}')
            red = blend(picture, unreliable, 0.8 * (self._map(name) == 0))
            panels.append((f'not reliable: red{title}', red))
        return panels + self._gain(scale)

    def classes(self) -> list[Panel]:
        """Classes and confidence of the last scale, and the true classes beside them."""
        found = self._found('', '')
        if found and 'gt_sem_seg' in self.sample:
            truth = self._picture('gt_image' if 'gt_image' in self.sample else 'pred_image')
            found.append(('true classes', self._layout('gt_sem_seg', truth)))
        return found + self._gain(0)

    def _gain(self, scale: int) -> list[Panel]:
        """Draw the gain in confidence of a scale over the one before it, if both are known."""
        before, now = f'pred_confidence_{scale + 1}', f'pred_confidence_{scale}'
        now = now if scale else 'pred_confidence'
        if before not in self.sample or now not in self.sample:
            return []
        gain = (self._map(now) - self._map(before)).clip(0, 1)
        return [(f'gain over scale {scale + 1}', _grey(gain))]

    def _found(self, suffix: str, title: str) -> list[Panel]:
        panels = []
        if f'pred_sem_seg{suffix}' in self.sample:
            layout = self._layout(f'pred_sem_seg{suffix}', self._picture(f'pred_image{suffix}'))
            panels.append((f'classes{title}', layout))
        if f'pred_confidence{suffix}' in self.sample:
            panels.append((f'confidence{title}', _grey(self._map(f'pred_confidence{suffix}'))))
        return panels

    def _layout(self, name: str, picture: np.ndarray) -> np.ndarray:
        """Classes over an image, the hole outlined."""
        colours = colourise(self._map(name).astype(np.uint8), self.palette)
        opacity = np.full(self.hole.shape, _OPACITY)
        return outline(blend(picture, colours, opacity), self.hole)

    def _picture(self, name: str) -> np.ndarray:
        planes = self.sample.get(name).data.cpu().numpy()
        return np.dstack([self._fit(plane) for plane in planes])

    def _fit(self, picture: np.ndarray) -> np.ndarray:
        enlarged = self.size[0] > picture.shape[1]
        way = cv2.INTER_CUBIC if enlarged else cv2.INTER_AREA
        return cv2.resize(np.ascontiguousarray(picture), self.size, interpolation=way)

    def _map(self, name: str) -> np.ndarray:
        values = self.sample.get(name).data[0].cpu().numpy()
        kind = np.float32 if values.dtype.kind == 'f' else np.uint8
        return cv2.resize(values.astype(kind), self.size, interpolation=cv2.INTER_NEAREST)


def _grey(values: np.ndarray) -> np.ndarray:
    """RGB uint8 of (h, w) in [0, 1], 1 = white."""
    return np.repeat((255 * values).round().astype(np.uint8)[..., None], 3, axis=2)


_REMOVED = (214, 39, 40)
_REMOVED_OPACITY = 0.5


def has_removed_objects(sample: SceneSample) -> bool:
    """Whether a sample tells of objects that were removed, or could be."""
    found = sample.get('pred_instances')
    return 'pred_mask' in sample or (found is not None and 'removed' in found)


def draw_removed_objects(
    image: np.ndarray, sample: SceneSample, panel_width: int = 512
) -> np.ndarray:
    """Draw the image with the found objects, the masks to be removed, and the result.

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
    return outline(blend(picture, red, _REMOVED_OPACITY * (small > 0)), small)


def _fit_planes(sample: SceneSample, name: str, size: tuple[int, int]) -> np.ndarray:
    planes = sample.get(name).data.cpu().numpy()
    return np.dstack([_fit(plane, size) for plane in planes])


def _fit(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    way = cv2.INTER_CUBIC if size[0] > picture.shape[1] else cv2.INTER_AREA
    return cv2.resize(np.ascontiguousarray(picture), size, interpolation=way)
