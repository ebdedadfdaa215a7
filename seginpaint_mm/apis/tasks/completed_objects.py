"""Completed objects at the size of the picture that they are from."""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from mmengine.structures import InstanceData
from torch import Tensor

from seginpaint_mm.apis.given_masks import VisibleObjects
from seginpaint_mm.box_crops import tight_boxes
from seginpaint_mm.datasets.transforms.resizing import resize_smoothly

_AS_PREDICTED = ('scores', 'full_probs', 'painted')


def objects_at_original_size(
    found: InstanceData,
    scale_factor: Sequence[float],
    image: np.ndarray,
    objects: VisibleObjects,
) -> InstanceData:
    """Bring what was found in a resized picture to the picture's own size.

    Args:
        found: ``pred_instances`` of :meth:`SeGAN.predict`, n objects, on the CPU.
        scale_factor: (across, down), size of the resized picture by that of the original.
        image: The original, BGR uint8 (H, W, 3).
        objects: What was marked in it, n objects.

    Returns:
        InstanceData: ``masks`` bool n,H,W, as marked; ``full_masks`` bool n,H,W, these and what was
        found beyond them; ``bboxes`` float32 n,4, tight around the full masks, x2 and y2 exclusive;
        ``grown_boxes`` float32 n,4, where the objects were completed, in whole pixels; ``names``, a
        list of n; and, as they were predicted, ``scores``, ``full_probs`` and ``painted``. Where
        there is a painting, ``cutouts``, a list of n uint8 (h, w, 4): RGBA of the size of
        ``bboxes``, what can be seen as it is in the picture, what is hidden as it was painted, and
        0 where the object is not.
    """
    boxes = _boxes_at_original_size(found.grown_boxes, scale_factor, image.shape[:2])
    visible = torch.from_numpy(objects.masks.numpy())
    full = visible.clone()
    for mask, box, probabilities in zip(full, boxes.tolist(), found.full_probs, strict=True):
        left, top, right, bottom = box
        shares = cv2.resize(
            probabilities.float().numpy(),
            (right - left, bottom - top),
            interpolation=cv2.INTER_LINEAR,
        )
        mask[top:bottom, left:right] |= torch.from_numpy(shares >= 0.5)
    # clones are out of inference mode, whose tensors cannot be written to
    values = {name: found.get(name).clone() for name in _AS_PREDICTED if name in found}
    finished = InstanceData(
        masks=visible,
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


def _boxes_at_original_size(
    boxes: Tensor, scale_factor: Sequence[float], size: tuple[int, int]
) -> Tensor:
    """int64 n,4 of at least one pixel each."""
    scale = boxes.new_tensor([*scale_factor, *scale_factor])
    limit = boxes.new_tensor([size[1], size[0]]).long()
    rounded = (boxes / scale).round().long()
    start = torch.minimum(rounded[:, :2], limit - 1)
    stop = torch.minimum(torch.maximum(rounded[:, 2:], start + 1), limit)
    return torch.cat([start, stop], dim=1)


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
    rows, columns = np.nonzero(full & ~visible)  # all of them are in the grown box
    picture = np.zeros((bottom - top, right - left, 4), np.uint8)
    seen = visible[top:bottom, left:right]
    picture[seen, :3] = image[top:bottom, left:right, ::-1][seen]
    hidden = rows - top, columns - left
    picture[(*hidden, slice(3))] = painting[rows - grown_top, columns - grown_left]
    picture[full[top:bottom, left:right], 3] = 255
    return picture
