"""Small TorchScript programs with the interfaces of the published inpainters, and Mask R-CNN."""

import hashlib
import io
from pathlib import Path

import torch
from torch import Tensor, nn
from torchvision.models import get_model

from seginpaint_mm.zoo import Weights

PERSON = 1  # among COCO's numbers


class LikeLaMa(nn.Module):
    """Paints the hole blue where what it is given follows LaMa's convention."""

    def __init__(self) -> None:
        super().__init__()
        self.colour = nn.Parameter(torch.tensor([0.0, 0.0, 1.0]))

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        assert image.shape[1] == 3, 'channels'
        assert mask.shape[1] == 1, 'channels'
        assert image.shape[2] % 8 == 0, 'sides'
        assert image.shape[3] % 8 == 0, 'sides'
        assert image.shape[2:] == mask.shape[2:], 'sizes'
        assert image.min() >= 0, 'range'
        assert image.max() <= 1, 'range'
        assert ((mask == 0) | (mask == 1)).all(), 'mask'
        return image * (1 - mask) + self.colour[None, :, None, None] * mask


class LikeMIGAN(nn.Module):
    """The same in MI-GAN's convention, for a side of its own."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self.side = side

    def forward(self, seen: Tensor) -> Tensor:
        assert seen.shape[1] == 4, 'channels'
        assert seen.shape[2] == self.side, 'sides'
        assert seen.shape[3] == self.side, 'sides'
        mask = 0.5 - seen[:, :1]
        image = seen[:, 1:]
        assert ((mask == 0) | (mask == 1)).all(), 'mask'
        assert (image * mask == 0).all(), 'blank'
        assert image.min() >= -1, 'range'
        assert image.max() <= 1, 'range'
        assert image.min() < 0, 'range'
        blue = torch.tensor([-1.0, -1.0, 1.0]).reshape(1, 3, 1, 1)
        return image + blue * mask


def scripted(network: nn.Module) -> bytes:
    """Return what ``torch.jit.save`` writes."""
    file = io.BytesIO()
    torch.jit.save(torch.jit.script(network.eval()), file)
    return file.getvalue()


def mask_rcnn() -> bytes:
    """Return torchvision's Mask R-CNN v2 with random weights that take all for persons."""
    torch.manual_seed(0)
    network = get_model('maskrcnn_resnet50_fpn_v2', weights=None, weights_backbone=None)
    with torch.no_grad():
        network.roi_heads.box_predictor.cls_score.bias[PERSON] += 20
        network.roi_heads.mask_predictor.mask_fcn_logits.bias[PERSON] += 20
    file = io.BytesIO()
    torch.save(network.state_dict(), file)
    return file.getvalue()


def put_into_cache(weights: Weights, content: bytes) -> Weights:
    """Write a file where that of some weights is; return them with its checksums."""
    path: Path = weights.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return Weights(
        **{
            **vars(weights),
            'md5': hashlib.md5(content).hexdigest(),
            'sha256': hashlib.sha256(content).hexdigest()[:8],
        }
    )
