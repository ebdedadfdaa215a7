"""IoU of full, visible and invisible masks (SeGAN, Table 1)."""

from collections.abc import Sequence

import torch
from mmengine.evaluator import BaseMetric
from torch import Tensor

from seginpaint_mm.evaluation.records import check_same_shape, read_instances
from seginpaint_mm.geometry.boxes import boxes_in_photo, crop_masks, paste_probabilities
from seginpaint_mm.geometry.depth_order import (
    check_occluders,
    complete_behind,
    hiding_places,
    infer_depth_order,
)
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

    One IoU an object, averaged over the objects (SeGAN, Section 5.2, Table 1), in percent, over
    all pixels but those of ``gt_instances.unknown_masks``, where there are any:

    - ``iou_full``: P and SF;
    - ``iou_visible``: P without the true invisible region, and SV;
    - ``iou_invisible``: P without SV, and SI = SF without SV. Objects whose SI is empty are left
      out; ``num_unoccluded`` of ``num_objects`` are;
    - ``official/iou_full``, ``official/iou_visible``, ``official/iou_invisible``: as SeGAN's
      published code has them: P and SF; all of P and SV; P inside SI, and SI, which is the recall
      of SI, where objects whose SI is empty count as 0.

    The paper compares in each object's grown box at 58x58, which ``side`` does: the true masks are
    cut out and brought there (:func:`crop_masks`, as in the published code). Such masks are thicker
    than the objects: given masks reach a higher IoU there than in the photo. With ``photo`` what is
    delivered is compared: full masks at the photo's size, which hold the given ones.

    Args:
        side: Height and width of the prediction in the grown box. None: compare ``full_masks``
            of the image's size, which is more exact for large objects.
        with_given: Unite the prediction with the mask that was given as seen
            (``gt_instances.input_masks``) first, as ``full_masks`` are.
        occluders: ``'any'``: what is predicted is taken as it is. ``'given'``: what is predicted
            beyond the given mask counts only where an object in front is seen, as it is delivered
            (:func:`hiding_places`; the larger count says who is in front). A sample must then hold
            all objects of its image.
        occluder_growth: Distance in pixels of the compared image up to which ``'given'`` reaches
            beyond objects in front.
        photo: Compare at the size of the photo (``FrameObjects(keep_photo=True)``), whatever
            ``side`` is, and united with the given masks.
        collect_device: Where results of several processes are collected, ``'cpu'`` or ``'gpu'``.
        prefix: Put before every key, followed by a slash.
    """

    def __init__(
        self,
        side: int | None = 58,
        with_given: bool = False,
        occluders: str = 'any',
        occluder_growth: int = 0,
        photo: bool = False,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        check_occluders(occluders, occluder_growth)
        self.side = side
        self.with_given = with_given
        self.occluders = occluders
        self.occluder_growth = occluder_growth
        self.photo = photo

    def process(self, data_batch: object, data_samples: Sequence[dict]) -> None:
        """Compare the objects of one batch.

        Args:
            data_batch: Not used.
            data_samples: ``SceneSample.to_dict()`` records with ``gt_instances`` (``masks`` and
                ``full_masks`` bool (n, H, W)) and ``pred_instances`` of the same n objects, in
                their order: ``grown_boxes`` (n, 4) and ``full_probs`` float (n, side, side) in
                [0, 1], of which 0.5 and more is in the mask; or, without ``side``, ``full_masks``
                bool (n, H, W). With ``occluders='given'`` also ``full_masks``; with ``photo`` also
                ``gt_instances.photo_masks``, ``photo_input_masks`` and ``photo_full_masks``, and
                ``scale_factor``. ``gt_instances.unknown_masks`` (``photo_unknown_masks``) may be
                left out.

        Raises:
            KeyError: when a field is missing.
            ValueError: when numbers of objects or sizes differ.
        """
        for sample in data_samples:
            predicted, visible, full = self._masks(sample)
            shapes = dict(prediction=predicted, truth=full)
            check_same_shape(sample, shapes, metric=type(self).__name__)
            known = self._known(sample)
            self.results.append(_ious(predicted & known, visible & known, full & known))

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
        if self.photo:
            keys = ('photo_masks', 'photo_full_masks', 'photo_input_masks')
            visible, full, given = self._read(sample, 'gt_instances', *keys).values()
            return self._in_photo(sample, given), visible, full | visible
        truth = self._read(sample, 'gt_instances', 'masks', 'full_masks')
        visible, full = truth['masks'], truth['full_masks'] | truth['masks']
        return self._prediction(sample), self._place(sample, visible), self._place(sample, full)

    def _in_photo(self, sample: dict, given: Tensor) -> Tensor:
        """Full masks at the size of the given ones, bool (n, H, W)."""
        found = self._read(sample, 'pred_instances', 'full_probs', 'grown_boxes')
        scale = sample.get('scale_factor', (1.0, 1.0))
        boxes = boxes_in_photo(found['grown_boxes'], scale, given.shape[1:])
        full = paste_probabilities(found['full_probs'], boxes, given)
        return complete_behind(given, full, self.occluders, self.occluder_growth)[0]

    def _known(self, sample: dict) -> Tensor | bool:
        """Where the true full masks are known, bool (n, h, w), in the same place."""
        name = 'photo_unknown_masks' if self.photo else 'unknown_masks'
        if name not in sample['gt_instances']:
            return True
        unknown = self._read(sample, 'gt_instances', name)[name]
        return ~(unknown if self.photo else self._place(sample, unknown))

    def _prediction(self, sample: dict) -> Tensor:
        """Full masks, bool (n, h, w)."""
        if self.side is None:
            predicted = self._read(sample, 'pred_instances', 'full_masks')['full_masks']
        else:
            probs = self._read(sample, 'pred_instances', 'full_probs')['full_probs']
            predicted = probs >= _THRESHOLD
        if self.with_given:
            predicted = predicted | self._given(sample)
        return predicted if self.occluders == 'any' else self._behind(sample, predicted)

    def _behind(self, sample: dict, predicted: Tensor) -> Tensor:
        """What is predicted, without what no object in front hides."""
        given = self._read(sample, 'gt_instances', 'input_masks')['input_masks']
        full = self._read(sample, 'pred_instances', 'full_masks')['full_masks']
        order = infer_depth_order(given, full)
        places = torch.zeros_like(given)
        found = hiding_places(given, order, self.occluder_growth)
        for place, hiding_place in zip(places, found, strict=True):
            place |= hiding_place
        return predicted & (self._given(sample) | self._place(sample, places))

    def _given(self, sample: dict) -> Tensor:
        """What was given as seen, bool (n, h, w), where masks are compared."""
        masks = self._read(sample, 'gt_instances', 'input_masks')['input_masks']
        return self._place(sample, masks)

    def _place(self, sample: dict, masks: Tensor) -> Tensor:
        """Bring masks of the image's size to where they are compared."""
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


@METRICS.register_module()
class VisibleMaskIoUMetric(AmodalIoUMetric):
    """:class:`AmodalIoUMetric` of the trivial answer: the full mask is the given visible mask.

    It takes ``gt_instances.input_masks`` for the prediction, in the same run as the model is
    tested. With true visible masks its ``official/iou_visible`` is 100 and its
    ``iou_invisible`` 0. The keys have the prefix ``visible_mask``, with ``photo``
    ``photo_visible_mask``.

    Args:
        side: As in :class:`AmodalIoUMetric`.
        photo: As there.
        collect_device: Where results of several processes are collected, ``'cpu'`` or ``'gpu'``.
    """

    def __init__(
        self, side: int | None = 58, photo: bool = False, collect_device: str = 'cpu'
    ) -> None:
        prefix = 'photo_visible_mask' if photo else 'visible_mask'
        super().__init__(side=side, photo=photo, collect_device=collect_device, prefix=prefix)

    def _prediction(self, sample: dict) -> Tensor:
        return self._given(sample)

    def _in_photo(self, sample: dict, given: Tensor) -> Tensor:
        return given
