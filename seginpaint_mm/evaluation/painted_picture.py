"""What a model painted into a hole, beside the truth: read from records, sorted by the hole."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor

from seginpaint_mm.errors import MissingFieldError
from seginpaint_mm.evaluation.records import name_of

HOLE_RATIOS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 1.0)  # NVIDIA's bins, and what is above
_SOURCES = {
    'gt_image': "a data set's pipeline (KeepTrueImage, or LoadPair, and PackScene)",
    'hole': "a data set's pipeline (CentreHole, IrregularHoles, ... and PackScene)",
    'pred_image': 'the model',
}


@dataclass(frozen=True)
class PaintedPicture:
    """A picture whose hole was filled.

    Attributes:
        painted: uint8 (3, H, W), RGB, the whole picture with its hole filled.
        truth: uint8 (3, H, W), RGB.
        hole: bool (H, W), True = was filled.
    """

    painted: Tensor
    truth: Tensor
    hole: Tensor

    @property
    def ratio(self) -> float:
        """Share of the picture that the hole has, from 0 to 1."""
        return self.hole.sum().item() / self.hole.numel()


def read_painted_picture(sample: dict, *, metric: str) -> PaintedPicture:
    """The picture of a record with ``pred_image``, ``gt_image`` and ``hole``.

    Args:
        sample: A ``SceneSample.to_dict()`` record.
        metric: Who asks, for errors.

    Raises:
        KeyError: when a field is missing.
        ValueError: when sizes differ, or the hole is empty.
    """
    painted, truth, hole = (
        read_field(sample, field, metric=metric) for field in ('pred_image', 'gt_image', 'hole')
    )
    if not painted.shape == truth.shape == (3, *hole.shape[-2:]):
        raise ValueError(
            f'{metric}: pred_image of {name_of(sample)} is {tuple(painted.shape)}, gt_image '
            f'{tuple(truth.shape)} and hole {tuple(hole.shape)}: they must be of one size.'
        )
    hole = hole[0] > 0
    if not hole.any():
        raise ValueError(
            f'{metric}: the hole of {name_of(sample)} covers nothing, so there is nothing to '
            f'measure: give holes with a pixel at least.'
        )
    return PaintedPicture(painted, truth.to(painted.device), hole.to(painted.device))


def read_field(sample: dict, field: str, *, metric: str) -> Tensor:
    """The tensor of a pixel field of a record.

    Raises:
        KeyError: when it is missing.
    """
    if field not in sample:
        source = _SOURCES.get(field, 'the model')
        raise MissingFieldError(
            f'{metric}: {name_of(sample)} has no {field}; it comes from {source}.'
        )
    return sample[field]['data']


def ratio_bins(edges: Sequence[float]) -> dict[str, tuple[float, float]]:
    """Name -> (more than, at most) of hole ratios, e.g. ``hole_10-20`` -> (0.1, 0.2).

    Raises:
        ValueError: when the edges do not rise from 0 or more to 1 or less.
    """
    pairs = list(pairwise(edges))
    if not pairs or not all(0 <= low < high <= 1 for low, high in pairs):
        raise ValueError(
            f'ratios must be numbers that rise from 0 or more to 1 or less, not {tuple(edges)!r}.'
        )
    return {f'hole_{100 * low:g}-{100 * high:g}': (low, high) for low, high in pairs}
