"""Completed objects at the size of the image that they are from."""

from collections.abc import Sequence

import numpy as np
import torch
from mmengine.structures import InstanceData
from torch import Tensor

from seginpaint_mm.apis.given_masks import VisibleObjects
from seginpaint_mm.datasets.transforms.packing import resize_smoothly
from seginpaint_mm.geometry.boxes import boxes_in_photo, paste_probabilities, tight_boxes

_AS_PREDICTED = ('scores', 'full_probs', 'painted')


def full_masks_in_photo(
    found: InstanceData, scale_factor: Sequence[float], visible: Tensor
) -> Tensor:
    """Bring predicted full masks to the photo's size, and unite them with the given masks.

    Args:
        found: ``pred_instances`` with ``full_masks`` of the photo's size, which are taken as they
            are, or of a resized image and ``full_probs`` and ``grown_boxes``, which are enlarged.
        scale_factor: (across, down), size of the resized image by that of the photo.
        visible: bool (n, H, W), what was marked.

    Returns:
        bool (n, H, W).
    """
    if found.full_masks.shape == visible.shape:
        return found.full_masks | visible
    boxes = boxes_in_photo(found.grown_boxes, scale_factor, visible.shape[1:])
    return paste_probabilities(found.full_probs, boxes, visible)


def objects_at_original_size(
    found: InstanceData,
    scale_factor: Sequence[float],
    image: np.ndarray,
    objects: VisibleObjects,
    full: Tensor,
) -> InstanceData:
    """Bring what was found in a resized image to the photo's own size.

    Args:
        found: ``pred_instances`` of :meth:`SeGAN.predict`, n objects, on the CPU.
        scale_factor: (across, down), size of the resized image by that of the photo.
        image: The photo, BGR uint8 (H, W, 3).
        objects: What was marked in it, n objects.
        full: bool (n, H, W), the full masks.

    Returns:
        InstanceData: ``masks`` bool n,H,W, as marked; ``full_masks`` bool n,H,W; ``bboxes`` float32
        n,4, tight around the full masks, x2 and y2 exclusive; ``grown_boxes`` float32 n,4, where
        the objects were completed, in whole pixels; ``names``, a list of n; and, as they were
        predicted, ``scores``, ``full_probs`` and ``painted``. Where there is a painting,
        ``cutouts``, a list of n uint8 (h, w, 4): RGBA of the size of ``bboxes``, what can be seen
        as it is in the photo, what is hidden as it was painted, and 0 where the object is not.
    """
    boxes = boxes_in_photo(found.grown_boxes, scale_factor, image.shape[:2])
    # clones are out of inference mode, whose tensors cannot be written to
    values = {name: found.get(name).clone() for name in _AS_PREDICTED if name in found}
    finished = InstanceData(
        masks=torch.from_numpy(objects.masks.numpy()),
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
    visible, full = one.masks[0].numpy(), one.full_masks[0].numpy()
    painting = resize_smoothly(
        one.painted[0, :3].numpy().transpose(1, 2, 0),
        (grown_bottom - grown_top, grown_right - grown_left),
    )
    rows, columns = np.nonzero(full & ~visible)
    picture = np.zeros((bottom - top, right - left, 4), np.uint8)
    seen = visible[top:bottom, left:right]
    picture[seen, :3] = image[top:bottom, left:right, ::-1][seen]
    hidden = rows - top, columns - left
    # what a model finds beyond the box has the colour of its border
    rows = np.clip(rows - grown_top, 0, len(painting) - 1)
    columns = np.clip(columns - grown_left, 0, painting.shape[1] - 1)
    picture[(*hidden, slice(3))] = painting[rows, columns]
    picture[full[top:bottom, left:right], 3] = 255
    return picture
