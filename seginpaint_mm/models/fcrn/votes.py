"""Step 3 of Sec. 2.1: which pixels vote for which classes."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Votes:
    """Pixels that may belong to things of one class; on the CPU.

    Attributes:
        pixels: int64 (V,), row * width + column, ascending.
        scores: float32 (V,), the pixels' scores for the class.
        ranks: int64 (V,), how many classes have a higher score there.
    """

    pixels: Tensor
    scores: Tensor
    ranks: Tensor

    def __len__(self) -> int:
        return len(self.pixels)

    def within(self, top_n: int) -> 'Votes':
        """Those of the top-n mask: the class is among the n highest of the pixel."""
        return self[self.ranks < top_n]

    def places(self, width: int) -> tuple[Tensor, Tensor]:
        """Rows and columns, int64 (V,), in an image of that width."""
        rows = self.pixels.div(width, rounding_mode='floor')
        return rows, self.pixels - rows * width

    def points(self, width: int) -> Tensor:
        """x, y of the middles of the pixels, float32 (V, 2), in an image of that width."""
        rows, columns = self.places(width)
        return torch.stack((columns, rows), dim=1) + 0.5

    def __getitem__(self, chosen: Tensor) -> 'Votes':
        """Some of them; ``chosen`` is bool (V,)."""
        return Votes(self.pixels[chosen], self.scores[chosen], self.ranks[chosen])


def find_votes(scores: Tensor, thing_id: int, *, top_n: int, min_score: float) -> Votes:
    """The votes for a class of things: the pixels in its top-n mask.

    All K classes are ranked, so that a pixel that is surely background votes for nothing: its
    class has no instances. Of equal scores all count as among the highest.

    Args:
        scores: floats (K, H, W).
        thing_id: The class.
        top_n: n.
        min_score: Pixels vote with scores above it only.
    """
    scores = scores.flatten(1)
    pixels = (scores[thing_id] > min_score).nonzero().squeeze(1)
    candidates = scores.index_select(1, pixels)
    of_class = candidates[thing_id]
    ranks = (candidates > of_class).sum(0)
    return Votes(pixels.cpu(), of_class.float().cpu(), ranks.cpu()).within(top_n)
