"""``EnlargedMaps``: localisation maps at the image's size, computed only where they are read."""

import torch
from torch import Tensor


class EnlargedMaps:
    """What :meth:`LocalizationHead.upsample` makes of an image's maps, one pixel at a time.

    Few pixels vote for a thing, and each reads the 4 maps of that thing: to enlarge all 4T maps
    takes, with 80 things, seconds and gibibytes. The values are those of ``upsample`` but for
    rounding.

    Args:
        maps: Floats (4T, h, w), of any type, at the stride.
        stride: Pixels of the image a pixel of the maps.
        size: (H, W) of the image; the last row and column of the maps may stick out of it.
        offset_scale: Pixels a unit of the encoded offsets, see :class:`BoxCoder`.

    Attributes:
        shape: (4T, H, W).
    """

    def __init__(
        self, maps: Tensor, *, stride: int, size: tuple[int, int], offset_scale: float
    ) -> None:
        self._maps = maps
        self._stride = stride
        self._offset_scale = offset_scale
        self.shape = (len(maps), *size)

    def __len__(self) -> int:
        return len(self._maps)

    def read(self, thing: int, rows: Tensor, columns: Tensor) -> Tensor:
        """Encoded boxes of a thing at some pixels.

        Offsets are interpolated as positions, see :meth:`LocalizationHead.upsample`.

        Args:
            thing: From 0 to T - 1.
            rows: int64 (V,), below H.
            columns: int64 (V,), below W.

        Returns:
            Tensor: float32 (V, 4) on the maps' device.
        """
        rows, columns = rows.to(self._maps.device), columns.to(self._maps.device)
        height, width = self._maps.shape[1:]
        above, below, down = self._neighbours(rows, height)
        left, right, across = self._neighbours(columns, width)
        upper = torch.lerp(self._at(thing, above, left), self._at(thing, above, right), across)
        lower = torch.lerp(self._at(thing, below, left), self._at(thing, below, right), across)
        boxes = torch.lerp(upper, lower, down)
        boxes[:, 0] -= (columns + 0.5) / self._offset_scale
        boxes[:, 1] -= (rows + 0.5) / self._offset_scale
        return boxes

    def _neighbours(self, places: Tensor, length: int) -> tuple[Tensor, Tensor, Tensor]:
        """Places in the map before and after places in the image, and the way between, (V, 1)."""
        exact = ((places + 0.5) / self._stride - 0.5).clamp(min=0)
        before = exact.long()
        return before, (before + 1).clamp(max=length - 1), (exact - before)[:, None]

    def _at(self, thing: int, rows: Tensor, columns: Tensor) -> Tensor:
        """Float32 (V, 4) at pixels of the map, with positions of the centre for offsets."""
        values = self._maps[4 * thing : 4 * thing + 4, rows, columns].float().T.contiguous()
        for channel, places in enumerate((columns, rows)):
            values[:, channel] += (places + 0.5) * self._stride / self._offset_scale
        return values
