"""``CocoInstanceMetric``: COCO's average precision of predicted instances."""

from collections.abc import Sequence

from mmdet.evaluation import CocoMetric

from seginpaint_mm.datasets.coco_instances import read_truth
from seginpaint_mm.errors import MissingFieldError
from seginpaint_mm.evaluation.records import name_of
from seginpaint_mm.interop.mmdet import set_categories, set_truth
from seginpaint_mm.registry import METRICS


@METRICS.register_module()
class CocoInstanceMetric(CocoMetric):
    """mmdet's ``CocoMetric`` for the samples of a :class:`CocoInstanceDataset`.

    Labels are indices into ``thing_ids``, whatever the order of the categories in the JSON. Images
    must be tested at their original size. Annotations need no ids, and neither area nor box.

    Args:
        ann_file: The JSON of the data set.
        metric: ``'segm'``, ``'bbox'``, ``'proposal'``, ``'proposal_fast'``, or a list of these.
        classwise: Like the arguments after it, see mmdet's ``CocoMetric``.

    Raises:
        FileNotFoundError, ValueError: when the JSON is not there, or broken; see
            :class:`CocoInstanceDataset`.
    """

    def __init__(
        self,
        ann_file: str | None = None,
        metric: str | list[str] = 'bbox',
        *,
        classwise: bool = False,
        proposal_nums: Sequence[int] = (100, 300, 1000),
        iou_thrs: float | Sequence[float] | None = None,
        metric_items: Sequence[str] | None = None,
        format_only: bool = False,
        outfile_prefix: str | None = None,
        collect_device: str = 'cpu',
        prefix: str | None = None,
        use_mp_eval: bool = False,
    ) -> None:
        super().__init__(
            metric=metric,
            classwise=classwise,
            proposal_nums=proposal_nums,
            iou_thrs=iou_thrs,
            metric_items=metric_items,
            format_only=format_only,
            outfile_prefix=outfile_prefix,
            collect_device=collect_device,
            prefix=prefix,
            use_mp_eval=use_mp_eval,
        )
        if ann_file is not None:
            set_truth(self, read_truth(ann_file))

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
