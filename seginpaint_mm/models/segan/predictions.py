"""What is found of the objects of a batch, put into the samples that they are of."""

from collections.abc import Sequence

from mmengine.structures import InstanceData
from torch import Tensor, nn

from seginpaint_mm.structures import SceneSample


def set_predictions(
    data_samples: Sequence[SceneSample],
    results: dict[str, Tensor],
    image_index: Tensor,
    size: tuple[int, int],
) -> None:
    """Give each sample ``pred_instances`` with a row an object of ``gt_instances``, in order.

    Args:
        data_samples: B samples.
        results: Name -> N rows, one an object. ``masks`` and ``full_masks``, (N, H, W), are cut to
            the sample's ``img_shape``.
        image_index: int64 (N,), each object's sample.
        size: (H, W) of the batch of images.

    ``labels`` int64 are added, as in ``gt_instances``, or 0.
    """
    for index, sample in enumerate(data_samples):
        height, width = sample.get('img_shape', size)[:2]
        rows = image_index == index
        instances = InstanceData(**{name: value[rows] for name, value in results.items()})
        instances.labels = sample.gt_instances.get('labels', rows.new_zeros(rows.sum()).long())
        for name in ('masks', 'full_masks'):
            if name in instances:
                instances.set_field(instances.get(name)[:, :height, :width], name)
        sample.pred_instances = instances


def missing_segmentor(model: nn.Module) -> str:
    """Return why a model without a segmentor cannot complete the objects of users' images."""
    return (
        f'This {type(model).__name__} paints objects without finding their full masks: give the '
        f'config and the checkpoint of a SeGAN with a segmentor.'
    )
