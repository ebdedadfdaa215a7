"""The trivial answer to compare with: what is seen of an object is all that is painted of it."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torchvision.ops import roi_align

from seginpaint_mm.box_crops import crop_masks
from seginpaint_mm.evaluation.painting_error import PaintingErrorMetric
from seginpaint_mm.registry import METRICS


@METRICS.register_module()
class VisiblePaintingErrorMetric(PaintingErrorMetric):
    """:class:`PaintingErrorMetric` of the picture inside the given visible masks, black elsewhere.

    What is not the object is black in Street's DYCE as well, so that this is right but for what is
    hidden: who paints has to be better than it. The keys have the prefix ``visible_painting``.

    Args:
        collect_device: Where results of several processes are collected, ``'cpu'`` or ``'gpu'``.
    """

    def __init__(self, collect_device: str = 'cpu') -> None:
        super().__init__(collect_device=collect_device, prefix='visible_painting')

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Compare the objects of one batch.

        Args:
            data_batch: ``inputs``, the N images, uint8 (3, H, W), BGR.
            data_samples: ``SceneSample.to_dict()`` records with ``gt_instances``:
                ``full_appearance`` uint8 (n, 3, S, S), RGB, ``input_masks`` bool (n, H, W) and
                ``grown_boxes`` (n, 4).

        Raises:
            KeyError: when a field is missing.
        """
        for image, sample in zip(data_batch['inputs'], data_samples, strict=True):
            self._compare(sample, self._paint(image.cpu(), sample))

    def _paint(self, image: Tensor, sample: dict) -> Tensor:
        """uint8 (n, 3, S, S), RGB."""
        boxes = self._read(sample, 'gt_instances', 'grown_boxes')
        masks = self._read(sample, 'gt_instances', 'input_masks')
        side = self._read(sample, 'gt_instances', 'full_appearance').shape[-1]
        rgb = image.flip(0)[None].float()
        crops = roi_align(rgb, [boxes], side, aligned=True).round().to(torch.uint8)
        return crops * crop_masks(masks, boxes, side)[:, None]
