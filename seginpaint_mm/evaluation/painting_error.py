"""``PaintingErrorMetric``: how far painted objects are from how they look when none hides them."""

from collections.abc import Sequence

import torch
from mmengine.evaluator import BaseMetric
from torch import Tensor

from seginpaint_mm.evaluation.records import check_same_shape, read_instances
from seginpaint_mm.registry import METRICS


@METRICS.register_module()
class PaintingErrorMetric(BaseMetric):
    """Mean absolute and mean squared error of painted objects (SeGAN, Table 2).

    Means over all values of the RGB crops of the grown boxes (3x256x256 in the paper), in [0, 1],
    also those where the object is not, averaged over the objects. The published code subtracts the
    same mean colour from both, which does not change the differences. Keys: ``L1``, ``L2``,
    ``num_painted``.

    Args:
        collect_device: Where results of several processes are collected, ``'cpu'`` or ``'gpu'``.
        prefix: Put before every key, followed by a slash.
    """

    def __init__(self, collect_device: str = 'cpu', prefix: str | None = None) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)

    def process(self, data_batch: object, data_samples: Sequence[dict]) -> None:
        """Compare the objects of one batch.

        Args:
            data_batch: What the loader gave; not used here.
            data_samples: ``SceneSample.to_dict()`` records with ``gt_instances.full_appearance``
                uint8 (n, 3, h, w), RGB, and ``pred_instances.painted`` uint8 (n, 4, h, w), RGBA,
                of the same objects in the same grown boxes; what is transparent counts as well.

        Raises:
            KeyError: when a field is missing.
            ValueError: when numbers of objects or sizes differ.
        """
        for sample in data_samples:
            self._compare(sample, self._read(sample, 'pred_instances', 'painted')[:, :3])

    def _compare(self, sample: dict, painted: Tensor) -> None:
        """Keep the errors of a sample's objects, painted as uint8 (n, 3, h, w)."""
        pair = dict(
            painted=painted,
            full_appearance=self._read(sample, 'gt_instances', 'full_appearance'),
        )
        check_same_shape(sample, pair, metric=type(self).__name__)
        error = (painted.double() - pair['full_appearance'].double()) / 255
        errors = (error.abs().flatten(1).mean(dim=1), error.square().flatten(1).mean(dim=1))
        self.results.append(torch.stack(errors, dim=1))

    def compute_metrics(self, results: list[Tensor]) -> dict[str, float]:
        """Average over the objects."""
        absolute, squared = torch.cat(results).unbind(dim=1)
        return dict(L1=absolute.mean().item(), L2=squared.mean().item(), num_painted=len(absolute))

    def _read(self, sample: dict, field: str, key: str) -> Tensor:
        return read_instances(sample, field, (key,), metric=type(self).__name__)[key]
