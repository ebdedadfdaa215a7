"""The trivial answer to compare with: all of an object is what is seen of it."""

from torch import Tensor

from seginpaint_mm.evaluation.amodal_iou import AmodalIoUMetric
from seginpaint_mm.registry import METRICS


@METRICS.register_module()
class VisibleMaskIoUMetric(AmodalIoUMetric):
    """:class:`AmodalIoUMetric` of the trivial answer: all of an object is what is given as seen.

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
