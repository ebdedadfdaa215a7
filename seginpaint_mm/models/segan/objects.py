"""The objects of a batch, one row each, and predictions back to their samples."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
from mmengine.structures import InstanceData
from torch import Tensor, nn

from seginpaint_mm.geometry.boxes import grow_boxes, tight_boxes
from seginpaint_mm.geometry.depth_order import Masks
from seginpaint_mm.geometry.masks import CroppedMaskTensor, pack_tensor
from seginpaint_mm.models.data_preprocessor import pad_bottom_right
from seginpaint_mm.structures import SceneSample


@dataclass
class Objects:
    """N objects of B images.

    Attributes:
        given: bool N,H,W, the visible masks that the network is given; or, as the other masks,
            :class:`CroppedMaskTensor`.
        boxes: float32 N,4, grown boxes of whole pixels.
        image_index: int64 N, each object's image in the batch.
        visible: bool N,H,W, the true visible masks, or None.
        full: bool N,H,W, the true full masks, or None.
        unknown: bool N,H,W, where the true full masks are not known; None: everywhere known.
        appearance: uint8 N,3,S,S, RGB, the whole objects, or None.
    """

    given: Tensor
    boxes: Tensor
    image_index: Tensor
    visible: Tensor | None
    full: Tensor | None
    unknown: Tensor | None
    appearance: Tensor | None

    def __len__(self) -> int:
        return len(self.given)

    def split(self, size: int) -> list['Objects']:
        """Batches of at most ``size`` objects."""
        starts = range(0, len(self), size)
        return [Objects(**self._rows(slice(start, start + size))) for start in starts]

    def _rows(self, rows: slice) -> dict[str, Tensor | None]:
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {key: None if value is None else value[rows] for key, value in values.items()}


def collect_objects(
    data_samples: Sequence[SceneSample],
    size: tuple[int, int],
    box_growth: float,
    cropped: bool = False,
) -> Objects:
    """All objects of the samples.

    Args:
        data_samples: B samples, as the data preprocessor gives them.
        size: (height, width) of the batch of images, to which masks are padded.
        box_growth: Share of a box's sides that each side of it grows by, where there are no
            ``grown_boxes``.
        cropped: Give the masks of a single sample as :class:`CroppedMaskTensor`, and all values on
            the CPU.

    Raises:
        ValueError: when a sample has no visible masks, a mask is empty or has not the image's size,
            or a box has no area or reaches out of the image; the sentence names the image.
    """
    parts = []
    for index, sample in enumerate(data_samples):
        try:
            parts.append(_objects_of(sample, index, size, box_growth, cropped))
        except ValueError as error:
            name = sample.get('img_path', f'image {index} of the batch')
            raise ValueError(f'{name}: {error}') from None
    return Objects(**{field.name: _joined(parts, field.name) for field in fields(Objects)})


def _objects_of(
    sample: SceneSample, index: int, size: tuple[int, int], box_growth: float, cropped: bool
) -> Objects:
    instances = sample.get('gt_instances', InstanceData())
    if 'masks' not in instances:
        raise ValueError('no visible masks are given: gt_instances.masks, bool (n, H, W).')
    image_size = tuple(sample.get('img_shape', size)[:2])
    masks = {
        name: _padded(instances.get(name), name, image_size, size, cropped)
        for name in ('masks', 'input_masks', 'full_masks', 'unknown_masks')
    }
    given = masks['masks'] if masks['input_masks'] is None else masks['input_masks']
    # a network may have predicted nothing of an object; nobody gives a mask of nothing
    tight = tight_boxes(given, whole_if_empty=masks['input_masks'] is not None)
    boxes = instances.get('grown_boxes')
    if boxes is None:
        boxes = grow_boxes(tight, tight.new_full((4,), box_growth), image_size)
    else:
        _check_boxes(boxes, image_size)
        boxes = boxes.to(given.device)
    return Objects(
        given=given,
        boxes=torch.cat([boxes[:, :2].floor(), boxes[:, 2:].ceil()], dim=1),
        image_index=torch.full((len(given),), index, device=given.device),
        visible=masks['masks'],
        full=masks['full_masks'],
        unknown=masks['unknown_masks'],
        appearance=instances.get('full_appearance'),
    )


def _padded(
    masks: Masks | None,
    name: str,
    image_size: tuple[int, int],
    size: tuple[int, int],
    cropped: bool,
) -> Masks | None:
    if masks is None:
        return None
    if tuple(masks.shape[-2:]) not in (image_size, size):
        raise ValueError(
            f'gt_instances.{name} are {masks.shape[-2]}x{masks.shape[-1]} (height x width), the '
            f'image is {image_size[0]}x{image_size[1]}: give masks of the image, and resize both '
            f'alike.'
        )
    if cropped:
        return pack_tensor(masks).in_frame(size)
    return pad_bottom_right(masks.bool(), size, 0)


def _check_boxes(boxes: Tensor, image_size: tuple[int, int]) -> None:
    limit = boxes.new_tensor([image_size[1], image_size[0]])
    no_area = (boxes[:, 2:] <= boxes[:, :2]).any(dim=1)
    outside = ((boxes[:, :2] < 0) | (boxes[:, 2:] > limit)).any(dim=1)
    for wrong, what in ((no_area, 'has no area'), (outside, 'reaches out of the image')):
        if wrong.any():
            number = int(wrong.nonzero()[0])
            raise ValueError(
                f'box {number} of gt_instances.grown_boxes (counted from 0), '
                f'{boxes[number].tolist()} as (x1, y1, x2, y2), {what} of '
                f'{image_size[1]}x{image_size[0]} pixels: cut it off at the border.'
            )


def _joined(parts: Sequence[Objects], name: str) -> Tensor | None:
    values = [getattr(part, name) for part in parts]
    if any(value is None for value in values):
        return None
    return values[0] if len(values) == 1 else torch.cat(values)


def set_predictions(
    data_samples: Sequence[SceneSample],
    results: dict[str, Tensor],
    image_index: Tensor,
    size: tuple[int, int],
) -> None:
    """Give each sample ``pred_instances`` with one row per object of ``gt_instances``, in order.

    Args:
        data_samples: B samples.
        results: Name -> N rows, one an object. ``masks`` and ``full_masks``, (N, H, W), are cut to
            the sample's ``img_shape``.
        image_index: int64 (N,), each object's sample.
        size: (H, W) of the batch of images.

    ``labels`` int64 are added, as in ``gt_instances``, or 0.
    """
    for index, sample in enumerate(data_samples):
        height, width = sample.get('img_shape', size)[:2]
        rows = image_index == index
        instances = InstanceData(**{name: value[rows] for name, value in results.items()})
        instances.labels = sample.gt_instances.get('labels', rows.new_zeros(rows.sum()).long())
        for name in ('masks', 'full_masks'):
            if name in instances:
                masks = instances.get(name)
                is_cropped = isinstance(masks, CroppedMaskTensor)
                instances.set_field(
                    masks.in_frame((height, width)) if is_cropped else masks[:, :height, :width],
                    name,
                )
        sample.pred_instances = instances


def missing_segmentor(model: nn.Module) -> str:
    """Return why a model without a segmentor cannot complete the objects of users' images."""
    return (
        f'This {type(model).__name__} paints objects without finding their full masks: give the '
        f'config and the checkpoint of a SeGAN with a segmentor.'
    )
