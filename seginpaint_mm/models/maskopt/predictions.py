"""Put the inpainters' predictions into the samples."""

from collections.abc import Sequence

import torch
from mmengine.structures import PixelData
from torch import Tensor

from seginpaint_mm.models.holes import fill_holes
from seginpaint_mm.structures import SceneSample


def set_predictions(
    data_samples: Sequence[SceneSample],
    pictures: Tensor,
    hole: Tensor,
    made: dict[str, Tensor],
    labels: Tensor | None,
    size: tuple[int, int],
) -> None:
    """Give each sample its filled image, cut to ``size``; see ``EdgeConnectInpainter.predict``.

    Args:
        data_samples: N samples.
        pictures: N,3,H,W in [0, 1], padded or not.
        hole: bool N,1,H,W, True = filled.
        made: What :meth:`EdgeConnectInpainter.paint` gives.
        labels: int64 N,H,W, the known classes, 255 = none; None without segmentation.
        size: (height, width) of the images.
    """
    fields = {}
    if 'image' in made:
        given, painted_image = (
            (image.float() * 255).round().clamp(0, 255).to(torch.uint8)
            for image in (pictures, made['image'])
        )
        fields['pred_image'] = fill_holes(given, painted_image, hole)
    if 'edges' in made:
        fields['pred_edges'] = made['edges'].float()
    if 'logits' in made:
        painted = made['logits'].argmax(dim=1, keepdim=True)
        fields['pred_sem_seg'] = fill_holes(labels[:, None], painted, hole)
    height, width = size
    for name, value in fields.items():
        for sample, of_sample in zip(data_samples, value[..., :height, :width], strict=True):
            sample.set_field(PixelData(data=of_sample), name)
