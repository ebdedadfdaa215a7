"""MPI as a neck: features behind the foreground are replaced by nearby background features."""

from collections.abc import Iterable, Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor

from seginpaint_mm.geometry.boxes import random_rectangles
from seginpaint_mm.ops.max_pool_inpainting import max_pool_inpainting
from seginpaint_mm.registry import MODELS
from seginpaint_mm.utils.graphs import leaves_python

POSITIONS = ('input', 'layer1', 'layer2', 'layer3', 'layer4', 'logits')
DEFAULT_POSITION = 'layer2'
FILLS = ('max_pool', 'zero')


class FilledMaps(tuple):
    """The filled feature maps, and beside them the foreground logits that they were filled by.

    The logits are no element of it, so that a head finds its map at the same ``in_index``, also at
    -1, with and without the neck.

    Attributes:
        foreground_logits: N,1,H,W.
    """

    foreground_logits: Tensor

    @classmethod
    def beside(cls, maps: Iterable[Tensor], foreground_logits: Tensor) -> 'FilledMaps':
        """Put the logits beside the maps N,C_i,h_i,w_i."""
        filled = cls(maps)
        filled.foreground_logits = foreground_logits
        return filled


@MODELS.register_module()
class MPINeck(BaseModule):
    """Fill the foreground of a feature map (Sec. III-C), with random rectangles in training.

    In :class:`ForegroundInpainter` it stands at ``position`` and :meth:`fill` is given the mask.
    In any mmseg segmentor it is a ``neck``: it then needs a ``foreground_head`` of its own, stands
    behind the backbone, fills every feature map that comes out of it, and hands the head's logits
    on beside them, where an ``auxiliary_head`` of type ``NeckForegroundHead`` trains them. There it
    does not know what of a batch is padding: train and test it on images of one size.

    Args:
        fill: ``'max_pool'`` (the paper's) or ``'zero'`` (blacking out, Table IV).
        position: where :class:`ForegroundInpainter` puts it, one of ``POSITIONS`` (Table III);
            None is ``'layer2'``. With a ``foreground_head`` it is behind the backbone, and only
            None is allowed.
        num_rectangles: random rectangles a sample, united with the mask in training; 0 for none.
        min_ratio: smallest side of a rectangle as a share of the map's side.
        max_ratio: largest side of a rectangle as a share of the map's side.
        merge: ``'dilated'`` (the paper's) or ``'mask'`` (the published code's), see
            :func:`max_pool_inpainting`.
        detach: stop the gradient through filled pixels, as the published code does.
        cell: side in pixels of what one place of the map covers, 8 behind ``layer2``: in testing a
            place is then foreground where any of its pixels is. With None, the paper's, the nearest
            pixel decides, and thin or small objects are left in the map.
        foreground_head: config of the head that finds the foreground when used in an mmseg
            segmentor; None in :class:`ForegroundInpainter`.
        init_cfg: MMEngine's initialisation config.

    Raises:
        ValueError: when ``fill`` or ``position`` is another word, or both a ``position`` and a
            ``foreground_head`` are given.
    """

    def __init__(
        self,
        *,
        fill: str = 'max_pool',
        position: str | None = None,
        num_rectangles: int = 3,
        min_ratio: float = 0.1,
        max_ratio: float = 0.4,
        merge: str = 'dilated',
        detach: bool = False,
        cell: int | None = None,
        foreground_head: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if fill not in FILLS:
            raise ValueError(f'MPINeck.fill must be one of {FILLS}, got {fill!r}.')
        if position not in (None, *POSITIONS):
            raise ValueError(f'MPINeck.position must be one of {POSITIONS}, got {position!r}.')
        if position is not None and foreground_head is not None:
            raise ValueError(
                f'MPINeck with a foreground_head of its own stands behind the backbone of an mmseg '
                f'segmentor: leave out position={position!r}, or take a ForegroundInpainter, which '
                f'puts it anywhere.'
            )
        self.fill_mode = fill
        self.position = position or DEFAULT_POSITION
        self.num_rectangles = num_rectangles
        self.min_ratio = min_ratio
        self.max_ratio = max_ratio
        self.merge = merge
        self.detach = detach
        self.cell = cell
        self.foreground_head = MODELS.build(foreground_head) if foreground_head else None

    def fill(self, features: Tensor, foreground: Tensor, padding: Tensor | None = None) -> Tensor:
        """Replace the features of the foreground.

        Args:
            features: N,C,h,w.
            foreground: N,1,H,W bool or 0/1, 1 = foreground; resized to h,w by nearest, or by
                ``cell``.
            padding: N,1,H,W bool, 1 = no part of the image, neither filled nor filled from; resized
                likewise. None where there is none.

        Returns:
            N,C,h,w filled features.

        Raises:
            ValueError: in testing, when ``cell`` is not H / h.
        """
        size = features.shape[-2:]
        if self.cell and not self.training:
            foreground = _any_of_cell(foreground, self.cell, size)
        else:
            foreground = _resized(foreground, size)
        if padding is not None:
            padding = _resized(padding, size)
        if self.training and self.num_rectangles:
            foreground = foreground | self._rectangles(len(features), size, features.device)
        if self.fill_mode == 'zero':
            hole = foreground if padding is None else foreground & ~padding
            return features.masked_fill(hole, 0)
        return max_pool_inpainting(
            features, foreground, padding=padding, merge=self.merge, detach=self.detach
        )

    def _rectangles(self, num_samples: int, size: torch.Size, device: torch.device) -> Tensor:
        return random_rectangles(
            num_samples,
            tuple(size),
            num=self.num_rectangles,
            min_ratio=self.min_ratio,
            max_ratio=self.max_ratio,
            device=device,
        )

    def forward(self, features: Sequence[Tensor]) -> FilledMaps:
        """Fill every map by the foreground that the neck's own head finds in them.

        Args:
            features: the backbone's maps, each N,C_i,h_i,w_i.

        Returns:
            The filled maps, as many as there were, with the foreground logits N,1,H,W beside them.
        """
        if self.foreground_head is None:
            raise ValueError(
                'MPINeck in an mmseg segmentor finds its own foreground: give it '
                "foreground_head=dict(type='ForegroundHead', ...)."
            )
        logits = self.foreground_head(features)
        foreground = logits.detach() > 0
        return FilledMaps.beside((self.fill(maps, foreground) for maps in features), logits)


def _any_of_cell(mask: Tensor, cell: int, size: Sequence[int]) -> Tensor:
    """Bool N,1,h,w of ``size``: whether any pixel of a cell is in the mask."""
    cells = F.max_pool2d(mask.float(), cell) > 0.5
    if not leaves_python() and cells.shape[-2:] != size:
        raise ValueError(
            f'MPINeck.cell={cell} makes {tuple(cells.shape[-2:])} of a mask of '
            f'{tuple(mask.shape[-2:])}, but the map is {tuple(size)}: set it to the stride there.'
        )
    return cells


def _resized(mask: Tensor, size: Sequence[int]) -> Tensor:
    """Bool N,1,h,w of ``size`` by nearest."""
    if not leaves_python() and mask.shape[-2:] == size:  # a graph is for all sizes
        return mask > 0.5
    return F.interpolate(mask.float(), size=size, mode='nearest') > 0.5
