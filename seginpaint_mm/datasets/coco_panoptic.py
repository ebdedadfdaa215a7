"""COCO's panoptic segments: things and stuff."""

import logging
from pathlib import Path

from mmengine.logging import print_log
from typing_extensions import Unpack

from seginpaint_mm.datasets.coco_json import (
    CocoIndex,
    Entry,
    Id,
    by_id,
    in_order,
    index_coco,
    read_json,
    reference,
    shown,
)
from seginpaint_mm.datasets.image_dataset import ImageOptions
from seginpaint_mm.datasets.instance_dataset import InstanceDataset, class_list, class_numbers
from seginpaint_mm.datasets.scene_dataset import in_any_form
from seginpaint_mm.registry import DATASETS

_WHAT = (
    "COCO's JSON of panoptic segments, with images, annotations with segments_info, and categories "
    'with isthing'
)
_GREATEST_ID = (1 << 24) - 1  # of a segment: the three bytes of a colour; 0 is void
_HOW_TO_GET = "Put COCO's panoptic annotations there (https://cocodataset.org/#download)."


@DATASETS.register_module()
class CocoPanopticInstanceDataset(InstanceDataset):
    """The segments of COCO's panoptic task: every category is a class, in the order of the JSON.

    Categories with ``isthing`` have objects. Crowds (``iscrowd``) are of their class, of no
    object; pixels of no segment are void.

    Args:
        data_root: Folder that holds the files.
        ann_file: JSON, e.g. ``'annotations/panoptic_train2017.json'``.
        image_folder: The folder of the images, e.g. ``'train2017'``.
        segment_folder: The folder of the PNGs, e.g. ``'annotations/panoptic_train2017'``.
        common: ``pipeline``, ``indices``, ...; see :class:`ImageDataset`.

    Raises:
        FileNotFoundError: when the JSON is not there.
        ValueError: when it is not COCO's, or a value is missing or wrong; the sentence names the
            image, annotation, segment or category.
    """

    def __init__(
        self,
        data_root: str,
        *,
        ann_file: str,
        image_folder: str,
        segment_folder: str,
        **common: Unpack[ImageOptions],
    ) -> None:
        self.json_path = Path(data_root, ann_file)
        self.image_folder = image_folder
        self.segment_folder = segment_folder
        super().__init__(data_root, **common)

    def find_samples(self) -> list[dict]:
        """Find the samples, sorted by the id of the image."""
        content = read_json(self.json_path, what=_WHAT, how_to_get=_HOW_TO_GET)
        index = index_coco(content, self.json_path, what=_WHAT)
        numbers = class_numbers(len(index.categories))
        class_of = dict(zip(index.categories, numbers, strict=True))
        categories = [*index.categories.values()]
        self._metainfo.update(
            class_list([entry.text('name') for entry in categories], [*map(_colour, categories)]),
            thing_ids=tuple(
                class_of[number]
                for number, entry in index.categories.items()
                if entry.flag('isthing')
            ),
        )
        annotations = [entry for entries in index.annotations.values() for entry in entries]
        if annotations and not any('segments_info' in entry.item for entry in annotations):
            raise ValueError(
                f'{self.json_path}: this is not {_WHAT} (no annotation has segments_info): give '
                f'that file as ann_file.'
            )
        self._tell_of_images_without_segments(index)
        return [
            self._sample(
                _the_only_one(index.annotations[number]),
                index.images[number],
                index.categories,
                class_of,
            )
            for number in in_order(index.annotations)
        ]

    def _tell_of_images_without_segments(self, index: CocoIndex) -> None:
        missing = [number for number in index.images if number not in index.annotations]
        if len(missing) == len(index.images):
            raise ValueError(f'{self.json_path}: no image has an annotation: add them.')
        if missing:
            print_log(
                f'{self.json_path}: {len(missing)} of {len(index.images)} images have no '
                f'annotation and are left out; the first is {index.images[missing[0]].name}.',
                logger='current',
                level=logging.WARNING,
            )

    def _path(self, folder: str, entry: Entry) -> str:
        return str(in_any_form(Path(self.data_root, folder, entry.text('file_name'))))

    def _sample(
        self, entry: Entry, image: Entry, categories: dict[Id, Entry], class_of: dict[Id, int]
    ) -> dict:
        segments = by_id(entry.entries('segments_info', f'{entry.name}, segment'), _segment_id)
        return dict(
            img_path=self._path(self.image_folder, image),
            instance_format='coco_panoptic',
            instance_path=self._path(self.segment_folder, entry),
            segments=[
                dict(
                    id=number,
                    class_id=class_of[reference(segment, 'category_id', categories, 'category')],
                    is_crowd=segment.flag('iscrowd', default=False),
                )
                for number, segment in segments.items()
            ],
        )


def _the_only_one(annotations: list[Entry]) -> Entry:
    """The annotation of an image: all of its segments are in one."""
    if len(annotations) > 1:
        raise annotations[1].error(
            f'is of the same image as {annotations[0].name} (image_id '
            f'{annotations[0].item["image_id"]!r}): an image has one annotation with all segments'
        )
    return annotations[0]


def _segment_id(segment: Entry) -> int:
    return segment.whole('id', lowest=1, highest=_GREATEST_ID)


def _colour(category: Entry) -> list[int] | None:
    """The category's (R, G, B), if it has one."""
    colour = category.item.get('color')
    if colour is None:
        return None
    if not (
        isinstance(colour, list)
        and len(colour) == 3
        and all(type(value) is int and 0 <= value <= 255 for value in colour)
    ):
        raise category.error(
            f'has color {shown(colour)}: write [red, green, blue] from 0 to 255, or leave it out'
        )
    return colour
