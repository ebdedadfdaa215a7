"""``SGEGenerator``: encoder, context inference and decoder, from a hole to what may fill it."""

import torch
from mmengine.model import BaseModule
from torch import Tensor

from seginpaint_mm.registry import MODELS


@MODELS.register_module()
class SGEGenerator(BaseModule):
    """The network of Fig. 2a and 3a. It never sees the content of the hole.

    Args:
        encoder: Config of a :class:`SkipEncoder`.
        context: Config of what completes the deepest features, :class:`ContextInference` or
            :class:`DilatedContext`.
        decoder: Config of a :class:`MultiScaleDecoder`; its channels are the encoder's.
        init_cfg: MMEngine's initialisation config.

    Attributes:
        divisor: What heights and widths must be divisible by, 32 with five levels.
    """

    def __init__(
        self, *, encoder: dict, context: dict, decoder: dict, init_cfg: dict | None = None
    ) -> None:
        super().__init__(init_cfg)
        self.encoder = MODELS.build(encoder)
        channels = self.encoder.channels
        self.context = MODELS.build(dict(context, channels=channels[-1]))
        self.decoder = MODELS.build(dict(decoder, channels=channels))
        self.divisor = 2 ** (len(channels) - 1)

    def forward(
        self, pictures: Tensor, hole: Tensor, segmentation: Tensor | None = None
    ) -> dict[str, Tensor]:
        """Fill the hole.

        Args:
            pictures: N,3,H,W in [0, 1], RGB. What is in the hole is of no consequence.
            hole: bool N,1,H,W, True = to be filled.
            segmentation: Classes that guide it, also in the hole, int64 N,H,W, 255 = not known;
                None: the network's own guide it.

        Returns:
            See :meth:`MultiScaleDecoder.forward`.

        Raises:
            ValueError: when height or width is not divisible by ``divisor``.
        """
        self._check_size(*pictures.shape[-2:])
        mask = hole.to(pictures.dtype)
        blanked = (pictures * 2 - 1).masked_fill(hole, 0)
        *skips, deepest = self.encoder(torch.cat([blanked, mask], dim=1))
        return self.decoder(self.context(deepest), skips, mask, segmentation)

    def _check_size(self, height: int, width: int) -> None:
        if height % self.divisor or width % self.divisor:
            wanted = ' x '.join(str(side + -side % self.divisor) for side in (height, width))
            raise ValueError(
                f'Pictures of {height} x {width} do not fit: height and width must be divisible '
                f'by {self.divisor}; crop them, or pad them to {wanted}.'
            )
