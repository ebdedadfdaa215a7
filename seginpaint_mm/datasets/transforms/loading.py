"""Load images, labels, instances, holes and pairs."""

from pathlib import Path
from typing import ClassVar

import numpy as np
from mmcv.transforms import BaseTransform

from seginpaint_mm.datasets.class_tables import (
    CLASS_TABLES,
    IGNORE_INDEX,
    LABEL_TABLES,
    LabelTable,
    ids_of_colours,
    own_table,
    read_label_colours,
)
from seginpaint_mm.datasets.image_reading import read_colour, read_labels, read_map, read_opaque
from seginpaint_mm.datasets.instance_dataset import INSTANCE_READERS
from seginpaint_mm.datasets.mask_reading import read_hole
from seginpaint_mm.datasets.scene_dataset import images_by_name, preferred_masks
from seginpaint_mm.datasets.transforms.holes import HoleTransform
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


@TRANSFORMS.register_module()
class LoadClasses(BaseTransform):
    """Load ``seg_map_path`` as ``gt_seg_map`` uint8 (H, W), listed in ``seg_fields``.

    It stands where ``mmseg.LoadAnnotations`` would, and translates ids: Cityscapes' labelIds need
    no conversion on the disk. Call it after the image was loaded; put after ``mmseg.Resize``, as
    mmseg's test pipelines have it, it leaves the labels at the original size.

    Args:
        table: Key of ``CLASS_TABLES``: ``'cityscapes_ids'``, ``'cityscapes_train_ids'``, each also
            with ``_void`` (all that is no class is class 19), or ``'voc'``; ids of none of its
            classes become 255. None: what the ``labels`` of a :class:`LabelFolderDataset` say, or,
            without them, its files hold its classes.

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
        path, size = results['seg_map_path'], results['ori_shape']
        own = results.get('label_table')
        if self.table is not None and own is not None:
            raise ValueError(
                'LoadClasses has a table, and the data set has labels: leave one of them out.'
            )
        if own is not None:
            table, labels = own, read_label_ids(path, size, results, own)
        else:
            table = own_table(results['num_classes']) if self.table is None else self.table
            labels = read_labels(path, size=size, img_path=results['img_path'])
            if table.colours is not None:
                labels = ids_of_colours(path, labels, table.colours)
        results['gt_seg_map'] = table.classes(labels, path)
        results['seg_fields'].append('gt_seg_map')
        return results


@TRANSFORMS.register_module()
class LoadInstances(BaseTransform):
    """Load the two maps of a sample of an :class:`InstanceDataset`; call it after the image.

    Required keys: ``img``, ``img_path``, ``thing_ids``, ``instance_format`` (a key of
    ``INSTANCE_READERS``) and ``instance_path``, and what else that format's reader needs.

    Added keys, all listed in ``seg_fields`` so that mmseg's transforms treat them as labels:

    - ``gt_seg_map`` uint8 (H, W): class, 255 = ignore; uint16 where there are more than 255
      classes, of which none has the number 255;
    - ``gt_instance_map`` uint16 (H, W): 0 = no instance, 1, 2, ... = the instances. Each is of
      one class of ``thing_ids``; it may have several parts;
    - ``gt_crowd_map`` (H, W), of COCO's instances alone, in the dtype of ``gt_seg_map``: class of
      the crowd at each pixel, also where an object lies in front of it, 255 = no crowd.

    Void pixels (VOC's borders, COCO's crowds) are in no instance. A pixel of a class of things
    that is in no instance is of a crowd (Cityscapes): it counts for the class, gives no box to
    learn, and :class:`RegionAPMetric` ignores predictions there. mmseg's transforms pad both maps
    with 255: pixels whose ``gt_seg_map`` is 255 are in no instance, whatever the other map says.

    Raises:
        FileNotFoundError: when a file is missing.
        ValueError: when one is damaged, its size is not the image's, it holds unknown ids, or an
            object is of no class, of a class without objects, or of several.
    """

    needs_truth: ClassVar[bool] = True

    def transform(self, results: dict) -> dict:
        reader = INSTANCE_READERS[results['instance_format']]
        classes, objects = reader(results, results['img'].shape[:2])
        objects = np.where(classes == IGNORE_INDEX, 0, objects)
        numbers, ids = number_objects(objects)
        _check_classes(results, classes, numbers, ids)
        results['gt_seg_map'] = classes
        results['gt_instance_map'] = numbers
        results['seg_fields'] = ['gt_seg_map', 'gt_instance_map']
        if 'gt_crowd_map' in results:
            results['seg_fields'].append('gt_crowd_map')
        return results


def number_objects(objects: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number objects 1, 2, ... in the order of their ids.

    Args:
        objects: Ids, unsigned integers below 65536, (H, W), 0 = none.

    Returns:
        The numbers, uint16 (H, W), 0 = none; and the ids, (n,), of the objects 1 to n.
    """
    present = np.bincount(objects.ravel(), minlength=1) > 0
    present[0] = False
    lookup = np.where(present, np.cumsum(present), 0).astype(np.uint16)
    return lookup[objects], np.flatnonzero(present)


def _check_classes(
    results: dict, classes: np.ndarray, numbers: np.ndarray, ids: np.ndarray
) -> None:
    stride = int(classes.max(initial=0)) + 1
    pairs = np.bincount(stride * numbers.ravel().astype(np.int64) + classes.ravel())
    owned = np.flatnonzero(pairs[stride:])
    of_number, of_class = owned // stride, owned % stride
    several = ids[np.flatnonzero(np.bincount(of_number) > 1)]
    if len(several):
        raise ValueError(
            f'{results["instance_path"]}: object {several[0]} lies on pixels of classes '
            f'{of_class[ids[of_number] == several[0]].tolist()}, but an object is of one class: '
            f'mend the file, or the class map that belongs to it.'
        )
    wrong = np.flatnonzero(~np.isin(of_class, results['thing_ids']))
    if len(wrong):
        raise ValueError(
            f'{results["instance_path"]}: object {ids[of_number[wrong[0]]]} is of class '
            f'{of_class[wrong[0]]}, which has no objects (thing_ids are '
            f'{tuple(results["thing_ids"])}): mend the file, or take the data set class that it '
            f'belongs to.'
        )


@TRANSFORMS.register_module()
class LoadHole(HoleTransform):
    """Read ``FOLDER/NAME.png`` for the image ``NAME.*``; non-zero pixels are the hole.

    They are found and read as those in a folder are that is given to ``infer.py --masks``:
    ``FOLDER/NAME.*`` may be of any image format, ``a.jpg.png`` belongs to ``a.jpg`` alone, and JPEG
    files count where there is nothing else.

    Args:
        folder: Where the masks are.

    Raises:
        FileNotFoundError: in the pipeline, when an image has no mask.
        ValueError: in the pipeline, when there are several, two images would have the same, or a
            mask has another size than the image as it is then, or covers nothing or everything.
    """

    def __init__(self, folder: str) -> None:
        super().__init__()
        self.folder = Path(folder)
        self._masks: dict[str, list[Path]] | None = None
        self._images: dict[Path, Path] = {}  # of the masks that were read

    def draw(self, results: dict, rng: np.random.Generator) -> np.ndarray:
        path = self._find(Path(results['img_path']))
        hole = read_hole(path)
        image = results['img']
        if hole.shape != image.shape[:2]:
            raise ValueError(
                f'{path}: the hole is {_text(hole)} pixels (width x height), its image '
                f'{results["img_path"]} is {_text(image)} here: give both in the same size.'
            )
        return hole

    def _find(self, image: Path) -> Path:
        if self._masks is None:
            self._masks = images_by_name(self.folder)
        found = preferred_masks(self._masks.get(image.name, ()), image)
        found = found or preferred_masks(self._masks.get(image.stem, ()), image)
        if not found:
            return self.folder / f'{image.stem}.png'  # reading says that there is none
        if len(found) > 1:
            raise ValueError(
                f'{found[0]} and {found[1].name} may be the hole of {image.stem}: keep one.'
            )
        other = self._images.setdefault(found[0], image)
        if other != image:
            raise ValueError(
                f'{found[0]}: this would be the hole of {other} and of {image}: give the images '
                f'different names.'
            )
        return found[0]


def _text(picture: np.ndarray) -> str:
    height, width = picture.shape[:2]
    return f'{width}x{height}'


@TRANSFORMS.register_module()
class LoadPair(BaseTransform):
    """Load a sample of :class:`PairsDataset`.

    Added keys; those of maps are listed in ``seg_fields``, so that they are flipped and cropped
    alike (pairs are made in their final size: do not resize them):

    - ``img`` BGR uint8 (H, W, 3): I, with the object;
    - ``gt_image`` BGR uint8 (H, W, 3): I_G, without it; equal to ``img`` outside the hole;
    - ``hole`` uint8 (H, W): M_G, 1 = to be removed;
    - ``gt_seg_map`` uint8 (H, W): classes of I_G, 255 = ignore;
    - with ``instances``, ``gt_instance_map`` uint8 or uint16 (H, W): objects of I_G, 0 = none.

    Args:
        instances: Load the objects too, which a panoptic network learns from.
        with_object: Let ``img`` show the object. Without, it is I_G and there is no hole, which
            another transform is to add (random masks, Table II).

    Raises:
        FileNotFoundError: when a file is missing.
        ValueError: when one is damaged, or does not fit its image.
    """

    needs_truth: ClassVar[bool] = True

    def __init__(self, *, instances: bool = False, with_object: bool = True) -> None:
        self.instances = instances
        self.with_object = with_object

    def transform(self, results: dict) -> dict:
        truth = read_colour(results['img_path'])
        size = truth.shape[:2]
        results['seg_fields'] = ['gt_image', 'gt_seg_map']
        if self.with_object:
            results['img'], results['hole'] = _lay_over(truth, results)
            results['seg_fields'].append('hole')
        else:
            results['img'] = truth.copy()
        labels = read_labels(results['class_path'], size=size, img_path=results['img_path'])
        results.update(gt_image=truth, gt_seg_map=labels)
        results['img_shape'] = results['ori_shape'] = size
        if self.instances:
            results['gt_instance_map'] = read_map(
                results['instance_path'], size=size, img_path=results['img_path']
            )
            results['seg_fields'].append('gt_instance_map')
        return results


def _lay_over(truth: np.ndarray, results: dict) -> tuple[np.ndarray, np.ndarray]:
    """I, BGR uint8 (H, W, 3), and M_G, uint8 (H, W)."""
    colours, opaque = read_opaque(results['object_path'])
    (top, left), (height, width) = results['top_left'], opaque.shape
    if top + height > truth.shape[0] or left + width > truth.shape[1]:
        raise ValueError(
            f'{results["object_path"]}: the object does not fit into its image '
            f'{results["img_path"]}: make the pairs again.'
        )
    image, hole = truth.copy(), np.zeros(truth.shape[:2], np.uint8)
    box = np.s_[top : top + height, left : left + width]
    image[box][opaque] = colours[opaque]
    hole[box] = opaque
    return image, hole
