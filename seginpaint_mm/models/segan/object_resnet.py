"""A ResNet that looks at an object in a picture: four channels, red, green, blue and its mask."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmseg.models.backbones import ResNet
from torch import Tensor

from seginpaint_mm.registry import MODELS

_COLOURS = 3


@MODELS.register_module()
class ObjectResNet(ResNet):
    """mmseg's ResNet of an image and a mask; objects of one image share the image's first layer.

    The features depend on the object's mask from the first non-linear layer on; but the first
    convolution is a sum over channels, and :meth:`embed` does the image's part of it once.

    The filters of the fourth channel start as a copy of the red channel's, as in SeGAN's published
    code, also where weights of three channels are loaded (torchvision's parameter names).

    Args:
        depth: 18, 34, 50, 101 or 152.
        base_channels: Of the first stage; 64 in the original network.
        strides: Stride of each stage; its length is the number of stages.
        norm_cfg: Normalisation layer.
        norm_eval: Keep batch norm's running statistics fixed while training.
        with_cp: Trade time for memory by re-computing activations in the backward pass.
        init_cfg: E.g. ``dict(type='Pretrained', checkpoint='torchvision://resnet18')``.
    """

    def __init__(
        self,
        *,
        depth: int,
        base_channels: int = 64,
        strides: Sequence[int] = (1, 2, 2, 2),
        norm_cfg: dict | None = None,
        norm_eval: bool = False,
        with_cp: bool = False,
        init_cfg: dict | None = None,
    ) -> None:
        num_stages = len(strides)
        super().__init__(
            depth,
            in_channels=_COLOURS + 1,
            stem_channels=base_channels,
            base_channels=base_channels,
            num_stages=num_stages,
            strides=tuple(strides),
            dilations=(1,) * num_stages,
            out_indices=(num_stages - 1,),
            norm_cfg=norm_cfg or dict(type='BN', requires_grad=True),
            norm_eval=norm_eval,
            with_cp=with_cp,
            zero_init_residual=False,
            init_cfg=init_cfg,
        )

    def init_weights(self) -> None:
        """As mmseg's; without a checkpoint the fourth channel is copied from the red one here."""
        super().init_weights()
        if isinstance(self.init_cfg, dict) and self.init_cfg['type'] == 'Pretrained':
            return
        with torch.no_grad():
            self.conv1.weight[:, _COLOURS] = self.conv1.weight[:, 0]

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *rest: object) -> None:
        name = f'{prefix}conv1.weight'
        weight = state_dict.get(name)
        if weight is not None and weight.shape[1] == _COLOURS:
            state_dict[name] = torch.cat([weight, weight[:, :1]], dim=1)
        super()._load_from_state_dict(state_dict, prefix, *rest)

    def embed(self, images: Tensor) -> Tensor:
        """The image's part of the first convolution.

        Args:
            images: B,3,H,W float32, RGB, normalised.

        Returns:
            Tensor: B,C,h,w for :meth:`forward`.
        """
        # a bias is there where batch norm was folded into the layer
        return self._convolve(images, self.conv1.weight[:, :_COLOURS], self.conv1.bias)

    def forward(self, embedded: Tensor, masks: Tensor, image_index: Tensor) -> Tensor:
        """Features of N objects, N,C',h',w'.

        Args:
            embedded: B,C,h,w of :meth:`embed`.
            masks: N,H,W float in [0, 1], 1 = the object.
            image_index: int64 (N,), each object's image in the batch.
        """
        of_masks = self._convolve(masks[:, None], self.conv1.weight[:, _COLOURS:], None)
        x = self.maxpool(self.relu(self.norm1(embedded[image_index] + of_masks)))
        for name in self.res_layers:
            x = getattr(self, name)(x)
        return x

    def _convolve(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        return F.conv2d(x, weight, bias, self.conv1.stride, self.conv1.padding)
