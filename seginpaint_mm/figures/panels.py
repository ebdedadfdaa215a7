"""``PANELS``: the panels of a figure, by name."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from seginpaint_mm.datasets.transforms.hole_shapes import signed_distance
from seginpaint_mm.structures import SceneSample
from seginpaint_mm.visualization.completed_objects import draw_object_masks
from seginpaint_mm.visualization.panels import (
    INK,
    PAPER,
    WHITE,
    blend,
    colourise,
    outline,
    panel_size,
)

_FOREGROUND, _REMOVED = (255, 140, 0), (214, 39, 40)
_RIGHT, _WRONG = (60, 160, 75), (214, 39, 40)
_LOW, _HIGH = (33, 102, 172), (178, 24, 43)  # below and above 0
_GREATEST = 0.5  # difference of confidences that has the full colour
_UNKNOWN = 255


@dataclass(frozen=True)
class View:
    """An image, what is known and predicted of it, and what a column asks for.

    Attributes:
        image: RGB uint8 (H, W, 3), as the model saw it.
        sample: Truth and predictions, with maps of the image's size.
        palette: uint8 (K, 3), colours of the classes.
        width: Of the panel, in pixels.
        scale: Of a model that works from coarse to fine, 1 is the finest; None for its result.
        alpha: Margin of a distance map.
        unit: Of alpha.
    """

    image: np.ndarray
    sample: SceneSample
    palette: np.ndarray
    width: int
    scale: int | None = None
    alpha: float = 0.0
    unit: str = 'outside'

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the panel."""
        return panel_size(self.image.shape, self.width)

    def fit(self, image: np.ndarray) -> np.ndarray:
        """An image, uint8 (H, W, 3), at the panel's size."""
        way = cv2.INTER_CUBIC if self.size[0] > image.shape[1] else cv2.INTER_AREA
        return cv2.resize(np.ascontiguousarray(image), self.size, interpolation=way)

    def planes(self, name: str) -> np.ndarray:
        """A field of colours, uint8 (H, W, 3), at the panel's size."""
        return self.fit(self.sample.get(name).data.cpu().numpy().transpose(1, 2, 0))

    def map(self, name: str) -> np.ndarray:
        """A field of one plane, uint8 or float32 (h, w), at the panel's size."""
        values = self.sample.get(name).data[0].cpu().numpy()
        kind = np.float32 if values.dtype.kind == 'f' else np.uint8
        return cv2.resize(values.astype(kind), self.size, interpolation=cv2.INTER_NEAREST)

    def tinted(self, mask: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
        """The image, a 0/1 mask (h, w) laid over it."""
        image = self.fit(self.image)
        return outline(blend(image, np.full_like(image, colour), 0.6 * (mask > 0)), mask)


@dataclass(frozen=True)
class PanelKind:
    """How a panel is drawn.

    Attributes:
        fields: Of the sample that it needs; ``{scale}`` is that of the view with an underscore,
            ``{coarser}`` that of the next coarser one.
        draw: Of a view.
    """

    fields: tuple[str, ...]
    draw: Callable[[View], np.ndarray]

    @property
    def has_classes(self) -> bool:
        """Whether classes are drawn in their colours."""
        return any('background' in field or 'sem_seg' in field for field in self.fields)

    @property
    def is_predicted(self) -> bool:
        """Whether a model must predict a field of it."""
        return any(field.startswith('pred_') for field in self.fields)

    def needs(self, scale: int | None) -> list[str]:
        """The fields, of a scale."""
        suffixes = dict(scale=_suffix(scale), coarser=_suffix((scale or 0) + 1))
        return [field.format(**suffixes) for field in self.fields]


def _suffix(scale: int | None) -> str:
    return f'_{scale}' if scale else ''


def _layout(view: View, classes: str, foreground: str) -> np.ndarray:
    """The classes of the background, behind the foreground, which is outlined, almost opaque."""
    mask = view.map(foreground) if foreground in view.sample else None
    ids = view.map(classes)
    opacity = np.full(ids.shape, 0.55)
    if mask is not None:
        opacity[mask > 0] = 0.9
    drawn = blend(view.fit(view.image), colourise(ids, view.palette), opacity)
    return drawn if mask is None else outline(drawn, mask)


def _classes(view: View, name: str) -> np.ndarray:
    ids = view.map(name)
    drawn = blend(view.fit(view.image), colourise(ids, view.palette), np.full(ids.shape, 0.7))
    return outline(drawn, view.map('hole')) if 'hole' in view.sample else drawn


def _error(view: View) -> np.ndarray:
    """A grey image; wrong pixels red, right ones behind the foreground green."""
    truth, found = view.map('gt_background'), view.map('pred_background')
    known = truth != _UNKNOWN
    wrong = known & (found != truth)
    hidden = view.map('gt_foreground') > 0 if 'gt_foreground' in view.sample else known & False
    right = known & ~wrong & hidden
    grey = cv2.cvtColor(view.fit(view.image), cv2.COLOR_RGB2GRAY)
    colours = np.where(wrong[..., None], np.array(_WRONG), np.array(_RIGHT))
    return blend(np.dstack([grey] * 3), colours, 0.8 * (wrong | right))


def _to_fill(view: View) -> np.ndarray:
    known = view.planes('gt_image') if 'gt_image' in view.sample else view.fit(view.image)
    known[view.map('hole') > 0] = PAPER
    return known


def _confidence(view: View) -> np.ndarray:
    sure = (255 * view.map(f'pred_confidence{_suffix(view.scale)}')).round().astype(np.uint8)
    return np.dstack([sure] * 3)


def _confidence_gain(view: View) -> np.ndarray:
    """By what the confidence in the hole differs from that of the next coarser scale."""
    finer = view.map(f'pred_confidence{_suffix(view.scale)}')
    coarser = view.map(f'pred_confidence{_suffix((view.scale or 0) + 1)}')
    gain = np.where(view.map('hole') > 0, finer - coarser, 0)
    return outline(_diverging(gain / _GREATEST), view.map('hole'))


def _reliability(view: View) -> np.ndarray:
    """The image of the scale, in white what is not reliable, in grey what was not filled."""
    reliable = view.map(f'pred_reliability{_suffix(view.scale)}') > 0
    drawn = view.planes(f'pred_image{_suffix(view.scale)}') // 2
    drawn[~reliable] = WHITE
    return outline(drawn, view.map('hole'))


def _distance(view: View) -> np.ndarray:
    """phi - alpha of eq. (9), blue where negative: the mask that the loss asks for is outlined."""
    hole = view.sample.hole.data[0].cpu().numpy()
    phi = signed_distance(hole, 'pixels')
    inside, outside = max(-phi.min(), 1e-6), max(phi.max(), 1e-6)
    margin = view.alpha * {'outside': outside, 'inside': inside, 'pixels': 1}[view.unit]
    shares = np.where(phi < 0, phi / inside, phi / outside)
    moved = cv2.resize(shares - margin / outside, view.size, interpolation=cv2.INTER_LINEAR)
    grown = cv2.resize((phi < margin).astype(np.uint8), view.size, interpolation=cv2.INTER_NEAREST)
    truth = cv2.resize(hole, view.size, interpolation=cv2.INTER_NEAREST)
    contours, _ = cv2.findContours(truth, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    drawn = cv2.drawContours(_diverging(moved), contours, -1, INK, 1)
    return outline(drawn, grown)


def _diverging(values: np.ndarray) -> np.ndarray:
    """RGB of numbers from -1, blue, over 0, white, to 1, red."""
    share = np.clip(np.abs(values), 0, 1)
    colours = np.where(values[..., None] < 0, np.array(_LOW), np.array(_HIGH))
    return blend(np.full((*values.shape, 3), 255, np.uint8), colours, share)


def _objects(view: View, source: str, *, whole: bool) -> np.ndarray:
    objects = view.sample.get(f'{source}_instances').cpu()
    full = objects.full_masks if whole else None
    return draw_object_masks(view.image, objects.masks, full, view.width)


PANELS: dict[str, PanelKind] = {
    'image': PanelKind((), lambda view: view.fit(view.image)),
    'foreground': PanelKind(
        ('pred_foreground',), lambda view: view.tinted(view.map('pred_foreground'), _FOREGROUND)
    ),
    'true foreground': PanelKind(
        ('gt_foreground',), lambda view: view.tinted(view.map('gt_foreground'), _FOREGROUND)
    ),
    'layout': PanelKind(
        ('pred_background',), lambda view: _layout(view, 'pred_background', 'pred_foreground')
    ),
    'true layout': PanelKind(
        ('gt_background',), lambda view: _layout(view, 'gt_background', 'gt_foreground')
    ),
    'error': PanelKind(('pred_background', 'gt_background'), _error),
    'classes': PanelKind(
        ('pred_sem_seg{scale}',),
        lambda view: _classes(view, f'pred_sem_seg{_suffix(view.scale)}'),
    ),
    'true classes': PanelKind(('gt_sem_seg',), lambda view: _classes(view, 'gt_sem_seg')),
    'to be filled': PanelKind(('hole',), _to_fill),
    'filled': PanelKind(
        ('pred_image{scale}',), lambda view: view.planes(f'pred_image{_suffix(view.scale)}')
    ),
    'truth': PanelKind(('gt_image',), lambda view: view.planes('gt_image')),
    'confidence': PanelKind(('pred_confidence{scale}',), _confidence),
    'confidence gain': PanelKind(
        ('pred_confidence{scale}', 'pred_confidence{coarser}', 'hole'), _confidence_gain
    ),
    'reliability': PanelKind(
        ('pred_reliability{scale}', 'pred_image{scale}', 'hole'), _reliability
    ),
    'mask': PanelKind(('pred_mask',), lambda view: view.tinted(view.map('pred_mask'), _REMOVED)),
    'true mask': PanelKind(('hole',), lambda view: view.tinted(view.map('hole'), _REMOVED)),
    'distance': PanelKind(('hole',), _distance),
    'visible masks': PanelKind(('gt_instances',), lambda view: _objects(view, 'gt', whole=False)),
    'whole objects': PanelKind(
        ('pred_instances',), lambda view: _objects(view, 'pred', whole=True)
    ),
    'true whole objects': PanelKind(
        ('gt_instances',), lambda view: _objects(view, 'gt', whole=True)
    ),
}
