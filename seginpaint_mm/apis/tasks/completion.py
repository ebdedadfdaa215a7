"""Complete objects: full masks and appearances (task ``complete``)."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
from mmengine.logging import print_log
from mmengine.structures import InstanceData
from torch import nn

from seginpaint_mm.apis.inputs import SceneInput
from seginpaint_mm.apis.mask_sources import VisibleObjects
from seginpaint_mm.apis.mask_sources.objects import instance_ids
from seginpaint_mm.apis.tasks.task import OneRoundTask
from seginpaint_mm.datasets.photo_parts import PhotoParts, write_cutout
from seginpaint_mm.datasets.transforms.packing import resize_smoothly
from seginpaint_mm.geometry.boxes import boxes_in_photo, paste_probabilities, tight_boxes
from seginpaint_mm.geometry.depth_order import Masks, complete_behind
from seginpaint_mm.geometry.masks import CroppedMasks, CroppedMaskTensor, pack_tensor
from seginpaint_mm.structures import SceneSample
from seginpaint_mm.utils.files import write_image, write_json
from seginpaint_mm.visualization.completed_objects import draw_depth_order

_AS_PREDICTED = ('scores', 'full_probs', 'painted')


def full_masks_in_photo(
    found: InstanceData, scale_factor: Sequence[float], visible: Masks
) -> Masks:
    """Bring predicted full masks to the photo's size, and unite them with the given masks.

    Args:
        found: ``pred_instances`` with ``full_masks`` of the photo's size, which are taken as they
            are, or of a resized image and ``full_probs`` and ``grown_boxes``, which are enlarged.
        scale_factor: (across, down), size of the resized image by that of the photo.
        visible: bool (n, H, W), what was marked.

    Returns:
        bool (n, H, W), as ``visible`` is given.
    """
    if found.full_masks.shape == visible.shape:
        if isinstance(visible, CroppedMaskTensor):
            return pack_tensor(found.full_masks).unite(visible)
        return found.full_masks | visible
    boxes = boxes_in_photo(found.grown_boxes, scale_factor, visible.shape[1:])
    return paste_probabilities(found.full_probs, boxes, visible)


def objects_at_original_size(
    found: InstanceData,
    scale_factor: Sequence[float],
    image: np.ndarray,
    objects: VisibleObjects,
    full: Masks,
) -> InstanceData:
    """Bring what was found in a resized image to the photo's own size.

    Args:
        found: ``pred_instances`` of :meth:`SeGAN.predict`, n objects, on the CPU.
        scale_factor: (across, down), size of the resized image by that of the photo.
        image: The photo, BGR uint8 (H, W, 3).
        objects: What was marked in it, n objects.
        full: bool (n, H, W), the full masks.

    Returns:
        InstanceData: ``masks`` bool n,H,W, as marked, and ``full_masks`` bool n,H,W, both as
        :class:`CroppedMaskTensor`, which reads like a tensor; ``bboxes`` float32
        n,4, tight around the full masks, x2 and y2 exclusive; ``grown_boxes`` float32 n,4, where
        the objects were completed, in whole pixels; ``names``, a list of n; and, as they were
        predicted, ``scores``, ``full_probs`` and ``painted``. Where there is a painting,
        ``cutouts``, a list of n uint8 (h, w, 4): RGBA of the size of ``bboxes``, what can be seen
        as it is in the photo, what is hidden as it was painted, and 0 where the object is not.
    """
    full = pack_tensor(full)
    boxes = boxes_in_photo(found.grown_boxes, scale_factor, image.shape[:2])
    # clones are out of inference mode, whose tensors cannot be written to
    values = {name: found.get(name).clone() for name in _AS_PREDICTED if name in found}
    finished = InstanceData(
        masks=objects.masks.as_tensor(),
        full_masks=full,
        bboxes=tight_boxes(full),
        grown_boxes=boxes.float(),
        names=list(objects.names),
        labels=found.labels.clone(),
        **values,
    )
    if 'painted' in found:
        finished.cutouts = [_cut_out(image, finished[row]) for row in range(len(finished))]
    return finished


def _cut_out(image: np.ndarray, one: InstanceData) -> np.ndarray:
    """RGBA of an object, a row of the finished."""
    (left, top, right, bottom), (grown_left, grown_top, grown_right, grown_bottom) = (
        box[0].int().tolist() for box in (one.bboxes, one.grown_boxes)
    )
    box = (left, top, right, bottom)
    seen, full = one.masks.read(0, box), one.full_masks.read(0, box)
    painting = resize_smoothly(
        one.painted[0, :3].numpy().transpose(1, 2, 0),
        (grown_bottom - grown_top, grown_right - grown_left),
    )
    picture = np.zeros((bottom - top, right - left, 4), np.uint8)
    picture[seen, :3] = image[top:bottom, left:right, ::-1][seen]
    # what a model finds beyond the box has the colour of its border
    rows = np.clip(np.arange(top, bottom) - grown_top, 0, len(painting) - 1)
    columns = np.clip(np.arange(left, right) - grown_left, 0, painting.shape[1] - 1)
    for line, hidden, row in zip(picture, full & ~seen, rows, strict=True):
        line[hidden, :3] = painting[row, columns[hidden]]
    picture[full, 3] = 255
    return picture


_WORTH_A_REMARK = 0.5  # of the hidden pixels
_FIRST = 1  # number of the first object in files, as 0 is no object in a map of ids


class CompletionTask(OneRoundTask):
    """Completes the objects of an image from their visible masks.

    ``pred_instances`` has one row per object, in the order given: what
    :func:`objects_at_original_size` tells of. ``pred_depth_order`` is the objects'
    :class:`DepthOrder`.

    Files, in which the objects are numbered from 1 on:

    - ``pred/instances/<name>.png``: **uint16**, k = what can be seen of object k, 0 = none; where
      several overlap, the first;
    - ``pred/full_masks/<name>/<k>.png``: uint8, 255 = object k as a whole;
    - ``pred/cutouts/<name>/<k>.png``: object k as a whole, RGBA, with nothing around it; its place
      is ``bbox`` in ``predictions.json``. What can be seen has the photo's transparency and bits,
      the file its ICC profile and EXIF;
    - ``pred/depth_order/<name>.json``: who hides whom, see :meth:`DepthOrder.to_dict`;
    - ``pred/depth_order/<name>.png``: the same, drawn, where images are.

    Stacked in the depth order, back to front, the cut-outs show the photo again wherever an object
    is seen; without ``occluder_growth`` they cover nothing else. That takes ``occluders='given'``.
    Circles in which objects hide each other are in ``broken_cycles``; those of three and more are
    also reported in a warning.

    Attributes:
        depth_threshold: IoU in [0, 1) that a claim must exceed, or None for the larger count, see
            :func:`infer_depth_order`.
        occluders: ``'given'``: an object is hidden only where another one in front of it is seen;
            ``'any'``: anywhere, as things that are not marked may hide it; None: ``'given'`` where
            two or more objects are marked, or layers shall show the photo again. See
            :func:`complete_behind`.
        occluder_growth: Pixels by which objects in front are grown for that.
    """

    model_tasks: ClassVar[tuple[str, ...]] = ('complete',)
    needs_masks: ClassVar[bool] = True
    occluders_of_one: ClassVar[str] = 'any'

    def __init__(self, model: nn.Module, dataset_meta: Mapping) -> None:
        super().__init__(model, dataset_meta)
        self.depth_threshold: float | None = None
        self.occluders: str | None = None
        self.occluder_growth = 0

    def pipeline(self, steps: list[dict]) -> list[dict]:
        framing = dict(keep_all=True, keep_photo=False)
        kept = [
            {**step, **framing} if step['type'] == 'FrameObjects' else dict(step) for step in steps
        ]
        if getattr(self.model, 'sees_photos', False):
            kept = [step for step in kept if step['type'] != 'FrameObjects']
        return kept

    def views(self, picture: dict, objects: VisibleObjects) -> list[dict]:
        masks = objects.masks  # cropped: arrays of all would not fit
        marked = dict(
            gt_visible_masks=masks,
            gt_input_masks=masks,
            gt_labels=np.zeros(len(objects), np.int64),
        )
        return [picture | marked]

    def finish(
        self, samples: Sequence[SceneSample], image: np.ndarray, objects: VisibleObjects
    ) -> SceneSample:
        (sample,) = samples
        found, scale = sample.pred_instances, sample.get('scale_factor', (1.0, 1.0))
        visible = objects.masks.as_tensor()
        predicted = full_masks_in_photo(found, scale, visible)
        alone = len(objects) == 1
        occluders = self.occluders or (self.occluders_of_one if alone else 'given')
        full, order = complete_behind(
            visible, predicted, occluders, self.occluder_growth, self.depth_threshold
        )
        finished = SceneSample(metainfo=sample.metainfo)
        finished.set_metainfo(dict(remark=self._remark(visible, predicted, full)))
        finished.pred_instances = objects_at_original_size(found, scale, image, objects, full)
        for cycle in order.broken_cycles:
            if len(cycle.objects) < 3:  # two that claim each other: the larger claim holds
                continue
            print_log(
                f'{sample.img_path}: {cycle.sentence(_FIRST)}',
                logger='current',
                level=logging.WARNING,
            )
        finished.pred_depth_order = order
        return finished

    def _remark(
        self, visible: CroppedMasks, predicted: CroppedMasks, full: CroppedMasks
    ) -> str | None:
        """What was left out of the predictions, where nobody said that it should be."""
        if self.occluders is not None:
            return None
        marked, found, kept = (
            sum(masks.area(row) for row in range(len(masks)))
            for masks in (visible, predicted, full)
        )  # each holds the one before but for the last, which lies between them
        hidden, left_out = found - marked, found - kept
        if left_out <= _WORTH_A_REMARK * hidden:
            return None
        return (
            f'{left_out / hidden:.0%} of what was predicted to be hidden is left out, as no given '
            f'object is in front of it: give the masks of all objects, or --occluders any where '
            f'other things hide them.'
        )

    def write(
        self,
        folder: Path,
        scene: SceneInput,
        image: np.ndarray,
        sample: SceneSample,
        draw: bool = True,
    ) -> dict:
        found, order = sample.pred_instances, sample.pred_depth_order
        files = dict(
            instance_ids=f'pred/instances/{scene.name}.png',
            depth_order=f'pred/depth_order/{scene.name}.json',
        )
        write_image(folder / files['instance_ids'], instance_ids(found))
        in_order = order.to_dict(found.names, _FIRST)
        write_json(folder / files['depth_order'], in_order)
        picture = f'pred/depth_order/{scene.name}.png'
        if draw:
            files['depth_picture'] = picture
            drawn = draw_depth_order(image[..., ::-1], found.masks, order, _FIRST)
            write_image(folder / picture, drawn[..., ::-1])
        else:
            (folder / picture).unlink(missing_ok=True)
        parts = scene.read_parts() if 'cutouts' in found else PhotoParts()
        described = [
            {**placed, **self._write_object(folder, scene.name, number, found, parts)}
            for number, placed in enumerate(in_order['objects'])
        ]
        return {**files, 'objects': described, 'broken_cycles': in_order['broken_cycles']}

    def _write_object(
        self, folder: Path, name: str, row: int, found: InstanceData, parts: PhotoParts
    ) -> dict:
        """Files and values of one object."""
        file = f'{name}/{row + _FIRST:03d}.png'
        area, seen_area = found.full_masks.area(row), found.masks.area(row)
        entry = dict(
            score=round(found.scores[row].item(), 4),
            bbox=found.bboxes[row].int().tolist(),
            hidden_percent=round(100 * ((area - seen_area) / area), 2),
            full_mask=f'pred/full_masks/{file}',
        )
        full = found.full_masks[row].numpy().view(np.uint8)
        write_image(folder / entry['full_mask'], full * np.uint8(255))
        if 'cutouts' in found:
            entry['cutout'] = f'pred/cutouts/{file}'
            box = tuple(entry['bbox'])
            red_last = found.cutouts[row][..., [2, 1, 0, 3]]
            seen = found.masks.read(row, box)
            write_cutout(folder / entry['cutout'], red_last, seen, box, parts)
        return entry
