"""The mask that a painting shows: where it is not black, the object is."""

import torch.nn.functional as F
from torch import Tensor

from seginpaint_mm.evaluation.amodal_iou import AmodalIoUMetric
from seginpaint_mm.evaluation.records import read_instances
from seginpaint_mm.registry import METRICS


@METRICS.register_module()
class PaintedMaskIoUMetric(AmodalIoUMetric):
    """:class:`AmodalIoUMetric` of a painting: all that is not nearly black is the object.

    For painters without a segmentor, as pix2pix in SeGAN's Table 1, which does not say how its
    masks are got. Right where appearances are black outside the object, as in DYCE and Street, but
    for black parts of objects. The keys have the prefix ``painted_mask``.

    Args:
        side: Height and width at which masks are compared.
        darkest: The object is where the largest of red, green and blue is above it, 0 to 255.
        collect_device: Where results of several processes are collected, ``'cpu'`` or ``'gpu'``.
    """

    def __init__(self, side: int = 58, darkest: int = 8, collect_device: str = 'cpu') -> None:
        super().__init__(side=side, collect_device=collect_device, prefix='painted_mask')
        self.darkest = darkest

    def _prediction(self, sample: dict) -> Tensor:
        """bool (n, side, side) of ``pred_instances.painted``, uint8 (n, 4, S, S)."""
        name = type(self).__name__
        painted = read_instances(sample, 'pred_instances', ('painted',), metric=name)['painted']
        brightest = painted[:, :3].amax(dim=1).float()
        return F.adaptive_max_pool2d(brightest, self.side) > self.darkest
