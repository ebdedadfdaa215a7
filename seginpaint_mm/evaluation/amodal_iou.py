"""``AmodalIoUMetric``: how well all of an object is segmented, and what of it is hidden."""

from collections.abc import Sequence

import torch
from mmengine.evaluator import BaseMetric
from torch import Tensor

from seginpaint_mm.box_crops import crop_masks
from seginpaint_mm.evaluation.records import check_same_shape, read_instances
from seginpaint_mm.registry import METRICS

_THRESHOLD = 0.5
_KEYS = (
    'iou_full',
    'iou_visible',
    'iou_invisible',
    'official/iou_full',
    'official/iou_visible',
    'official/iou_invisible',
)


@METRICS.register_module()
class AmodalIoUMetric(BaseMetric):
    """IoU of predicted full masks P with an object's full (SF), visible (SV) and invisible region.

    One IoU an object, averaged over the objects (SeGAN, Section 5.2, Table 1), in percent:

    - ``iou_full``: P and SF;
    - ``iou_visible``: P without the true invisible region, and SV;
    - ``iou_invisible``: P without SV, and SI = SF without SV. Objects whose SI is empty are left
      out; ``num_unoccluded`` of ``num_objects`` are;
    - ``official/iou_full``, ``official/iou_visible``, ``official/iou_invisible``: as SeGAN's
      published code has them: P and SF; all of P and SV; P inside SI, and SI, which is the recall
      of SI, where objects whose SI is empty count as 0.

    The paper compares in each object's grown box at 58x58, which ``side`` does: the true masks are
    cut out and brought there (:func:`crop_masks`, as in the published code).

    Args:
        side: Height and width of the prediction in the grown box. None: compare ``full_masks``
            of the picture's size, which is more exact for large objects.
        with_given: Unite the prediction with the mask that was given as seen
            (``gt_instances.input_masks``) first, as ``full_masks`` are.
        collect_device: Where results of several processes are collected, ``'cpu'`` or ``'gpu'``.
        prefix: Put before every key, followed by a slash.
    """

    def __init__(
        self,
        side: int | None = 58,
        with_given: bool = False,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.side = side
        self.with_given = with_given

    def process(self, data_batch: object, data_samples: Sequence[dict]) -> None:
        """Compare the objects of one batch.

        Args:
            data_batch: Not used.
            data_samples: ``SceneSample.to_dict()`` records with ``gt_instances`` (``masks`` and
                ``full_masks`` bool (n, H, W)) and ``pred_instances`` of the same n objects, in
                their order: ``grown_boxes`` (n, 4) and ``full_probs`` float (n, side, side) in
                [0, 1], of which 0.5 and more is in the mask; or, without ``side``, ``full_masks``
                bool (n, H, W).

        Raises:
            KeyError: when a field is missing.
            ValueError: when numbers of objects or sizes differ.
        """
        for sample in data_samples:
            predicted, visible, full = self._masks(sample)
            shapes = dict(prediction=predicted, truth=full)
            check_same_shape(sample, shapes, metric=type(self).__name__)
            self.results.append(_ious(predicted, visible, full))

    def compute_metrics(self, results: list[Tensor]) -> dict[str, float]:
        """Average over the objects."""
        table = torch.cat(results)
        means = 100 * table.nanmean(dim=0)
        unoccluded = table[:, _KEYS.index('iou_invisible')].isnan().sum()
        return dict(
            zip(_KEYS, means.tolist(), strict=True),
            num_objects=len(table),
            num_unoccluded=int(unoccluded),
        )

    def _masks(self, sample: dict) -> tuple[Tensor, Tensor, Tensor]:
        """Predicted full, true visible and true full masks, bool (n, h, w), in the same place."""
        truth = self._read(sample, 'gt_instances', 'masks', 'full_masks')
        visible, full = truth['masks'], truth['full_masks'] | truth['masks']
        return self._prediction(sample), self._place(sample, visible), self._place(sample, full)

    def _prediction(self, sample: dict) -> Tensor:
        """Full masks, bool (n, h, w)."""
        if self.side is None:
            return self._read(sample, 'pred_instances', 'full_masks')['full_masks']
        probs = self._read(sample, 'pred_instances', 'full_probs')['full_probs']
        predicted = probs >= _THRESHOLD
        return predicted | self._given(sample) if self.with_given else predicted

    def _given(self, sample: dict) -> Tensor:
        """What was given as seen, bool (n, h, w), where masks are compared."""
        masks = self._read(sample, 'gt_instances', 'input_masks')['input_masks']
        return self._place(sample, masks)

    def _place(self, sample: dict, masks: Tensor) -> Tensor:
        """Bring masks of the picture's size to where they are compared."""
        if self.side is None:
            return masks
        boxes = self._read(sample, 'pred_instances', 'grown_boxes')['grown_boxes']
        return crop_masks(masks, boxes, self.side)

    def _read(self, sample: dict, field: str, *keys: str) -> dict[str, Tensor]:
        return read_instances(sample, field, keys, metric=type(self).__name__)


def _ious(predicted: Tensor, visible: Tensor, full: Tensor) -> Tensor:
    """The values of ``_KEYS`` of each object in [0, 1], float64 (n, 6); NaN where there is none."""
    invisible = full & ~visible
    occluded = invisible.flatten(1).any(dim=1)
    hidden = _iou(predicted & ~visible, invisible).where(occluded, torch.nan)
    columns = (
        _iou(predicted, full),
        _iou(predicted & ~invisible, visible),
        hidden,
        _iou(predicted, full),
        _iou(predicted, visible),
        _iou(predicted & invisible, invisible),
    )
    return torch.stack(columns, dim=1)


def _iou(one: Tensor, other: Tensor) -> Tensor:
    """float64 (n,) of bool (n, h, w); 0 where both are empty."""
    shared = (one & other).flatten(1).sum(dim=1).double()
    return shared / (one | other).flatten(1).sum(dim=1).clamp(min=1)
