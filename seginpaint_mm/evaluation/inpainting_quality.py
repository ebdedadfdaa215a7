"""``InpaintingQualityMetric``: PSNR, SSIM and L1 of filled pictures, and of the holes alone."""

import torch
from torch import Tensor
from torchmetrics.functional.image import (
    peak_signal_noise_ratio,
    structural_similarity_index_measure,
)

from seginpaint_mm.evaluation.painted_picture import PaintedPicture
from seginpaint_mm.evaluation.painted_picture_metric import PaintedPictureMetric
from seginpaint_mm.registry import METRICS

_RANGE = 255.0
_GREATEST_PSNR = 100.0  # of a picture without error, whose PSNR is infinite


@METRICS.register_module()
class InpaintingQualityMetric(PaintedPictureMetric):
    """Each value is of one picture; means over the pictures follow (SGE-Net, Tables 1 and 3).

    - ``PSNR`` in dB, 100 at most: a picture without error would make the mean infinite;
    - ``SSIM``, with a Gaussian window of 11 pixels and sigma 1.5, on RGB;
    - ``L1``, the mean absolute difference of colours in [0, 1];
    - ``hole/PSNR``, ``hole/SSIM``, ``hole/L1``: the same of the pixels in the hole. The window of
      SSIM reaches out of it.

    Args:
        ratios: See :class:`PaintedPictureMetric`.
        collect_device: Where results of several processes are collected, ``'cpu'`` or ``'gpu'``.
        prefix: Put before every key, followed by a slash.
    """

    def measure(self, picture: PaintedPicture) -> dict[str, float]:
        painted, truth = picture.painted.float(), picture.truth.float()
        ssim, ssim_map = structural_similarity_index_measure(
            painted[None], truth[None], data_range=_RANGE, return_full_image=True
        )
        in_hole = painted[:, picture.hole], truth[:, picture.hole]
        return {
            'PSNR': _psnr(painted, truth),
            'SSIM': ssim.item(),
            'L1': _l1(painted, truth),
            'hole/PSNR': _psnr(*in_hole),
            'hole/SSIM': ssim_map[0][:, picture.hole].mean().item(),
            'hole/L1': _l1(*in_hole),
        }


def _psnr(painted: Tensor, truth: Tensor) -> float:
    value = peak_signal_noise_ratio(painted.double(), truth.double(), data_range=_RANGE)
    return min(value.item(), _GREATEST_PSNR)


def _l1(painted: Tensor, truth: Tensor) -> float:
    return torch.mean((painted - truth).abs().double()).item() / _RANGE
