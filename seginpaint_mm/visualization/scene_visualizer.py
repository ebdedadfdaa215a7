"""``SceneVisualizer``: a scene's prediction above its ground truth, as labelled panels."""

from collections.abc import Collection, Sequence
from pathlib import Path

import cv2
import numpy as np
from mmengine.dist import master_only
from mmengine.structures import PixelData
from mmengine.visualization import Visualizer

from seginpaint_mm.registry import VISUALIZERS
from seginpaint_mm.structures import SceneSample, predicted_maps
from seginpaint_mm.utils.files import write_image
from seginpaint_mm.visualization.completed_objects import (
    draw_completed_objects,
    has_completed_objects,
)
from seginpaint_mm.visualization.filled_holes import (
    draw_filled_hole,
    draw_removed_objects,
    has_filled_hole,
    has_removed_objects,
)
from seginpaint_mm.visualization.panels import (
    PAPER,
    UNKNOWN,
    LegendEntry,
    Panel,
    blend,
    colourise,
    compose,
    distinct_colours,
    draw_instances,
    outline,
    panel_size,
)

IGNORE_INDEX = 255
FOREGROUND = (255, 140, 0)
RIGHT, WRONG = (60, 160, 75), (214, 39, 40)

_SIZE_OF_IMAGE = ('pred_foreground', 'pred_background', 'gt_foreground', 'gt_background')
_ANY_SIZE = ('pred_sem_seg', 'gt_sem_seg')  # mmseg's segmentors predict at the original size


@VISUALIZERS.register_module()
class SceneVisualizer(Visualizer):
    """MMEngine's visualizer with one image per scene: labelled panels above a legend.

    The upper row shows the prediction: the image, the foreground found, and the layout with what
    is hidden behind it, or the classes that a segmentor sees and the instances. Where the truth is
    known, the row below shows the truth and the error. Objects that are known, or found, as a whole
    are drawn by :func:`draw_completed_objects`, what was removed by :func:`draw_removed_objects`.

    Args:
        name: Name of the instance, unique in a process.
        vis_backends: Configs of MMEngine's backends (local files, TensorBoard, ...).
        save_dir: Root folder of the backends; the Runner gives its own.
        panel_width: Width in pixels that panels are brought to: small images are enlarged,
            large ones reduced. Panels are at most twice as high; narrower images stay narrower.
        min_instance_score: Instances found with a lower score are not drawn.
    """

    def __init__(
        self,
        name: str = 'visualizer',
        vis_backends: list[dict] | None = None,
        save_dir: str | None = None,
        panel_width: int = 512,
        min_instance_score: float = 0.5,
    ) -> None:
        super().__init__(name=name, vis_backends=vis_backends, save_dir=save_dir)
        self.panel_width = panel_width
        self.min_instance_score = min_instance_score

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
            name: Identifies the image in the backends.
            image: RGB uint8 (H, W, 3).
            data_sample: A :class:`SceneSample` whose maps have the image's size.
            out_file: Where to write the image instead, by its suffix (``.png``, ``.jpg``).
            step: Number of the image in the backends.
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
            data_sample: A :class:`SceneSample` whose maps have the image's size, or its size before
                it was resized, ``ori_shape``.

        Returns:
            np.ndarray: RGB uint8.

        Raises:
            ValueError: when the visualizer has no classes, or sizes differ.
        """
        if has_completed_objects(data_sample):
            return draw_completed_objects(image, data_sample, self.panel_width)
        if has_removed_objects(data_sample):
            return draw_removed_objects(image, data_sample, self.panel_width)
        meta = self.dataset_meta or {}
        if 'classes' not in meta:
            raise ValueError(
                'SceneVisualizer needs class names, and takes their colours: '
                'set visualizer.dataset_meta = dict(classes=..., palette=...).'
            )
        palette = np.array(meta.get('palette', ()), np.uint8).reshape(-1, 3)
        if not len(palette):
            palette = np.array(distinct_colours(len(meta['classes'])), np.uint8).reshape(-1, 3)
        things = [meta['classes'][thing] for thing in meta.get('thing_ids', ())]
        legend = list(zip(meta['classes'], palette.tolist(), strict=True))
        if has_filled_hole(data_sample):
            return draw_filled_hole(image, data_sample, palette, legend, self.panel_width)
        scene = _Scene(image, data_sample, palette, self.panel_width)
        scene.draw_instances(data_sample, things, self.min_instance_score)
        return compose(scene.rows(), legend + scene.extra_legend())


class _Scene:
    """A scene's maps, brought to the size of a panel, and the panels drawn from them."""

    def __init__(
        self, image: np.ndarray, sample: SceneSample, palette: np.ndarray, panel_width: int
    ) -> None:
        height, width = image.shape[:2]
        self.size = panel_size(image.shape, panel_width)
        enlarged = self.size[0] > width
        self.image = cv2.resize(
            image, self.size, interpolation=cv2.INTER_CUBIC if enlarged else cv2.INTER_AREA
        )
        self.palette = palette
        visible = 'pred_sem_seg' in predicted_maps(sample)
        names = _SIZE_OF_IMAGE + (_ANY_SIZE if visible else ())
        shapes = {(height, width), tuple(sample.get('ori_shape', (height, width))[:2])}
        self.maps = {
            name: self._fit(name, sample.get(name), shapes) for name in names if name in sample
        }
        self.instances: dict[str, np.ndarray] = {}

    def draw_instances(self, sample: SceneSample, things: Sequence[str], min_score: float) -> None:
        """Add those predicted and, beside them or where nothing is predicted, the true ones.

        Raises:
            ValueError: when a label is not in ``things``, the names of the classes of things.
        """
        fields = sample.keys()
        if 'pred_instances' in fields or not any(name.startswith('pred_') for name in fields):
            for source in ('pred', 'gt'):
                if f'{source}_instances' in fields:
                    self.instances[source] = draw_instances(
                        self.image, sample.get(f'{source}_instances'), things, min_score
                    )

    def _fit(self, name: str, field: PixelData, shapes: Collection[tuple[int, int]]) -> np.ndarray:
        ids = field.data.squeeze(0).cpu().numpy().astype(np.uint8)
        if name in _SIZE_OF_IMAGE and ids.shape not in shapes:
            known = ' or '.join(str(shape) for shape in sorted(shapes))
            raise ValueError(
                f'SceneVisualizer: {name} is {ids.shape} (height, width), the image is {known}: '
                f'draw the sample on the image that the model saw.'
            )
        return cv2.resize(ids, self.size, interpolation=cv2.INTER_NEAREST)

    def rows(self) -> list[list[Panel]]:
        """One row for the prediction and, where the truth is known, one for the truth below."""
        prediction = self._row('pred', 'foreground found', 'predicted')
        truth = self._row('gt', 'true foreground', 'true')
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

    def _row(self, source: str, foreground_title: str, adjective: str) -> list[Panel]:
        panels = []
        mask = self.maps.get(f'{source}_foreground')
        if mask is not None:
            panels.append((foreground_title, self.foreground(mask)))
        layout = self.maps.get(f'{source}_background')
        if layout is not None:
            panels.append((f'{adjective} layout', self.layout(layout, mask)))
        classes = self.maps.get(f'{source}_sem_seg')
        if classes is not None:
            panels.append((f'{adjective} classes', self.layout(classes, None)))
        if source in self.instances:
            panels.append((f'{adjective} instances', self.instances[source]))
        return panels

    def _blank(self) -> np.ndarray:
        return np.full_like(self.image, PAPER)

    def foreground(self, mask: np.ndarray) -> np.ndarray:
        """The image with the foreground (1) tinted and outlined."""
        colours = np.full_like(self.image, FOREGROUND)
        return outline(blend(self.image, colours, 0.6 * (mask > 0)), mask)

    def layout(self, classes: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
        """The classes over the image; behind the foreground almost opaque, its outline in white."""
        opacity = np.full(classes.shape, 0.55)
        if mask is not None:
            opacity[mask > 0] = 0.9
        colours = colourise(classes, self.palette)
        picture = blend(self.image, colours, opacity)
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
        picture = blend(grey, colours, 0.8 * (wrong | right))
        picture = blend(picture, np.full_like(picture, UNKNOWN), 0.8 * ~known)
        return outline(picture, mask)

    def _compared(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Truth and prediction of the same thing, if there are both."""
        for field in ('background', 'sem_seg'):
            if {f'gt_{field}', f'pred_{field}'} <= self.maps.keys():
                return self.maps[f'gt_{field}'], self.maps[f'pred_{field}']
        return None
