"""Data sets of instances: read, check and count the objects of an image."""

import logging
from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
from mmengine.logging import print_log
from mmseg.utils import voc_palette
from scipy.io import loadmat

from seginpaint_mm.datasets.class_tables import (
    CLASS_TABLES,
    IGNORE_INDEX,
    VOC_COLOURS,
    ids_of_colours,
    read_segment_ids,
)
from seginpaint_mm.datasets.coco_masks import decode_mask
from seginpaint_mm.datasets.image_dataset import ImageDataset
from seginpaint_mm.datasets.image_reading import (
    check_shape,
    check_size,
    has_palette,
    open_image,
    read_labels,
    read_map,
    read_pixels,
)
from seginpaint_mm.datasets.mask_reading import read_objects
from seginpaint_mm.datasets.splits import read_text_list

_FIRST_OBJECT = 1000  # Cityscapes: smaller instance ids are stuff, or crowds of one class
_VOC_THINGS = range(1, 21)
_SURELY_NUMBERS = 8191  # in 16 bits; grey values of edges go up to white, 65535
_MOST_OBJECTS = (1 << 16) - 1
_ONE_RELEASE = 'take the JSON and the PNGs of one release.'
Size = tuple[int, int]
Maps = tuple[np.ndarray, np.ndarray]


def read_cityscapes(sample: dict, size: Size) -> Maps:
    """``label_path`` through ``label_table``, and the ids from 1000 on of ``instance_path``.

    What has a smaller instance id but the class of a thing is a crowd: of the class, of no object.
    """
    path = sample['label_path']
    labels = read_labels(path, size=size, img_path=sample['img_path'])
    objects = read_map(sample['instance_path'], size=size, img_path=sample['img_path'])
    classes = CLASS_TABLES[sample['label_table']].classes(labels, path)
    return classes, np.where(objects >= _FIRST_OBJECT, objects, 0)


def read_voc(sample: dict, size: Size) -> Maps:
    """``label_path`` and ``instance_path``, PNGs with VOC's palette; 255 in either is void."""
    path = sample['label_path']
    labels, objects = (
        ids_of_colours(name, read_labels(name, size=size, img_path=sample['img_path']), VOC_COLOURS)
        for name in (path, sample['instance_path'])
    )
    classes = CLASS_TABLES['voc'].classes(labels, path)
    classes[objects == IGNORE_INDEX] = IGNORE_INDEX
    return classes, objects


def read_sbd(sample: dict, size: Size) -> Maps:
    """``instance_path``, a Matlab file with the object map and the category of each object."""
    path = sample['instance_path']
    objects, categories = _read_mat(path)
    check_size(path, objects, size=size, img_path=sample['img_path'])
    if objects.max() > len(categories):
        raise ValueError(
            f'{path}: GTinst.Segmentation holds object {objects.max()}, but GTinst.Categories has '
            f'{len(categories)} entries: fetch the file again.'
        )
    unknown = [number for number in categories.tolist() if number not in _VOC_THINGS]
    if unknown:
        raise ValueError(
            f"{path}: GTinst.Categories holds {unknown[0]}, but VOC's classes are 1 to 20: convert "
            f'the categories, or fetch the file again.'
        )
    return np.append(0, categories).astype(np.uint8)[objects], objects


def _read_mat(path: str) -> Maps:
    """Object map, unsigned (H, W), and the categories of the objects 1, 2, ..., (n,)."""
    try:
        truth = loadmat(path, variable_names=['GTinst'], simplify_cells=True)['GTinst']
        objects, categories = truth['Segmentation'], np.atleast_1d(truth['Categories'])
        if objects.ndim != 2 or objects.dtype not in (np.uint8, np.uint16) or categories.ndim != 1:
            raise ValueError(f'Segmentation is {objects.dtype} {objects.shape}')
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: there is no such file; expected SBD's objects.") from None
    except Exception as error:  # scipy lets through whatever its parser stumbles over
        raise ValueError(
            f"{path}: this is not a file of SBD's inst folder, with GTinst.Segmentation and "
            f'GTinst.Categories ({type(error).__name__}: {error}): give those of the folder inst, '
            f'or fetch it again.'
        ) from error
    return objects, categories


def read_folder(sample: dict, size: Size) -> Maps:
    """The objects of ``instance_path``, of class 1, or of the classes that the sample names.

    It may name the class of each object, ``object_classes``, or a file of each class,
    ``class_paths``; where objects of several files meet, the smaller one lies in front.
    """
    if 'class_paths' in sample:
        files = {number: _read_marked(path, sample, size) for path, number in sample['class_paths']}
        return _smaller_in_front(files, size, sample['instance_path'])
    path = sample['instance_path']
    marked, objects = _read_marked(path, sample, size)
    numbers = sample.get('object_classes')
    if numbers is None:
        return marked, objects
    found, at = np.unique(objects, return_inverse=True)
    unnamed = [number for number in found.tolist() if number and number not in numbers]
    if unnamed:
        raise ValueError(
            f'{path}: it holds object {unnamed[0]}, but {sample["table_path"]} does not name its '
            f'class: add it.'
        )
    of_found = np.array([numbers.get(number, 0) for number in found.tolist()])
    classes = of_found.astype(_class_dtype(sample['thing_ids']))[at.reshape(size)]
    classes[(marked == IGNORE_INDEX) & (objects == 0)] = IGNORE_INDEX
    return classes, np.where(classes > 0, objects, 0)


def _smaller_in_front(files: dict[int, Maps], size: Size, path: str) -> Maps:
    """One map of the maps of several classes; ``path`` names them in errors."""
    classes = np.zeros(size, _class_dtype(files))
    objects, smallest = np.zeros(size, np.int64), np.full(size, np.inf)
    count = 0
    for class_id, (marked, of_class) in files.items():
        found, at, areas = np.unique(of_class, return_inverse=True, return_counts=True)
        at = at.reshape(size)
        front = (of_class > 0) & (areas[at] < smallest)
        smallest[front] = areas[at][front]
        objects[front] = count + 1 + at[front]
        classes[front] = class_id
        classes[(marked == IGNORE_INDEX) & (of_class == 0) & (objects == 0)] = IGNORE_INDEX
        count += len(found)
    _check_number(path, count)
    return classes, objects.astype(np.uint16)


def _read_marked(path: str, sample: dict, size: Size) -> Maps:
    """0, 1 and 255 (no object, object, void), uint8 (H, W), and the objects of one file.

    It is read as files are that are given to ``--masks``, except a map with 16 bits and low values:
    these are numbers of objects, however small the objects are. 255 beside 1, 2, ..., and VOC's
    colour for void, are void.
    """
    stored = _as_stored(path)
    if stored.ndim == 2 and stored.dtype == np.uint16 and stored.max(initial=0) <= _SURELY_NUMBERS:
        check_size(path, stored, size=size, img_path=sample['img_path'])
        return (stored > 0).astype(np.uint8), stored
    if has_palette(path) and stored[..., :3].any(axis=-1).all():  # no black: its numbers count
        objects = read_map(path, size=size, img_path=sample['img_path'])
    else:
        objects = read_objects(path, size=size, img_path=sample['img_path'])
    marked = (objects > 0).astype(np.uint8)
    if stored.shape[:2] == size:  # not turned by its EXIF orientation
        is_void = stored == IGNORE_INDEX if stored.ndim == 2 else _has_voids_colour(stored)
        marked[is_void & (objects == 0)] = IGNORE_INDEX
    return marked, objects


def _as_stored(path: str) -> np.ndarray:
    """Grey values (H, W) or BGR(A) colours (H, W, 3 or 4); of fewer formats as Pillow has them."""
    try:
        return read_pixels(path, 'a map of objects')
    except ValueError:  # OpenCV reads fewer formats; reading the objects says what is wrong
        with suppress(Exception), open_image(path) as image:
            pixels = np.array(image if image.mode[0] in 'LIF' else image.convert('RGB'))
            return pixels if pixels.ndim == 2 else pixels[..., ::-1]
        return np.zeros((0, 0), np.uint8)


def _has_voids_colour(colours: np.ndarray) -> np.ndarray:
    """Where BGR(A) colours (H, W, 3 or 4) are that of VOC's void."""
    return (colours[..., 2::-1] == VOC_COLOURS[IGNORE_INDEX]).all(axis=-1)


def read_coco(sample: dict, size: Size) -> Maps:
    """``annotations``: polygons or run lengths; smaller objects lie in front, crowds are void.

    It adds ``gt_crowd_map`` to the sample, in the dtype of the classes: the class of the crowd at
    each pixel, also below objects, 255 = none.
    """
    path = sample['instance_path']
    check_shape(path, tuple(sample['annotated_size']), size=size, img_path=sample['img_path'])
    objects = np.zeros(size, np.uint16)
    classes = np.zeros(size, _class_dtype(sample['thing_ids']))
    crowds = np.full(size, IGNORE_INDEX, classes.dtype)
    masks = [(item, _decode(item, size, path)) for item in sample['annotations']]
    _check_number(path, len(masks))
    unseen = next((item['name'] for item, mask in masks if not mask.any()), None)
    if unseen is not None:
        _warn_of_unseen(path, unseen)
    masks.sort(key=lambda pair: (not pair[0]['is_crowd'], -np.count_nonzero(pair[1])))
    for number, (item, mask) in enumerate(masks, start=1):
        # Run lengths are by columns: so are the masks, which would be copied if not transposed.
        top, left, height, width = cv2.boundingRect(mask.T.view(np.uint8))
        box = np.s_[top : top + height, left : left + width]  # the rest would take most of the time
        class_id = IGNORE_INDEX if item['is_crowd'] else item['class_id']
        np.copyto(classes[box], class_id, where=mask[box])
        np.copyto(objects[box], number, where=mask[box])
        if item['is_crowd']:
            np.copyto(crowds[box], item['class_id'], where=mask[box])
    sample['gt_crowd_map'] = crowds
    return classes, objects


def read_coco_panoptic(sample: dict, size: Size) -> Maps:
    """``instance_path``, a PNG whose colours are segment ids, and its ``segments``.

    A crowd is of its class, of no object; what is in no segment is void.
    """
    path = sample['instance_path']
    ids = read_segment_ids(path)
    check_size(path, ids, size=size, img_path=sample['img_path'])
    class_ids = [segment['class_id'] for segment in sample['segments']]
    classes = np.full(ids.shape, IGNORE_INDEX, _class_dtype(class_ids))
    objects = np.zeros(ids.shape, np.uint16)
    _check_number(path, len(class_ids))
    for number, segment in enumerate(sample['segments'], start=1):
        mask = ids == segment['id']
        if not mask.any():
            raise ValueError(
                f'{path}: segment {segment["id"]} of the JSON is missing in the PNG: {_ONE_RELEASE}'
            )
        np.copyto(classes, segment['class_id'], where=mask)
        if segment['class_id'] in sample['thing_ids'] and not segment['is_crowd']:
            np.copyto(objects, number, where=mask)
    unknown = ids[(classes == IGNORE_INDEX) & (ids != 0)]
    if len(unknown):
        raise ValueError(
            f'{path}: the PNG shows segment {unknown[0]}, which the JSON does not tell of: '
            f'{_ONE_RELEASE}'
        )
    return classes, objects


_warned_of_unseen: set[str] = set()


def _warn_of_unseen(path: str, name: str) -> None:
    """Say once per file, in each process that reads it, that annotations show nothing."""
    if path not in _warned_of_unseen:
        _warned_of_unseen.add(path)
        print_log(
            f'{path}: {name} encloses no pixel of its image, so that nothing is seen of its object '
            f'(others may be so, too): mend it, or leave it out.',
            logger='current',
            level=logging.WARNING,
        )


def _decode(item: dict, size: Size, path: str) -> np.ndarray:
    """The mask of an annotation, bool (H, W)."""
    return decode_mask(item['segmentation'], size, path=path, of=item['name'])


def _class_dtype(class_ids: Iterable[int]) -> type:
    """uint8, or where the classes need it (LVIS) uint16; 255 is void in both."""
    return np.uint8 if max(class_ids, default=0) <= IGNORE_INDEX else np.uint16


def _check_number(path: str, number: int) -> None:
    if number > _MOST_OBJECTS:
        raise ValueError(
            f'{path}: an image has {number} annotations, but no more than {_MOST_OBJECTS} can be '
            f'told apart: divide the image.'
        )


# Value of a sample's ``instance_format``: reads the sample, given its image's (height, width).
# A reader gives the classes, uint8, or uint16 where there are more than 255, (H, W), 255 = void,
# and the objects, unsigned (H, W), 0 = none, any other number below 65536 = an object; it raises
# FileNotFoundError and ValueError that name the file.
INSTANCE_READERS: dict[str, Callable[[dict, Size], Maps]] = {
    'cityscapes': read_cityscapes,
    'coco': read_coco,
    'coco_panoptic': read_coco_panoptic,
    'folder': read_folder,
    'sbd': read_sbd,
    'voc': read_voc,
}


# The name of class 255 in longer lists: it marks void pixels, so that no class has that number.
VOID_NAME = '(void)'
# Of data sets that tell objects apart but not what they are.
OBJECT_METAINFO = dict(
    classes=('background', 'object'), palette=[[0, 0, 0], [128, 0, 0]], thing_ids=(1,)
)


class InstanceDataset(ImageDataset):
    """Images whose pixels have a class and, where it is a class of things, belong to an object.

    ``metainfo`` holds ``classes``, ``palette`` and ``thing_ids``, the classes (semantic ids) that
    have objects, in order. A sample's dictionary holds ``img_path``, ``thing_ids``,
    ``instance_format`` (key of ``INSTANCE_READERS``), ``instance_path`` and what else that
    format's reader needs; :class:`LoadInstances` reads them.
    """

    def own_source(self) -> dict | None:
        """Config of this data set, for :class:`PasteForeground`, without pipeline; or None."""
        return None

    def get_data_info(self, idx: int) -> dict:
        """A sample; where it is known with ``own_source``, for :class:`PasteForeground`."""
        source = self.own_source()
        return {**super().get_data_info(idx), **({} if source is None else {'own_source': source})}

    def load_data_list(self) -> list[dict]:
        """The samples, each with the data set's ``thing_ids``."""
        samples = self.find_samples()
        things = self.metainfo['thing_ids']  # some data sets know them from their files only
        return [dict(sample, thing_ids=things) for sample in samples]

    @abstractmethod
    def find_samples(self) -> list[dict]:
        """Find the samples.

        Raises:
            FileNotFoundError: when the data, or a sample's labels, are not there.
        """


def class_numbers(count: int) -> list[int]:
    """Numbers of ``count`` classes: 0, 1, ... without 255, which marks void pixels."""
    return [number for number in range(count + 1) if number != IGNORE_INDEX][:count]


def class_list(
    names: Sequence[str], colours: Sequence[Sequence[int] | None] | None = None
) -> dict[str, tuple]:
    """``classes`` and ``palette`` of a data set, each in its place of :func:`class_numbers`.

    Args:
        names: Of the classes, each once.
        colours: (R, G, B) of each in 0 to 255, or None for one of VOC's; None for VOC's alone.
    """
    classes, palette, of_voc = [], [], voc_palette()
    for number, name in enumerate(names):
        if len(classes) == IGNORE_INDEX:
            classes.append(VOID_NAME)
            palette.append([0, 0, 0])
        colour = None if colours is None else colours[number]
        classes.append(name)
        palette.append(list(of_voc[number % len(of_voc)] if colour is None else colour))
    return dict(classes=tuple(classes), palette=palette)


def read_names(path: Path, how_to_get: str) -> list[str]:
    """The names in a list of images, one per line, in the order of the file.

    Args:
        path: ``.../train.txt``.
        how_to_get: A sentence for the error: where the data comes from.

    Raises:
        FileNotFoundError: when there is no such file, or it is empty.
        ValueError: when it is not a text in UTF-8 or UTF-16, or names an image twice.
    """
    places: dict[str, int] = {}
    lines = read_text_list(path, 'list of images', how_to_get).splitlines()
    for number, line in enumerate(lines, start=1):
        name = line.strip()
        if name and places.setdefault(name, number) != number:
            raise ValueError(
                f'{path}: lines {places[name]} and {number} both are {name!r}: remove one.'
            )
    if not places:
        raise FileNotFoundError(f'{path}: the list of images is empty. {how_to_get}')
    return list(places)
