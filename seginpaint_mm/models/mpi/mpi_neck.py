"""MPI as a neck: features behind the foreground are replaced by nearby background features."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor

from seginpaint_mm.models.mpi.max_pool_inpainting import max_pool_inpainting
from seginpaint_mm.models.mpi.random_rectangles import random_rectangles
from seginpaint_mm.registry import MODELS

POSITIONS = ('input', 'layer1', 'layer2', 'layer3', 'layer4', 'logits')
FILLS = ('max_pool', 'zero')


@MODELS.register_module()
class MPINeck(BaseModule):
    """Fill the foreground of a feature map (Sec. III-C), with random rectangles in training.

    In :class:`ForegroundInpainter` it stands at ``position`` and :meth:`fill` is given the mask.
    In any mmseg segmentor it is a ``neck``: it then needs a ``foreground_head`` of its own, fills
    every feature map that comes out of the backbone, and appends the head's logits to them, where
    an ``auxiliary_head`` of type ``NeckForegroundHead`` trains them.

    Args:
        fill: ``'max_pool'`` (the paper's) or ``'zero'`` (blacking out, Table IV).
        position: where :class:`ForegroundInpainter` puts it, one of ``POSITIONS`` (Table III).
        num_rectangles: random rectangles a sample, united with the mask in training; 0 for none.
        min_ratio: smallest side of a rectangle as a share of the map's side.
        max_ratio: largest side of a rectangle as a share of the map's side.
        merge: ``'dilated'`` (the paper's) or ``'mask'`` (the published code's), see
            :func:`max_pool_inpainting`.
        detach: stop the gradient through filled pixels, as the published code does.
        foreground_head: config of the head that finds the foreground when used in an mmseg
            segmentor; None in :class:`ForegroundInpainter`.
        init_cfg: MMEngine's initialisation config.
    """

    def __init__(
        self,
        *,
        fill: str = 'max_pool',
        position: str = 'layer2',
        num_rectangles: int = 3,
        min_ratio: float = 0.1,
        max_ratio: float = 0.4,
        merge: str = 'dilated',
        detach: bool = False,
        foreground_head: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if fill not in FILLS:
            raise ValueError(f'MPINeck.fill must be one of {FILLS}, got {fill!r}.')
        if position not in POSITIONS:
            raise ValueError(f'MPINeck.position must be one of {POSITIONS}, got {position!r}.')
        self.fill_mode = fill
        self.position = position
        self.num_rectangles = num_rectangles
        self.min_ratio = min_ratio
        self.max_ratio = max_ratio
        self.merge = merge
        self.detach = detach
        self.foreground_head = MODELS.build(foreground_head) if foreground_head else None

    def fill(self, features: Tensor, foreground: Tensor) -> Tensor:
        """Replace the features of the foreground.

        Args:
            features: N,C,h,w.
            foreground: N,1,H,W bool or 0/1, 1 = foreground; resized to h,w by nearest.

        Returns:
            N,C,h,w filled features.
        """
        size = features.shape[-2:]
        foreground = F.interpolate(foreground.to(features.dtype), size=size, mode='nearest') > 0.5
        if self.training and self.num_rectangles:
            foreground = foreground | self._rectangles(len(features), size, features.device)
        if self.fill_mode == 'zero':
            return features.masked_fill(foreground, 0)
        return max_pool_inpainting(features, foreground, merge=self.merge, detach=self.detach)

    def _rectangles(self, num_samples: int, size: torch.Size, device: torch.device) -> Tensor:
        return random_rectangles(
            num_samples,
            tuple(size),
            num=self.num_rectangles,
            min_ratio=self.min_ratio,
            max_ratio=self.max_ratio,
            device=device,
        )

    def forward(self, features: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Fill every map by the foreground that the neck's own head finds in them.

        Args:
            features: the backbone's maps, each N,C_i,h_i,w_i.

        Returns:
            The filled maps, then the foreground logits N,1,H,W.
        """
        if self.foreground_head is None:
            raise ValueError(
                'MPINeck in an mmseg segmentor finds its own foreground: give it '
                "foreground_head=dict(type='ForegroundHead', ...)."
            )
        logits = self.foreground_head(features)
        foreground = logits.detach() > 0
        return (*(self.fill(feature, foreground) for feature in features), logits)
