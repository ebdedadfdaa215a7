"""``RandomRectangles``: rectangular holes in an image."""

import numpy as np
import torch
from mmcv.transforms import BaseTransform

from seginpaint_mm.models.mpi.random_rectangles import random_rectangles
from seginpaint_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomRectangles(BaseTransform):
    """Add ``hole``, uint8 (H, W), 1 = to be filled: the union of random rectangles.

    They are those of the MPI paper (Section IV-A; see :func:`random_rectangles`), here in the
    image. The image itself stays as it is. ``hole`` is added to ``seg_fields``.

    Args:
        num: Rectangles in an image.
        min_ratio: Smallest side as a share of the image's side, in (0, 1].
        max_ratio: Largest side as a share of the image's side, in (0, 1].
        fixed: The same rectangles for a ``sample_idx`` every time (evaluation). Otherwise they
            come from torch's generator, which is seeded for each worker.
        seed: Varies the choices of ``fixed``.

    Raises:
        ValueError: when ``num`` is negative or the ratios are no range in (0, 1].
    """

    def __init__(
        self,
        *,
        num: int = 3,
        min_ratio: float = 0.1,
        max_ratio: float = 0.4,
        fixed: bool = False,
        seed: int = 0,
    ) -> None:
        if num < 0 or not 0 < min_ratio <= max_ratio <= 1:
            raise ValueError(
                f'RandomRectangles: num must be 0 or more and 0 < min_ratio <= max_ratio <= 1, '
                f'not num={num}, min_ratio={min_ratio}, max_ratio={max_ratio}.'
            )
        self.num = num
        self.min_ratio = min_ratio
        self.max_ratio = max_ratio
        self.fixed = fixed
        self.seed = seed

    def transform(self, results: dict) -> dict:
        hole = random_rectangles(
            1,
            results['img'].shape[:2],
            num=self.num,
            min_ratio=self.min_ratio,
            max_ratio=self.max_ratio,
            generator=self._generator(results),
        )
        results['hole'] = hole[0, 0].numpy().astype(np.uint8)
        results.setdefault('seg_fields', []).append('hole')
        return results

    def _generator(self, results: dict) -> torch.Generator | None:
        if not self.fixed:
            return None
        numbers = np.random.SeedSequence([self.seed, results['sample_idx']])
        return torch.Generator().manual_seed(int(numbers.generate_state(1)[0]))
