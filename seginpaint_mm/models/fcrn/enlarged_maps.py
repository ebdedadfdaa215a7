"""``EnlargedMaps``: localisation maps at the image's size, computed only where they are read."""

import torch
from scipy import ndimage
from torch import Tensor


class EnlargedMaps:
    """What :meth:`LocalizationHead.upsample` makes of an image's maps, one pixel at a time.

    Few pixels vote for a thing, or lie on one in training, and each reads the 4 maps of that thing:
    to enlarge all 4T maps takes, with 80 things, seconds and gibibytes. The values are those of
    ``upsample`` but for rounding.

    A net that learnt only in the middle of each pixel of its map says anything beside an object:
    there :meth:`read_object` continues what it says on the object.

    Args:
        maps: Floats (4T, h, w), of any type, at the stride.
        stride: Pixels of the image a pixel of the maps.
        size: (H, W) of the image; the last row and column of the maps may stick out of it.
        offset_scale: Pixels a unit of the encoded offsets, see :class:`BoxCoder`.
        continues: Whether :meth:`read_object` continues predictions beyond the object.

    Attributes:
        shape: (4T, H, W).
    """

    def __init__(
        self,
        maps: Tensor,
        *,
        stride: int,
        size: tuple[int, int],
        offset_scale: float,
        continues: bool = False,
    ) -> None:
        self._maps = maps
        self._stride = stride
        self._offset_scale = offset_scale
        self._continues = continues
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
        things = torch.as_tensor(things, device=device).expand(len(rows))
        return self._interpolated(things, rows.to(device), columns.to(device), None)

    def read_object(self, thing: int, rows: Tensor, columns: Tensor) -> Tensor:
        """Encoded boxes of a thing at all the pixels that may belong to its objects.

        With ``continues`` the pixels of the map whose middle is none of these count as untrained:
        the value of the nearest trained one, a position of the centre and a size, replaces theirs.

        Args:
            thing: From 0 to T - 1.
            rows: int64 (V,), below H, of all these pixels.
            columns: int64 (V,), below W.

        Returns:
            Tensor: float32 (V, 4) on the maps' device.
        """
        if not self._continues:
            return self.read(thing, rows, columns)
        device = self._maps.device
        source = self._nearest_trained(rows, columns).to(device)
        things = torch.as_tensor(thing, device=device).expand(len(rows))
        return self._interpolated(things, rows.to(device), columns.to(device), source)

    def _nearest_trained(self, rows: Tensor, columns: Tensor) -> Tensor:
        """int64 (2, h, w): row and column of the trained pixel of the map nearest to each."""
        size, middle = tuple(self._maps.shape[1:]), self._stride // 2
        is_middle = (rows % self._stride == middle) & (columns % self._stride == middle)
        trained = torch.zeros(size, dtype=torch.bool)
        trained[rows[is_middle] // self._stride, columns[is_middle] // self._stride] = True
        if not trained.any():
            return torch.stack(torch.meshgrid(*map(torch.arange, size), indexing='ij'))
        nearest = ndimage.distance_transform_edt(
            ~trained.numpy(), return_distances=False, return_indices=True
        )
        return torch.from_numpy(nearest).long()

    def _interpolated(
        self, things: Tensor, rows: Tensor, columns: Tensor, source: Tensor | None
    ) -> Tensor:
        height, width = self._maps.shape[1:]
        above, below, down = self._neighbours(rows, height)
        left, right, across = self._neighbours(columns, width)
        corners = [(row, column) for row in (above, below) for column in (left, right)]
        if source is not None:
            corners = [tuple(source[:, row, column]) for row, column in corners]
        values = [self._at(things, row, column) for row, column in corners]
        upper, lower = torch.lerp(*values[:2], across), torch.lerp(*values[2:], across)
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
