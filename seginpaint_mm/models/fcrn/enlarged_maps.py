"""``EnlargedMaps``: localisation maps at the image's size, computed only where they are read."""

import torch
from torch import Tensor


class EnlargedMaps:
    """What :meth:`LocalizationHead.upsample` makes of an image's maps, one pixel at a time.

    Few pixels vote for a thing, or lie on one in training, and each reads the 4 maps of that thing:
    to enlarge all 4T maps takes, with 80 things, seconds and gibibytes. The values are those of
    ``upsample`` but for rounding.

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

    def read(self, things: int | Tensor, rows: Tensor, columns: Tensor) -> Tensor:
        """Encoded boxes of things at some pixels; gradients reach the maps.

        Offsets are interpolated as positions, see :meth:`LocalizationHead.upsample`.

        Args:
            things: From 0 to T - 1, one for all pixels or int64 (V,).
            rows: int64 (V,), below H.
            columns: int64 (V,), below W.

        Returns:
            Tensor: float32 (V, 4) on the maps' device.
        """
        device = self._maps.device
        rows, columns = rows.to(device), columns.to(device)
        things = torch.as_tensor(things, device=device).expand(len(rows))
        height, width = self._maps.shape[1:]
        above, below, down = self._neighbours(rows, height)
        left, right, across = self._neighbours(columns, width)
        upper = torch.lerp(self._at(things, above, left), self._at(things, above, right), across)
        lower = torch.lerp(self._at(things, below, left), self._at(things, below, right), across)
        return torch.lerp(upper, lower, down) - self._positions(rows, columns, 1)

    def _neighbours(self, places: Tensor, length: int) -> tuple[Tensor, Tensor, Tensor]:
        """Places in the map before and after places in the image, and the way between, (V, 1)."""
        exact = ((places + 0.5) / self._stride - 0.5).clamp(min=0)
        before = exact.long()
        return before, (before + 1).clamp(max=length - 1), (exact - before)[:, None]

    def _at(self, things: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
        """Float32 (V, 4) at pixels of the map, with positions of the centre for offsets."""
        values = self._maps.unflatten(0, (-1, 4))[things, :, rows, columns]
        return values.float() + self._positions(rows, columns, self._stride)

    def _positions(self, rows: Tensor, columns: Tensor, stride: int) -> Tensor:
        """Float32 (V, 4): what turns offsets from pixels into positions; 0 for the sizes."""
        x, y = ((places + 0.5) * stride / self._offset_scale for places in (columns, rows))
        return torch.stack((x, y, torch.zeros_like(x), torch.zeros_like(x)), dim=1)
