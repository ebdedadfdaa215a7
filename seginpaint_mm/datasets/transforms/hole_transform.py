"""``HoleTransform``: what the transforms that make holes for inpainting have in common."""

import zlib
from abc import abstractmethod
from pathlib import Path
from typing import ClassVar

import numpy as np
from mmcv.transforms import BaseTransform


class HoleTransform(BaseTransform):
    """Add ``hole``, uint8 (H, W), 1 = to be filled, of the size of ``img``; list it in seg_fields.

    The image stays complete: models blank the hole themselves. Call it where the image has its
    final size; :class:`KeepTrueImage` keeps the image as the truth.

    Args:
        fixed: Make the same choices for an image of a name every time, whatever its place in the
            data set (evaluation). Otherwise they come from NumPy's global state, which MMEngine
            seeds for each worker.
        seed: Varies the choices of ``fixed``.
    """

    needs_truth: ClassVar[bool] = True

    def __init__(self, *, fixed: bool = False, seed: int = 0) -> None:
        self.fixed = fixed
        self.seed = seed

    def transform(self, results: dict) -> dict | None:
        """Add the hole; None where the sample has none to offer.

        Raises:
            ValueError: when the hole covers nothing or all of the image.
        """
        hole = self.draw(results, self._rng(results))
        if hole is None:
            return None
        image = results.get('img_path', 'an image')
        check_hole(hole, f'{type(self).__name__}: the hole of {image}')
        results['hole'] = hole
        if 'hole' not in results.setdefault('seg_fields', []):
            results['seg_fields'].append('hole')
        return results

    @abstractmethod
    def draw(self, results: dict, rng: np.random.Generator) -> np.ndarray | None:
        """A hole, uint8 (H, W), for ``results['img']``; None to leave the sample out."""

    def _rng(self, results: dict) -> np.random.Generator:
        if not self.fixed:
            return np.random.default_rng(np.random.randint(2**31, size=4))
        name = Path(results['img_path']).name
        return np.random.default_rng([self.seed, zlib.crc32(name.encode())])


def check_hole(hole: np.ndarray, what: str) -> None:
    """ValueError, beginning with ``what``, when a hole (1 = to be filled) is empty or full."""
    if not hole.any():
        raise ValueError(f'{what} covers nothing: there is nothing to fill; mark pixels to fill.')
    if hole.all():
        raise ValueError(
            f'{what} covers the whole image: nothing is left to fill it from; make it smaller.'
        )


def check_sides(name: str, value: tuple[float, float], *, least: float, greatest: float) -> None:
    """ValueError when ``value`` is no (least, greatest) within these bounds."""
    if len(value) != 2 or not least <= value[0] <= value[1] <= greatest:
        raise ValueError(
            f'{name} must be (least, greatest) with {least:g} <= least <= greatest <= '
            f'{greatest:g}, not {value!r}.'
        )
