"""``SCEM``: tells from the segmentation which places can be relied on."""

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from torch import Tensor
from torch.nn.functional import max_pool2d

from seginpaint_mm.registry import MODELS
from seginpaint_mm.utils.graphs import leaves_python

RULES = ('quantile', 'ratio')


@MODELS.register_module()
class SCEM(BaseModule):
    """Segmentation confidence evaluation (Section 3.2, eq. 4, Fig. 3b).

    A place is **reliable, 1**, where the largest of its class probabilities is above tau, and
    otherwise 0. No gradient passes. The paper says of tau that it "is decided by the proportion of
    the maximum one from the sorted probability values", which is read in two ways, each image and
    scale having a tau of its own:

    - ``('ratio', r)``: tau is r times the largest probability of the scale, so that unreliable
      places become fewer as the segmentation becomes surer, from scale to scale and from epoch to
      epoch. In Fig. 6 and 7 the unreliable area shrinks likewise, and lies in the hole;
    - ``('quantile', q)``: the share q of the places that are least sure is unreliable, rounded to
      whole places, at every scale and in known parts of the image, too; which of equally sure ones
      is not defined.

    Args:
        tau: Rule and number, in [0, 1).

    Raises:
        ValueError: when the rule is another word or the number outside its range.
    """

    def __init__(self, *, tau: Sequence[str | float] = ('ratio', 0.7)) -> None:
        super().__init__()
        if len(tau) != 2 or tau[0] not in RULES or not 0 <= tau[1] < 1:
            raise ValueError(
                f'SCEM.tau must be one of {RULES} and a number from 0 to below 1, e.g. '
                f"('ratio', 0.7), not {tau!r}."
            )
        self.rule, self.number = tau

    @torch.no_grad()
    def forward(self, probabilities: Tensor) -> Tensor:
        """Reliability of places.

        Args:
            probabilities: N,K,h,w of classes, best in float32: of lower precision many are equal.

        Returns:
            Tensor: float32 N,1,h,w, 1 = reliable.
        """
        surest = confidence(probabilities.float())
        if self.rule == 'ratio':
            return (surest > self.number * surest.amax(dim=(1, 2, 3), keepdim=True)).float()
        return self._surest_places(surest.flatten(1)).view_as(surest)

    def _surest_places(self, surest: Tensor) -> Tensor:
        """Reliability of N,places by rank, so that ties do not change the share."""
        if leaves_python():
            return self._by_rank(surest)
        num_unreliable = round(self.number * surest.shape[1])
        least_sure = surest.topk(num_unreliable, dim=1, largest=False, sorted=False).indices
        return torch.ones_like(surest).scatter(1, least_sure, 0.0)

    def _by_rank(self, surest: Tensor) -> Tensor:
        """The same in a graph for all sizes, in which the number of places is not known."""
        order = surest.argsort(dim=1)
        rank = torch.ones_like(surest).cumsum(dim=1)  # from 1, of N,places
        is_reliable = rank > torch.round(self.number * rank[:, -1:])
        return torch.zeros_like(surest).scatter(1, order, is_reliable.to(surest.dtype))


def confidence(probabilities: Tensor) -> Tensor:
    """P_max of eq. (4): N,1,h,w of N,K,h,w."""
    return probabilities.amax(dim=1, keepdim=True)


def outside_hole(hole: Tensor, stride: int) -> Tensor:
    """The coarsest scale's reliability, which is the input mask (Fig. 7).

    Args:
        hole: N,1,H,W float, 1 = to be filled.
        stride: Of the result, which divides H and W.

    Returns:
        Tensor: N,1,H/stride,W/stride, 1 = reliable: no pixel of the place is in the hole.
    """
    return 1 - max_pool2d(hole, stride)
