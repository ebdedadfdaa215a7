"""Objects that were completed: what is seen of them, all of them, painted, and who hides whom."""

import cv2
import numpy as np
from mmengine.structures import InstanceData
from torch import Tensor

from seginpaint_mm.depth_order import DepthOrder, infer_depth_order
from seginpaint_mm.structures import SceneSample
from seginpaint_mm.visualization.depth_order import draw_depth_order
from seginpaint_mm.visualization.instances import distinct_colours
from seginpaint_mm.visualization.object_panels import LEGEND, object_panels
from seginpaint_mm.visualization.panels import PAPER, Panel, compose, outline, panel_size

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
    shown = [
        object_panels(image, found, truth, row, f'object {row + FIRST}', panel_width // 2)
        for row in _most_hidden(found, truth)
    ]
    for start in range(0, len(shown), _OBJECTS_A_ROW):
        rows.append([panel for item in shown[start : start + _OBJECTS_A_ROW] for panel in item])
    return compose(rows, LEGEND)


def draw_object_masks(
    image: np.ndarray, seen: Tensor, full: Tensor | None, panel_width: int
) -> np.ndarray:
    """Draw what is seen of objects tinted, and what is hidden of them striped.

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
    """A picture at the size of a panel, and what is drawn over it."""

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
