"""``CocoInstanceMetric``: COCO's average precision of predicted instances."""

from collections.abc import Sequence

from mmdet.evaluation import CocoMetric

from seginpaint_mm.errors import MissingFieldError
from seginpaint_mm.evaluation.records import name_of
from seginpaint_mm.interop.mmdet import set_categories
from seginpaint_mm.registry import METRICS


@METRICS.register_module()
class CocoInstanceMetric(CocoMetric):
    """mmdet's ``CocoMetric`` for the samples of a :class:`CocoInstanceDataset`.

    It takes the same arguments; give ``ann_file``, the JSON of the data set, and e.g.
    ``metric='segm'``. Labels are indices into ``thing_ids``, whatever the order of the categories
    in the JSON. Images must be tested at their original size.
    """

    def process(self, data_batch: object, data_samples: Sequence[dict]) -> None:
        """Keep the predictions of one batch.

        Args:
            data_batch: Not used.
            data_samples: ``SceneSample.to_dict()`` records with ``pred_instances`` (masks bool
                (n, H, W), bboxes (n, 4), labels (n,), scores (n,)) and ``coco_image_id``.

        Raises:
            MissingFieldError: when a field is missing.
        """
        for sample in data_samples:
            for field, source in (
                ('coco_image_id', 'a CocoInstanceDataset'),
                ('pred_instances', 'a model that finds instances'),
            ):
                if field not in sample:
                    raise MissingFieldError(
                        f'CocoInstanceMetric: {name_of(sample)} has no {field}; it comes from '
                        f'{source}.'
                    )
        named = [dict(sample, img_id=sample['coco_image_id']) for sample in data_samples]
        super().process(data_batch, named)

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Evaluate all predictions by pycocotools."""
        classes = self.dataset_meta['classes']
        set_categories(self, [classes[thing] for thing in self.dataset_meta['thing_ids']])
        return super().compute_metrics(results)
