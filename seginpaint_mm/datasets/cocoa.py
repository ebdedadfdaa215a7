"""COCOA: COCO's images with regions outlined as they are, also where something hides them."""

import logging
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import ClassVar

from mmengine.logging import print_log
from typing_extensions import Unpack

from seginpaint_mm.datasets.amodal_reading import Size
from seginpaint_mm.datasets.coco_json import (
    Entry,
    Id,
    by_id,
    read_json,
    reference,
    shown,
    size_of,
    unique,
)
from seginpaint_mm.datasets.coco_masks import checked_segmentation, seen_pixels
from seginpaint_mm.datasets.image_dataset import ImageOptions
from seginpaint_mm.datasets.instance_dataset import OBJECT_METAINFO, InstanceDataset
from seginpaint_mm.datasets.scene_dataset import images_by_name, in_any_form
from seginpaint_mm.registry import DATASETS

_WHAT = "COCOA's JSON, with regions of segmentation and order"
_LATEST_ORDER = 1 << 31
_HOW_TO_GET = (
    'Put COCOA there (https://github.com/Wakeupbuddy/amodalAPI links to its annotations, the '
    'images are those of COCO 2014), or your own annotations in its form.'
)


@DATASETS.register_module()
class COCOADataset(InstanceDataset):
    """Regions of COCOA with their full and visible masks, and their depth order.

    A sample is an annotated image. It holds ``objects``, which :class:`LoadAmodalObjects` reads:
    the regions of which anything can be seen, front first (``depth`` 0, 1, ...). The depth order is
    the regions' ``order`` or, where they have none, any that ``depth_constraint`` allows, whose
    ``'1-3,2-3'`` says that regions 1 and 2 (counted from 1) are in front of region 3. Appearances
    are not known. The names that the annotators wrote are kept as ``tag``; there are no classes.

    Args:
        data_root: Folder of the data set.
        ann_file: JSON of all annotations, e.g. ``'annotations/COCO_amodal_val2014.json'``; None
            where each image has its own JSON beside it, NAME.json for NAME.jpg.
        image_folder: Folder of the images below ``data_root``, e.g. ``'val2014'``.
        stuff: Take the regions that are stuff (``isStuff``: grass, sky, ...) as well.
        common: ``pipeline``, ``indices``, ...; see :class:`ImageDataset`.

    Raises:
        FileNotFoundError: when there are no annotations.
        ValueError: when they are not COCOA's, or their depth order is cyclic.
    """

    METAINFO: ClassVar[dict] = OBJECT_METAINFO

    def __init__(
        self,
        data_root: str,
        *,
        ann_file: str | None = None,
        image_folder: str = '',
        stuff: bool = True,
        **common: Unpack[ImageOptions],
    ) -> None:
        self.json_name = ann_file
        self.image_folder = Path(data_root, image_folder)
        self.stuff = stuff
        super().__init__(data_root, **common)

    def find_samples(self) -> list[dict]:
        """Find the samples: in the order of the JSON, or by name."""
        samples, unseen = [], []
        for path, image, size, annotation in self._annotations():
            try:
                objects = self._objects(annotation)
            except CycleError as error:
                cycle = ' is in front of '.join(map(str, error.args[1]))
                raise ValueError(
                    f'{path}: the depth order of {image} is cyclic, region {cycle}: mend its '
                    f'depth_constraint.'
                ) from None
            if not objects:
                unseen.append(image)
            else:
                samples.append(
                    dict(
                        img_path=str(image),
                        amodal_format='cocoa',
                        annotation_path=str(path),
                        annotated_size=size,
                        objects=objects,
                    )
                )
        if samples and unseen:
            print_log(
                f'{self.data_root}: {len(unseen)} annotated images are left out, as no region that '
                f'is asked for can be seen in them; the first is {unseen[0]}.',
                logger='current',
                level=logging.WARNING,
            )
        if not samples:
            raise FileNotFoundError(
                f'{self.data_root}: no annotation has a region that can be seen. {_HOW_TO_GET}'
            )
        return samples

    def _annotations(self) -> Iterator[tuple[Path, Path, Size | None, Entry]]:
        """Of each image its file, itself, its size where the file says it, and the annotation."""
        root = Path(self.data_root)
        if self.json_name is None:
            images = images_by_name(self.image_folder)
            for path in sorted(root.glob('*.json')):
                yield path, _image_beside(path, self.image_folder, images), None, _read(path)
            return
        path = root / self.json_name
        content = _read(path)
        images = {}
        if content.item.get('images'):
            images = by_id(content.entries('images', 'image'))
            unique(images.values(), 'file_name', 'Its regions would be divided')
        for entry in content.entries('annotations', 'annotation'):
            if 'url' in entry.item and not _has_image(entry, images):
                name, size = entry.text('url').rsplit('/', 1)[-1], None
            else:
                image = images[reference(entry, 'image_id', images, 'image')]
                name, size = image.text('file_name'), _written_size(image)
            yield path, in_any_form(self.image_folder / name), size, entry

    def _objects(self, annotation: Entry) -> list[dict]:
        kind = 'region' if self.json_name is None else f'{annotation.name}, region'
        entries = annotation.entries('regions', kind, by_place=True)
        regions = [_region(entry, order) for order, entry in enumerate(entries, start=1)]
        ranks = _ranks(annotation, entries)
        regions.sort(key=lambda region: ranks[region['order']])
        seen = [region for region in regions if _is_seen(region) and self._is_wanted(region)]
        return [dict(region, depth=depth) for depth, region in enumerate(seen)]

    def _is_wanted(self, region: dict) -> bool:
        return self.stuff or not region['is_stuff']


def _has_image(entry: Entry, images: dict[Id, Entry]) -> bool:
    return entry.item.get('image_id') is not None and entry.identifier('image_id') in images


def _written_size(image: Entry) -> Size | None:
    has_size = {'height', 'width'} <= image.item.keys()
    return size_of(image) if has_size else None


def _region(entry: Entry, order: int) -> dict:
    full = entry.value('segmentation')
    if full in (None, [], {}, [[]]):
        raise entry.error(
            f'has no outline (its segmentation is {full}): outline it, or leave the region out'
        )
    visible = entry.item.get('visible_mask') or full
    masks = {
        key: checked_segmentation(value, None, path=entry.path, of=entry.name)
        for key, value in (('full', full), ('visible', visible))
    }
    name = entry.item.get('name') or ''
    if not isinstance(name, str):
        raise entry.error(f'has name {shown(name)}: write a text')
    return dict(
        masks,
        order=order,
        name=entry.name,
        tag=name.strip(),
        is_stuff=entry.flag('isStuff', default=False),
    )


def _ranks(annotation: Entry, regions: list[Entry]) -> dict[int, int]:
    """Number of a region, counted from 1 -> its place in the depth order, the smaller the nearer.

    Raises:
        CycleError: when the depth constraints are cyclic; its second argument is the cycle.
        ValueError: when the order of a region is no whole number, or a constraint is of no regions.
    """
    if all('order' in region.item for region in regions):
        return {
            number: region.whole('order', lowest=-_LATEST_ORDER, highest=_LATEST_ORDER)
            for number, region in enumerate(regions, start=1)
        }
    sorter = TopologicalSorter(dict.fromkeys(range(1, len(regions) + 1), ()))
    constraint = annotation.value('depth_constraint') or ''
    for pair in filter(None, str(constraint).split(',')):
        front, _, back = pair.partition('-')
        numbers = [_number(number.strip()) for number in (front, back)]
        if not all(1 <= number <= len(regions) for number in numbers):
            raise annotation.error(
                f'has {shown(pair)} in its depth_constraint: write two of its regions, 1 to '
                f"{len(regions)}, the one in front first, as '1-3'"
            )
        sorter.add(numbers[1], numbers[0])
    return {number: rank for rank, number in enumerate(sorter.static_order())}


def _number(text: str) -> int:
    """A number of at most nine digits; 0 of anything else."""
    return int(text) if text.isdecimal() and len(text) <= 9 else 0


def _is_seen(region: dict) -> bool:
    """Whether anything of the region is seen; its run lengths may be empty."""
    visible = region['visible']
    try:
        return isinstance(visible, list) or seen_pixels(visible) > 0
    except (TypeError, ValueError):
        return True  # broken run lengths: reading them says so


def _image_beside(path: Path, folder: Path, images: dict[str, list[Path]]) -> Path:
    found = images.get(path.stem, [])
    if not found:
        raise FileNotFoundError(
            f'{path}: the image that belongs to it is missing, expected '
            f'{folder / path.stem}.jpg or another format.'
        )
    if len(found) > 1:
        raise ValueError(f'{path}: {found[0]} and {found[1].name} may belong to it: keep one.')
    return found[0]


def _read(path: Path) -> Entry:
    content = read_json(path, what=_WHAT, how_to_get=_HOW_TO_GET)
    if not isinstance(content, dict) or not ('regions' in content or 'annotations' in content):
        raise ValueError(f'{path}: this is not {_WHAT}: give that file.')
    return Entry(content, 'the annotation', path)
