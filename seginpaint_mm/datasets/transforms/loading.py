"""Loading a scene: its picture, what is visible in it, and what is known to be hidden."""

from typing import ClassVar

import numpy as np
from mmcv.transforms import BaseTransform

from seginpaint_mm.datasets.colour_ids import read_label_colours
from seginpaint_mm.datasets.image_reading import read_colour, read_labels
from seginpaint_mm.datasets.label_tables import LABEL_TABLES, LabelTable
from seginpaint_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadSceneImage(BaseTransform):
    """Load ``img_path`` as ``img``: BGR uint8 (H, W, 3), upright.

    Like ``LoadImageFromFile`` it sets ``img_shape`` and ``ori_shape`` to (H, W).

    Raises:
        FileNotFoundError, ValueError: one sentence when the file is missing or damaged.
    """

    needs_truth: ClassVar[bool] = True

    def transform(self, results: dict) -> dict:
        image = read_colour(results['img_path'])
        results['img'] = image
        results['img_shape'] = results['ori_shape'] = image.shape[:2]
        return results


@TRANSFORMS.register_module()
class LoadSceneAnnotations(BaseTransform):
    """Load the three maps of a scene; call it after the image was loaded.

    The maps have the image's original size: where they are to be resized with it, load them before.

    Required keys: ``ori_shape``, ``label_path``, ``label_table`` (a key of ``LABEL_TABLES``, or a
    table), and ``background_path``: the map of what is also behind objects (indices into the data
    set's ``classes``; 255 = unknown), or None. ``class_names``, the data set's ``classes``, says
    how many there are; without it, the table does. With ``background_has_label_ids`` that map holds
    what label maps hold, and foreground is unknown.

    Added keys, all listed in ``seg_fields`` so that mmseg's transforms treat them as labels:

    - ``gt_seg_map`` uint8 (H, W): visible class, 255 = foreground or void;
    - ``gt_foreground`` uint8 (H, W): 1 = foreground object;
    - ``gt_background`` uint8 (H, W): class also behind objects where known, 255 = unknown.
      Without a ``background_path`` it is what is visible.

    Raises:
        FileNotFoundError: when a label file is missing.
        ValueError: when one is damaged, holds unknown ids, or its size is not ``ori_shape``.
    """

    needs_truth: ClassVar[bool] = True

    def transform(self, results: dict) -> dict:
        size = results['ori_shape']
        path = results['label_path']
        table = find_table(results)
        labels = read_label_ids(path, size, results, table)
        visible, foreground = table.split(labels, path)
        results['gt_seg_map'] = visible
        results['gt_foreground'] = foreground
        results['gt_background'] = self._background(results, visible, table)
        results['seg_fields'] = ['gt_seg_map', 'gt_foreground', 'gt_background']
        return results

    @staticmethod
    def _background(results: dict, visible: np.ndarray, table: LabelTable) -> np.ndarray:
        path = results['background_path']
        if path is None:
            return visible.copy()
        if results.get('background_has_label_ids'):
            labels = read_label_ids(path, visible.shape, results, table)
            return table.split(labels, path)[0]
        labels = read_labels(path, size=visible.shape, img_path=results['img_path'])
        names = results.get('class_names')
        known = table.hidden_truth(None if names is None else len(names))
        background, _ = known.split(labels, path)
        return background


def find_table(results: dict) -> LabelTable:
    """Return the table of a sample's labels."""
    table = results['label_table']
    return LABEL_TABLES[table] if isinstance(table, str) else table


def read_label_ids(
    path: str, size: tuple[int, int], results: dict, table: LabelTable
) -> np.ndarray:
    """Read a label map of a sample, uint8 (H, W) of ``size``, stored as ids or as colours."""
    if table.colours is not None:
        return read_label_colours(path, table.colours, size=size, img_path=results['img_path'])
    return read_labels(path, size=size, img_path=results['img_path'])
