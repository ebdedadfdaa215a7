"""``SCEM``: tells from the segmentation which places can be relied on."""

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from torch import Tensor
from torch.nn.functional import adaptive_max_pool2d

from seginpaint_mm.registry import MODELS

RULES = ('quantile', 'ratio')


@MODELS.register_module()
class SCEM(BaseModule):
    """Segmentation confidence evaluation (Section 3.2, eq. 4, Fig. 3b).

    A place is **reliable, 1**, where the largest of its class probabilities is above tau, and
    otherwise 0. No gradient passes. The paper says of tau that it "is decided by the proportion of
    the maximum one from the sorted probability values", which is read in two ways, each picture
    having a tau of its own:

    - ``('quantile', q)``: the share q of the picture's places that are least sure is unreliable;
    - ``('ratio', r)``: tau is r times the largest probability in the picture, so that the
      unreliable places become fewer as the segmentation becomes surer (as in Fig. 6).

    Args:
        tau: Rule and number, in [0, 1).

    Raises:
        ValueError: when the rule is another word or the number outside its range.
    """

    def __init__(self, *, tau: Sequence[str | float] = ('quantile', 0.25)) -> None:
        super().__init__()
        if len(tau) != 2 or tau[0] not in RULES or not 0 <= tau[1] < 1:
            raise ValueError(
                f'SCEM.tau must be one of {RULES} and a number from 0 to below 1, e.g. '
                f"('quantile', 0.25), not {tau!r}."
            )
        self.rule, self.number = tau

    @torch.no_grad()
    def forward(self, probabilities: Tensor) -> Tensor:
        """Reliability of places.

        Args:
            probabilities: N,K,h,w of classes.

        Returns:
            Tensor: float N,1,h,w, 1 = reliable.
        """
        surest = confidence(probabilities)
        tau = self._threshold(surest.flatten(1)).to(surest.dtype)
        return (surest > tau[:, None, None, None]).to(probabilities.dtype)

    def _threshold(self, surest: Tensor) -> Tensor:
        """tau of each picture, (N,), of N,places."""
        if self.rule == 'ratio':
            return self.number * surest.amax(dim=1)
        rank = round(self.number * surest.shape[1])  # so many places are unreliable
        if rank == 0:
            return torch.full_like(surest[:, 0], -1)
        return surest.sort(dim=1).values[:, rank - 1]


def confidence(probabilities: Tensor) -> Tensor:
    """P_max of eq. (4): N,1,h,w of N,K,h,w."""
    return probabilities.amax(dim=1, keepdim=True)


def outside_hole(hole: Tensor, size: tuple[int, int]) -> Tensor:
    """The coarsest scale's reliability, which is the input mask (Fig. 7).

    Args:
        hole: N,1,H,W float, 1 = to be filled.
        size: (height, width) of the result.

    Returns:
        Tensor: N,1,*size, 1 = reliable: no pixel of the place is in the hole.
    """
    return 1 - adaptive_max_pool2d(hole, size)
