"""Access to mmdet's private parts, and its index of models."""

from collections.abc import Sequence
from pathlib import Path

import mmdet
import yaml
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


_INSTALLED = Path(mmdet.__file__).parent / '.mim'  # what OpenMMLab's wheels carry


def find_indexed(name: str) -> tuple[Path, str] | None:
    """Return the config file and the address of the weights of a model; None where there is none.

    Args:
        name: E.g. ``'mask-rcnn_r50_fpn_2x_coco'``, with or without ``mmdet::``.
    """
    name = name.removeprefix('mmdet::')
    for metafile in sorted(_INSTALLED.glob('configs/*/metafile.yml')):
        text = metafile.read_text(encoding='utf-8')
        if f' {name}\n' not in text:  # to parse all of them takes seconds
            continue
        content = yaml.safe_load(text)
        for model in content if isinstance(content, list) else content.get('Models', ()):
            if model.get('Name') == name and model.get('Weights'):
                return _INSTALLED / model['Config'], model['Weights']
    return None
