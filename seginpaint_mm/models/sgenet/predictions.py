"""Put SGE-Net's predictions into the samples."""

from collections.abc import Sequence

import torch
from mmengine.structures import PixelData
from torch import Tensor
from torch.nn.functional import interpolate

from seginpaint_mm.models.sgenet.guidance import confidence
from seginpaint_mm.structures import SceneSample


def set_predictions(
    data_samples: Sequence[SceneSample],
    made: dict[str, Tensor],
    scales: Sequence[int],
    size: tuple[int, int],
) -> None:
    """Give each sample its predictions, cut to ``size``.

    - ``pred_image`` uint8 3,h,w, RGB: outside the hole the image, bit for bit;
    - ``pred_sem_seg`` int64 1,h,w, also in the hole;
    - ``pred_confidence`` float32 1,h,w in [0, 1], the probability of that class (eq. 4's P_max).

    And for the images of Fig. 6, enlarged to that size, for each scale l of ``scales``
    ``pred_image_l``, ``pred_sem_seg_l`` and ``pred_confidence_l``, likewise, but images are as the
    scale has made them, also outside the hole, and, with an SCEM, ``pred_reliability_l`` uint8
    1,h,w, 1 = reliable.

    Args:
        data_samples: N samples.
        made: What ``SGENet.generate`` gives of their images, padded or not.
        scales: Those besides 0 of which the maps are wanted.
        size: (height, width) of the images.
    """
    maps = _of_scale(made, 0)
    maps['pred_image'] = _to_uint8(made['completed'])
    for scale in scales:
        for name, value in _of_scale(made, scale).items():
            maps[f'{name}_{scale}'] = _enlarge(value, made['pictures'].shape[-2:])
    height, width = size
    for name, value in maps.items():
        for sample, of_sample in zip(data_samples, value[..., :height, :width], strict=True):
            sample.set_field(PixelData(data=of_sample), name)


def _of_scale(made: dict[str, Tensor], scale: int) -> dict[str, Tensor]:
    """Fields at the scale's own size."""
    probabilities = made[f'logits_{scale}'].softmax(dim=1)
    fields = dict(
        pred_image=_to_uint8(made[f'image_{scale}']),
        pred_sem_seg=probabilities.argmax(dim=1, keepdim=True),
        pred_confidence=confidence(probabilities),
    )
    if f'reliability_{scale}' in made:
        fields['pred_reliability'] = made[f'reliability_{scale}'].to(torch.uint8)
    return fields


def _enlarge(maps: Tensor, size: Sequence[int]) -> Tensor:
    """To ``size``, whose sides are multiples of the map's: images smoothly, others as they are."""
    if maps.dtype == torch.uint8 and maps.shape[1] == 3:
        smooth = interpolate(maps.float(), size, mode='bilinear', align_corners=False)
        return smooth.round().to(torch.uint8)
    factors = [whole // side for whole, side in zip(size, maps.shape[-2:], strict=True)]
    return maps.repeat_interleave(factors[0], dim=-2).repeat_interleave(factors[1], dim=-1)


def _to_uint8(pictures: Tensor) -> Tensor:
    """uint8 of [0, 1]; what was uint8 before it was normalised is the same again."""
    return (pictures.float() * 255).round().clamp(0, 255).to(torch.uint8)
