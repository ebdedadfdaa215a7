"""COCO's JSON with the objects of chosen categories."""

import logging
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from mmengine.logging import print_log
from typing_extensions import Unpack

from seginpaint_mm.datasets.coco_json import (
    CocoIndex,
    Entry,
    Id,
    in_order,
    index_coco,
    read_json,
    shown,
    size_of,
)
from seginpaint_mm.datasets.coco_masks import checked_segmentation, decode_mask, is_number
from seginpaint_mm.datasets.image_dataset import ImageOptions
from seginpaint_mm.datasets.instance_dataset import InstanceDataset, class_list, class_numbers
from seginpaint_mm.datasets.scene_dataset import in_any_form
from seginpaint_mm.registry import DATASETS

_WHAT = "COCO's JSON of instances, with images, annotations and categories"
_HOW_TO_GET = (
    'Either put COCO there (https://cocodataset.org/#download), or your own images with '
    'annotations in its JSON, which most annotation tools export.'
)


@DATASETS.register_module()
class CocoInstanceDataset(InstanceDataset):
    """The objects of chosen categories of COCO; everything else is class 0, background.

    Where objects overlap, which COCO allows, the smaller is in front. Crowds (``iscrowd``), which
    COCO outlines roughly, lie behind all objects and are void; nothing else is, which samples tell
    by ``void_is_crowd``. :class:`RegionAPMetric` does not count predictions in them, as COCO.
    :class:`CocoInstanceMetric` gives COCO's own average precision.

    The JSON is checked when it is read: ids, file names and the names of categories must differ,
    and annotations belong to an image and a category. An annotation without an outline is refused,
    one whose polygons have less than three corners is left out with a warning.

    Args:
        data_root: Folder that holds the files.
        ann_file: JSON of instances, e.g. ``'annotations/instances_train2017.json'``.
        image_folder: The folder of its images, e.g. ``'train2017'``.
        classes: Names of the categories; their classes are 1, 2, ... in this order, without 255,
            which marks void pixels. None takes all, by their ids.
        keep_empty: Keep the images that show none of them, not even a crowd.
        common: ``pipeline``, ``indices``, ...; see :class:`ImageDataset`.

    Raises:
        FileNotFoundError: when the JSON is not there.
        ValueError: when it is not COCO's, a value is missing or wrong, it has no such category, or
            nothing is kept; the sentence names the image, annotation or category.
    """

    def __init__(
        self,
        data_root: str,
        *,
        ann_file: str,
        image_folder: str,
        classes: Sequence[str] | None,
        keep_empty: bool = True,
        **common: Unpack[ImageOptions],
    ) -> None:
        self.json_path = Path(data_root, ann_file)
        self.image_folder = image_folder
        self.keep_empty = keep_empty
        self._own_source = dict(
            type='seginpaint_mm.CocoInstanceDataset',
            data_root=data_root,
            ann_file=ann_file,
            image_folder=image_folder,
            classes=classes,
            keep_empty=False,
        )
        super().__init__(
            data_root,
            metainfo=None if classes is None else _metainfo(classes),
            **common,
        )

    def own_source(self) -> dict:
        """Config of this data set, without the images that show no object."""
        return self._own_source

    def find_samples(self) -> list[dict]:
        """Find the samples, sorted by the id of the image."""
        content = read_json(self.json_path, what=_WHAT, how_to_get=_HOW_TO_GET)
        index = index_coco(content, self.json_path, what=_WHAT)
        if 'classes' not in self.metainfo:
            names = [index.categories[number].text('name') for number in in_order(index.categories)]
            self._metainfo.update(_metainfo(names))
        class_of = self._class_of_each_category(index)
        samples = []
        without_outline: list[Entry] = []
        for number in in_order(index.images):
            chosen = [
                entry
                for entry in index.annotations.get(number, ())
                if entry.identifier('category_id') in class_of
            ]
            if chosen or self.keep_empty:
                size = size_of(index.images[number])
                annotations = [_annotation(entry, class_of, size) for entry in chosen]
                samples.append(self._sample(index.images[number], size, annotations))
                without_outline += [
                    entry
                    for entry, annotation in zip(chosen, annotations, strict=True)
                    if not annotation['segmentation']
                ]
        self._tell_what_is_left_out(samples, without_outline)
        return samples

    def _class_of_each_category(self, index: CocoIndex) -> dict[Id, int]:
        """Class of each category that was chosen."""
        ids = {entry.text('name'): number for number, entry in index.categories.items()}
        classes = self.metainfo['classes']
        chosen = {thing: classes[thing] for thing in self.metainfo['thing_ids']}
        unknown = [name for name in chosen.values() if name not in ids]
        if unknown:
            raise ValueError(
                f'{self.json_path}: there is no category {unknown[0]!r}; there are '
                f'{", ".join(sorted(ids))}.'
            )
        return {ids[name]: number for number, name in chosen.items()}

    def _path(self, folder: str, entry: Entry) -> str:
        return str(in_any_form(Path(self.data_root, folder, entry.text('file_name'))))

    def _sample(self, image: Entry, size: tuple[int, int], annotations: list[dict]) -> dict:
        return dict(
            img_path=self._path(self.image_folder, image),
            instance_format='coco',
            instance_path=str(self.json_path),
            annotated_size=size,
            coco_image_id=image.identifier('id'),
            void_is_crowd=True,
            annotations=[item for item in annotations if item['segmentation']],
        )

    def _tell_what_is_left_out(self, samples: list[dict], without_outline: list[Entry]) -> None:
        names = tuple(self.metainfo['classes'][number] for number in self.metainfo['thing_ids'])
        if not samples:
            raise ValueError(
                f'{self.json_path}: no image shows any of {names}: choose other classes, or '
                f'keep_empty=True.'
            )
        if not any(sample['annotations'] for sample in samples):
            print_log(
                f'{self.json_path}: none of the {len(samples)} images shows an object of '
                f'{", ".join(names)}: nothing but background can be learnt from it.',
                logger='current',
                level=logging.WARNING,
            )
        if without_outline:
            print_log(
                f'{self.json_path}: {len(without_outline)} annotations are left out, as their '
                f'polygons have less than three corners; the first is {without_outline[0].name}.',
                logger='current',
                level=logging.WARNING,
            )


def _annotation(entry: Entry, class_of: dict[Id, int], size: tuple[int, int]) -> dict:
    """What a sample keeps of an annotation; ``segmentation`` is empty without three corners."""
    segmentation = entry.value('segmentation')
    if segmentation in (None, [], {}, [[]]):
        raise entry.error(
            f'has no outline (its segmentation is {segmentation}), and a box is no mask: outline '
            f'it, or leave {entry.name} out'
        )
    segmentation = checked_segmentation(segmentation, size, path=entry.path, of=entry.name)
    return dict(
        id=entry.item.get('id'),  # the digest of a folder of pairs holds it
        name=entry.name,
        segmentation=segmentation,
        class_id=class_of[entry.identifier('category_id')],
        is_crowd=entry.flag('iscrowd', default=False),
    )


def _metainfo(classes: Sequence[str]) -> dict:
    if isinstance(classes, str) or len({*classes}) < len(classes):
        raise ValueError(
            f'classes must be different names in a list, e.g. ("person", "dog"), not {classes!r}.'
        )
    return dict(
        class_list(('background', *classes)),
        thing_ids=tuple(class_numbers(len(classes) + 1)[1:]),
    )


def read_truth(path: str | Path) -> dict:
    """Read a JSON of instances, checked and in the form that pycocotools takes for granted.

    pycocotools compares wrongly where annotations have equal ids, or the id 0, and needs an area
    and ``iscrowd``. Here annotations are numbered from 1, and these two are added where they are
    absent. Annotations without three corners are left out, as in :class:`CocoInstanceDataset`.

    Returns:
        dict: ``images``, ``annotations`` and ``categories``.

    Raises:
        FileNotFoundError, ValueError: as :class:`CocoInstanceDataset`.
    """
    path = Path(path)
    content = read_json(path, what=_WHAT, how_to_get=_HOW_TO_GET)
    index = index_coco(content, path, what=_WHAT)
    sizes = {number: size_of(image) for number, image in index.images.items()}
    annotations: list[dict] = []
    for image, entries in index.annotations.items():
        for entry in entries:
            annotation = _plain_annotation(entry, sizes[image])
            if annotation is not None:
                annotations.append(annotation | dict(id=len(annotations) + 1, image_id=image))
    return dict(
        images=[dict(entry.item, id=number) for number, entry in index.images.items()],
        annotations=annotations,
        categories=[dict(entry.item, id=number) for number, entry in index.categories.items()],
    )


def _plain_annotation(entry: Entry, size: tuple[int, int]) -> dict | None:
    category = entry.identifier('category_id')
    found = dict(path=entry.path, of=entry.name)
    segmentation = checked_segmentation(entry.item.get('segmentation') or [], size, **found)
    if not segmentation:
        return None
    if isinstance(segmentation, dict):
        segmentation = dict(segmentation, size=list(size))
        if isinstance(segmentation['counts'], list):
            segmentation['counts'] = [int(count) for count in segmentation['counts']]
    box, area = (entry.item.get(key) for key in ('bbox', 'area'))
    if box is None or area is None:
        mask = decode_mask(segmentation, size, **found)
        left, top, width, height = cv2.boundingRect(mask.astype(np.uint8))
        box = [left, top, width, height] if box is None else box
        area = int(mask.sum()) if area is None else area
    if not (isinstance(box, list) and len(box) == 4 and all(map(is_number, box))):
        raise entry.error(f'has bbox {shown(box)}: write [x, y, width, height], or leave it out')
    if not is_number(area):
        raise entry.error(f'has area {shown(area)}: write a number, or leave it out')
    return dict(
        category_id=category,
        segmentation=segmentation,
        bbox=box,
        area=area,
        iscrowd=int(entry.flag('iscrowd', default=False)),
    )
