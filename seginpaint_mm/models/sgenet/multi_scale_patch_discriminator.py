"""``MultiScalePatchDiscriminator``: scores patches of an image at several scales."""

from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from seginpaint_mm.registry import MODELS

_SMALL = 32


@MODELS.register_module()
class MultiScalePatchDiscriminator(BaseModule):
    """The multi-scale PatchGAN of eq. (8): k = 1, 2, 3 are the image, its half, its quarter.

    Each scale has a network of its own, as in pix2pixHD.

    Args:
        discriminator: Config of a network from N,3,H,W to N,1,h,w logits, 1 = real, e.g. mmagic's
            ``PatchDiscriminator``.
        num_scales: Number of scales.
        init_cfg: MMEngine's initialisation config.
    """

    def __init__(
        self, *, discriminator: dict, num_scales: int = 3, init_cfg: dict | None = None
    ) -> None:
        super().__init__(init_cfg)
        self.scales = nn.ModuleList(MODELS.build(discriminator) for _ in range(num_scales))

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Score N,3,H,W: N,1,h,w logits of each scale, in float32.

        Raises:
            ValueError: when the images are too small for the networks.
        """
        size, scores = tuple(pictures.shape[-2:]), []
        for index, network in enumerate(self.scales):
            if index > 0:
                pictures = avg_pool2d(pictures, 2)
            try:
                scores.append(network(pictures).float())
            except (RuntimeError, ValueError) as error:
                if min(pictures.shape[-2:]) > _SMALL:  # something else is wrong
                    raise
                raise ValueError(
                    f'Images of {size} are too small for the discriminator at scale {index + 1}, '
                    f'where they are {tuple(pictures.shape[-2:])} ({error}): use fewer num_scales, '
                    f'a smaller num_conv, or larger crops.'
                ) from error
        return scores
