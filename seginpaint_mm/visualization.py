"""Pictures a person would want to look at: what is found, what is behind it, and what is wrong."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from mmengine.dist import master_only
from mmengine.structures import PixelData
from mmengine.visualization import Visualizer

from seginpaint_mm.files import write_image
from seginpaint_mm.registry import VISUALIZERS
from seginpaint_mm.structures import SceneSample, predicted_maps

IGNORE_INDEX = 255
WHITE, INK, PAPER = (255, 255, 255), (40, 40, 40), (246, 246, 246)
FOREGROUND, UNKNOWN = (255, 140, 0), (110, 110, 110)
RIGHT, WRONG = (60, 160, 75), (214, 39, 40)
HEADER, GAP, TEXT_SCALE = 34, 8, 0.6
LEGEND_WIDTH = 1280  # or as wide as the panels above

_SIZE_OF_IMAGE = ('pred_foreground', 'pred_background', 'gt_foreground', 'gt_background')
_ANY_SIZE = ('pred_sem_seg', 'gt_sem_seg')  # mmseg's segmentors predict at the original size

Panel = tuple[str, np.ndarray]
LegendEntry = tuple[str, Sequence[int]]


@VISUALIZERS.register_module()
class SceneVisualizer(Visualizer):
    """MMEngine's visualizer with one picture a scene: labelled panels above a legend.

    The upper row shows the prediction: the image, the foreground found, and the layout with what
    is hidden behind it, or the classes that a segmentor sees. Where the truth is known, the row
    below shows the truth and the error.

    Args:
        name: Name of the instance, unique in a process.
        vis_backends: Configs of MMEngine's backends (local files, TensorBoard, ...).
        save_dir: Root folder of the backends; the Runner gives its own.
        panel_width: Width in pixels that panels are brought to: small images are enlarged,
            large ones reduced.
    """

    def __init__(
        self,
        name: str = 'visualizer',
        vis_backends: list[dict] | None = None,
        save_dir: str | None = None,
        panel_width: int = 512,
    ) -> None:
        super().__init__(name=name, vis_backends=vis_backends, save_dir=save_dir)
        self.panel_width = panel_width

    @master_only
    def add_datasample(
        self,
        name: str,
        image: np.ndarray,
        data_sample: SceneSample,
        out_file: str | Path | None = None,
        step: int = 0,
    ) -> None:
        """Draw a scene and hand it to the backends, or write it to ``out_file``.

        Args:
            name: Identifies the picture in the backends.
            image: RGB uint8 (H, W, 3).
            data_sample: A :class:`SceneSample` whose maps have the image's size.
            out_file: Where to write the picture instead, by its suffix (``.png``, ``.jpg``).
            step: Number of the picture in the backends.
        """
        picture = self.draw(image, data_sample)
        if out_file is None:
            self.add_image(name, picture, step)
        else:
            write_image(out_file, picture[..., ::-1])

    def draw(self, image: np.ndarray, data_sample: SceneSample) -> np.ndarray:
        """Draw all panels that the sample has fields for.

        Args:
            image: RGB uint8 (H, W, 3).
            data_sample: A :class:`SceneSample` whose maps have the image's size; ``pred_sem_seg``
                and ``gt_sem_seg`` may have that of the image before it was resized.

        Returns:
            np.ndarray: RGB uint8.

        Raises:
            ValueError: when the visualizer has no classes and palette, or sizes differ.
        """
        meta = self.dataset_meta or {}
        if 'classes' not in meta or 'palette' not in meta:
            raise ValueError(
                'SceneVisualizer needs class names and colours: '
                'set visualizer.dataset_meta = dict(classes=..., palette=...).'
            )
        palette = np.array(meta['palette'], np.uint8)
        scene = _Scene(image, data_sample, palette, self.panel_width)
        legend = list(zip(meta['classes'], palette.tolist(), strict=True))
        return compose(scene.rows(), legend + scene.extra_legend())


class _Scene:
    """A scene's maps, brought to the size of a panel, and the panels drawn from them."""

    def __init__(
        self, image: np.ndarray, sample: SceneSample, palette: np.ndarray, panel_width: int
    ) -> None:
        height, width = image.shape[:2]
        self.size = (panel_width, max(1, round(height * panel_width / width)))
        enlarged = panel_width > width
        self.image = cv2.resize(
            image, self.size, interpolation=cv2.INTER_CUBIC if enlarged else cv2.INTER_AREA
        )
        self.palette = palette
        visible = 'pred_sem_seg' in predicted_maps(sample)
        names = _SIZE_OF_IMAGE + (_ANY_SIZE if visible else ())
        self.maps = {
            name: self._fit(name, sample.get(name), (height, width))
            for name in names
            if name in sample
        }

    def _fit(self, name: str, field: PixelData, shape: tuple[int, int]) -> np.ndarray:
        ids = field.data.squeeze(0).cpu().numpy().astype(np.uint8)
        if name in _SIZE_OF_IMAGE and ids.shape != shape:
            raise ValueError(
                f'SceneVisualizer: {name} is {ids.shape} (height, width), the image is {shape}: '
                f'draw the sample on the image that the model saw.'
            )
        return cv2.resize(ids, self.size, interpolation=cv2.INTER_NEAREST)

    def rows(self) -> list[list[Panel]]:
        """One row for the prediction and, where the truth is known, one for the truth below."""
        prediction = self._row('pred', 'foreground found', 'predicted layout', 'predicted classes')
        truth = self._row('gt', 'true foreground', 'true layout', 'true classes')
        image = ('image', self.image)
        if not (prediction and truth):
            return [[image, *prediction, *truth]]
        corner = ('error', self.error()) if self._compared() else ('', self._blank())
        return [[image, *prediction], [corner, *truth]]

    def extra_legend(self) -> list[LegendEntry]:
        """Colours that are not classes."""
        entries = []
        if 'pred_foreground' in self.maps or 'gt_foreground' in self.maps:
            entries.append(('foreground', FOREGROUND))
        if 'gt_background' in self.maps or 'gt_sem_seg' in self.maps:
            entries.append(('unknown', UNKNOWN))
        if self._compared():
            behind = [('right behind foreground', RIGHT)] * ('gt_foreground' in self.maps)
            entries += [*behind, ('wrong', WRONG)]
        return entries

    def _row(
        self, source: str, foreground_title: str, layout_title: str, classes_title: str
    ) -> list[Panel]:
        panels = []
        mask = self.maps.get(f'{source}_foreground')
        if mask is not None:
            panels.append((foreground_title, self.foreground(mask)))
        layout = self.maps.get(f'{source}_background')
        if layout is not None:
            panels.append((layout_title, self.layout(layout, mask)))
        classes = self.maps.get(f'{source}_sem_seg')
        if classes is not None:
            panels.append((classes_title, self.layout(classes, None)))
        return panels

    def _blank(self) -> np.ndarray:
        return np.full_like(self.image, PAPER)

    def foreground(self, mask: np.ndarray) -> np.ndarray:
        """The image with the foreground (1) tinted and outlined."""
        colours = np.full_like(self.image, FOREGROUND)
        return outline(_blend(self.image, colours, 0.6 * (mask > 0)), mask)

    def layout(self, classes: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
        """The classes over the image; behind the foreground almost opaque, its outline in white."""
        opacity = np.full(classes.shape, 0.55)
        if mask is not None:
            opacity[mask > 0] = 0.9
        colours = _colourise(classes, self.palette)
        picture = _blend(self.image, colours, opacity)
        return picture if mask is None else outline(picture, mask)

    def error(self) -> np.ndarray:
        """Grey image; wrong pixels red, right ones behind the foreground green."""
        truth, prediction = self._compared()
        mask = self.maps.get('gt_foreground', np.zeros_like(truth))
        known = truth != IGNORE_INDEX
        wrong = known & (prediction != truth)
        right = known & ~wrong & (mask > 0)
        grey = np.repeat(cv2.cvtColor(self.image, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
        colours = np.where(wrong[..., None], np.uint8(WRONG), np.uint8(RIGHT))
        picture = _blend(grey, colours, 0.8 * (wrong | right))
        picture = _blend(picture, np.full_like(picture, UNKNOWN), 0.8 * ~known)
        return outline(picture, mask)

    def _compared(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Truth and prediction of the same thing, if there are both."""
        for field in ('background', 'sem_seg'):
            if {f'gt_{field}', f'pred_{field}'} <= self.maps.keys():
                return self.maps[f'gt_{field}'], self.maps[f'pred_{field}']
        return None


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


def _blend(picture: np.ndarray, colours: np.ndarray, opacity: np.ndarray) -> np.ndarray:
    weight = opacity[..., None].astype(np.float32)
    return (picture * (1 - weight) + colours * weight).round().astype(np.uint8)


def _colourise(classes: np.ndarray, palette: np.ndarray) -> np.ndarray:
    table = np.full((256, 3), UNKNOWN, np.uint8)
    table[: len(palette)] = palette
    return table[classes]


def _framed(title: str, panel: np.ndarray) -> np.ndarray:
    height, width = panel.shape[:2]
    frame = np.full((height + HEADER + GAP, width + 2 * GAP, 3), PAPER, np.uint8)
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
