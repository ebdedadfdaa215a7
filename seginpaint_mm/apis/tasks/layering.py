"""``LayersTask``: a photo as a background and completed objects, in files that programs open."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
from torch import nn

from seginpaint_mm.apis.inputs import SceneInput
from seginpaint_mm.apis.mask_sources import VisibleObjects
from seginpaint_mm.apis.tasks.completion import CompletionTask
from seginpaint_mm.apis.tasks.task import Rounds
from seginpaint_mm.geometry.masks import CroppedMasks
from seginpaint_mm.layers import Layer, Layering, layered_scene, with_rim, write_layers
from seginpaint_mm.structures import SceneSample
from seginpaint_mm.utils.files import write_image

# BGR uint8 (H, W, 3) and the hole, as one packed mask, to the same image, painted in the hole.
PaintBackground = Callable[[np.ndarray, CroppedMasks], np.ndarray]
# BGR uint8 (H, W, 3) to classes of the background (H, W), and their names.
PredictLayout = Callable[[np.ndarray], tuple[np.ndarray, tuple[str, ...]]]


class LayersTask(CompletionTask):
    """Takes photos apart, see :class:`LayeredScene`.

    The sample has what :class:`CompletionTask` finds, of masks with their rim, and ``pred_layers``,
    the :class:`LayeredScene`. Files:

    - ``pred/layers/<name>/``, ``<name>.ora`` and ``<name>.psd``, as far as they are asked for, see
      :func:`write_layers`;
    - ``pred/layout/<name>.png``: uint8, the classes of the background, also behind the objects,
      where a model for it is named.

    Attributes:
        layering: How it is done.
        paint_background: Paints what objects cover; set before the first image.
        predict_layout: Predicts the classes of the background; None without such a model.
    """

    model_tasks: ClassVar[tuple[str, ...]] = ('complete',)
    occluders_of_one: ClassVar[str] = 'given'  # else its layer would cover what is seen of others

    def __init__(self, model: nn.Module, dataset_meta: Mapping) -> None:
        super().__init__(model, dataset_meta)
        self.layering = Layering()
        self.paint_background: PaintBackground | None = None
        self.predict_layout: PredictLayout | None = None

    def rounds(self, picture: dict, image: np.ndarray, objects: VisibleObjects) -> Rounds:
        """Complete the objects, then paint the background, and take the photo apart."""
        objects = replace(objects, masks=with_rim(objects.masks, self.layering.rim))
        sample = yield from super().rounds(picture, image, objects)
        found = sample.pred_instances
        covered = CroppedMasks.pack([objects.masks.union()], image.shape[:2])
        background = self.paint_background(image, covered) if covered.area(0) else image
        background = np.ascontiguousarray(background[..., ::-1])
        paintings = [None] * len(found)
        if 'cutouts' in found:
            corners = found.bboxes[:, :2].int().tolist()
            paintings = [
                Layer('', cutout, *corner)
                for cutout, corner in zip(found.cutouts, corners, strict=True)
            ]
        sample.pred_layers = layered_scene(
            image[..., ::-1],
            background,
            found.masks,
            found.full_masks,
            paintings,
            sample.pred_depth_order,
            found.names,
            self.layering.feather,
        )
        for item in sample.pred_layers.objects:
            row = item.number - 1
            item.details['score'] = _score(objects, row)
        if self.predict_layout is not None:
            sample.pred_layout = self.predict_layout(image)
        return sample

    def write(
        self,
        folder: Path,
        scene: SceneInput,
        image: np.ndarray,
        sample: SceneSample,
        draw: bool = True,
    ) -> dict:
        parts = scene.read_parts()
        layout = {}
        file = f'pred/layout/{scene.name}.png'
        if 'pred_layout' in sample:
            classes, names = sample.pred_layout
            write_image(folder / file, classes.astype(np.uint8))
            layout = dict(layout=file, layout_classes=list(names))
        else:
            (folder / file).unlink(missing_ok=True)
        notes = [] if self.predict_layout else ['no model of the layout is named']
        if sample.pred_layers.objects and 'cutouts' not in sample.pred_instances:
            notes.append(f'{type(self.model).__name__} paints nothing: hidden parts are left out')
        if parts.alpha is not None:
            notes.append("the photo's transparency is left out")
        order = sample.pred_depth_order.to_dict(first=1)
        details = dict(
            source=scene.origin,
            completed_by=type(self.model).__name__,
            background_by=str(self.layering.inpainter),
            rim=self.layering.rim,
            feather=self.layering.feather,
            occlusions=order['occlusions'],
            broken_cycles=order['broken_cycles'],
            notes=notes,
            **layout,
        )
        layered = replace(sample.pred_layers, details=details, icc_profile=parts.icc_profile)
        root = folder / 'pred/layers'
        files = write_layers(root / scene.name, layered, self.layering.formats)
        return dict(
            layers={
                kind: Path('pred/layers', scene.name).parent.joinpath(name).as_posix()
                for kind, name in files.items()
            },
            objects=[item.details for item in layered.objects],
            **details,
        )


def _score(objects: VisibleObjects, row: int) -> float | None:
    """How sure a network was of the object; None where it was given."""
    return round(float(objects.scores[row]), 4) if objects.scores else None
