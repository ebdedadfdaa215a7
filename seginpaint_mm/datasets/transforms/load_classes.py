"""``LoadClasses``: the class map of an mmseg data set whose files hold other ids."""

from typing import ClassVar

from mmcv.transforms import BaseTransform

from seginpaint_mm.datasets.class_tables import CLASS_TABLES, own_table
from seginpaint_mm.datasets.colour_ids import ids_of_colours
from seginpaint_mm.datasets.image_reading import read_labels
from seginpaint_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadClasses(BaseTransform):
    """Load ``seg_map_path`` as ``gt_seg_map`` uint8 (H, W), listed in ``seg_fields``.

    It stands where ``mmseg.LoadAnnotations`` would, and translates ids: Cityscapes' labelIds need
    no conversion on the disk. Call it after the image was loaded; put after ``mmseg.Resize``, as
    mmseg's test pipelines have it, it leaves the labels at the original size.

    Args:
        table: Key of ``CLASS_TABLES``: ``'cityscapes_ids'``, ``'cityscapes_train_ids'``, each also
            with ``_void`` (all that is no class is class 19), or ``'voc'``; ids of none of its
            classes become 255. None: the files of a :class:`LabelFolderDataset` hold its classes.

    Raises:
        ValueError: when there is no such table; in the pipeline when a file is damaged, holds ids
            that the table does not know, or its size is not the image's.
        FileNotFoundError: in the pipeline, when a file is missing.
    """

    needs_truth: ClassVar[bool] = True

    def __init__(self, table: str | None = None) -> None:
        if table is not None and table not in CLASS_TABLES:
            raise ValueError(
                f'LoadClasses: table must be one of {sorted(CLASS_TABLES)}, not {table!r}.'
            )
        self.table = None if table is None else CLASS_TABLES[table]

    def transform(self, results: dict) -> dict:
        path = results['seg_map_path']
        labels = read_labels(path, size=results['ori_shape'], img_path=results['img_path'])
        table = own_table(results['num_classes']) if self.table is None else self.table
        if table.colours is not None:
            labels = ids_of_colours(path, labels, table.colours)
        results['gt_seg_map'] = table.classes(labels, path)
        results['seg_fields'].append('gt_seg_map')
        return results
