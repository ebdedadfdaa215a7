"""What is set in classes of mmdet that they keep to themselves."""

from collections.abc import Sequence

from mmdet.datasets.api_wrappers import COCO
from mmdet.evaluation import CocoMetric

from seginpaint_mm.errors import ConfigError


def set_truth(metric: CocoMetric, content: dict) -> None:
    """Give a metric the images, annotations and categories that predictions are compared with."""
    metric._coco_api = COCO()
    metric._coco_api.dataset = content
    metric._coco_api.createIndex()


def set_categories(metric: CocoMetric, names: Sequence[str]) -> None:
    """Give the labels 0, 1, ... of a metric the categories of these names, in this order.

    mmdet takes them in the order of the annotation file, which need not be that of the labels.

    Raises:
        ConfigError: when the metric has no ``ann_file``, or this has no such category.
    """
    if metric._coco_api is None:
        raise ConfigError(
            f'{type(metric).__name__} needs ann_file, the JSON that the predictions are compared '
            f'with.'
        )
    ids = {category['name']: number for number, category in metric._coco_api.cats.items()}
    unknown = [name for name in names if name not in ids]
    if unknown:
        raise ConfigError(
            f'{type(metric).__name__}: ann_file has no category {unknown[0]!r}, which the data set '
            f'has; it has {", ".join(ids)}: give that of the data set.'
        )
    metric.cat_ids = [ids[name] for name in names]
