"""Classes, their ids in files and their colours."""

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from seginpaint_mm.datasets.image_reading import check_size, open_image, read_pixels

IGNORE_INDEX = 255
ROAD, SIDEWALK, OTHER = 0, 1, 2
_FOREGROUND, _NO_MEANING = -1, -2  # beside the classes 0 to 254 and 255


class LabelTable:
    """Map label ids to classes, foreground, or void.

    Args:
        name: How errors call the labels, e.g. ``'Cityscapes labelIds'``.
        classes: Class of each id that has one, 0 to 254: its index in the data set's ``classes``,
            e.g. 0 road, 1 sidewalk, 2 other in the MPI paper.
        void: Ids of no class: they become 255.
        foreground: Ids of foreground objects (human, vehicle), of no class either.
        object_groups: Foreground ids that belong to one object where they touch, e.g. a rider
            and the bicycle; ids of ``foreground`` that are in no group are not cut out.
        colours: The colour of each id in label maps that are colour images or have a palette, RGB
            uint8 (n, 3); None where they have none, or any.
        advice: What to do about an id that has no meaning, for the error.
    """

    def __init__(
        self,
        *,
        name: str,
        classes: Mapping[int, int],
        void: set[int],
        foreground: set[int] | frozenset[int] = frozenset(),
        object_groups: Sequence[tuple[int, ...]] = (),
        colours: np.ndarray | None = None,
        advice: str = 'convert the labels, or take the data set class that they belong to.',
    ) -> None:
        self.name = name
        self.colours = colours
        self.advice = advice
        self.class_ids = sorted({*classes.values()})
        self.object_groups = object_groups
        self.known_ids = sorted({*classes, *foreground, *void})
        self._lookup = np.full(256, _NO_MEANING, np.int16)
        for label_id, class_id in classes.items():
            self._lookup[label_id] = class_id
        self._lookup[sorted(foreground)] = _FOREGROUND
        self._lookup[sorted(void)] = IGNORE_INDEX

    def classes(self, labels: np.ndarray, path: str) -> np.ndarray:
        """Return the classes of label ids, uint8 (H, W), 255 = void or foreground.

        Args, Raises: as :meth:`split`.
        """
        return self.split(labels, path)[0]

    def split(self, labels: np.ndarray, path: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the visible classes and the foreground mask of a label map.

        Args:
            labels: uint8 (H, W) of label ids.
            path: The file they come from, for the error.

        Returns:
            Classes, uint8 (H, W), 255 = foreground or void; and the mask, uint8 (H, W),
            1 = foreground.

        Raises:
            ValueError: when a label id is in none of the three groups.
        """
        meaning = cv2.LUT(labels, self._lookup)
        if (meaning == _NO_MEANING).any():
            unknown = np.unique(labels[meaning == _NO_MEANING]).tolist()
            raise ValueError(
                f'{path}: label ids {unknown} are not {self.name}, which are {self.known_ids}; '
                f'{self.advice}'
            )
        foreground = meaning == _FOREGROUND
        meaning[foreground] = IGNORE_INDEX
        return meaning.astype(np.uint8), foreground.astype(np.uint8)

    def hidden_truth(self, num_classes: int | None = None) -> 'LabelTable':
        """The table of maps of hidden truth: they hold background classes, and 255 = unknown.

        Args:
            num_classes: Of the data set: 0 to ``num_classes`` - 1; None for those of this table.
        """
        ids = self.class_ids if num_classes is None else range(num_classes)
        return LabelTable(
            name='hidden-truth classes',
            classes={number: number for number in ids},
            void={IGNORE_INDEX},
        )


_CITYSCAPES_OTHER = (11, 12, 13, 17, 19, 20, 21, 22, 23)  # building ... sky: trainId 2 to 10
_CITYSCAPES_VOID = {*range(7), 9, 10, 14, 15, 16, 18}
_LICENCE_PLATE = 255  # id -1 as uint8, belongs to the vehicles

CITYSCAPES_IDS = LabelTable(
    name='Cityscapes labelIds',
    classes={7: ROAD, 8: SIDEWALK, **dict.fromkeys(_CITYSCAPES_OTHER, OTHER)},
    foreground={*range(24, 34), _LICENCE_PLATE},
    void=_CITYSCAPES_VOID,
    # person, car, truck, bus, train, and rider with motorcycle or bicycle
    object_groups=((24,), (26,), (27,), (28,), (31,), (25, 32, 33)),
)
# Caravans, trailers and licence plates have trainId 255 and so are void here, not foreground.
CITYSCAPES_TRAIN_IDS = LabelTable(
    name='Cityscapes labelTrainIds',
    classes={0: ROAD, 1: SIDEWALK, **dict.fromkeys(range(2, 11), OTHER)},
    foreground=set(range(11, 19)),
    void={255},
    object_groups=((11,), (13,), (14,), (15,), (16,), (12, 17, 18)),
)
CAMVID_IDS = LabelTable(
    name='CamVid labels of the SegNet layout',
    classes={3: ROAD, 4: SIDEWALK, **dict.fromkeys((0, 1, 2, 5, 6, 7), OTHER)},
    foreground={8, 9, 10},  # car, pedestrian, bicyclist
    void={11},
    object_groups=((8,), (9,), (10,)),
)
LABEL_TABLES = {
    'cityscapes_ids': CITYSCAPES_IDS,
    'cityscapes_train_ids': CITYSCAPES_TRAIN_IDS,
    'camvid': CAMVID_IDS,
}


_PLACES = (16, 8, 0)
_CODE = np.array([1 << place for place in _PLACES], np.int32)
VOC_COLOURS = np.zeros((256, 3), np.uint8)  # of each number, RGB: every third bit, lowest first
for _place in range(3):
    _bits = np.arange(256)[:, None] >> np.arange(3) >> 3 * _place & 1
    VOC_COLOURS |= (_bits << 7 - _place).astype(np.uint8)


def ids_of_colours(path: str | Path, ids: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Correct ids that were read from a palette whose entries were exchanged.

    Programs that make PNGs smaller sort the palette, or leave out what is not used: the image
    looks the same, the stored numbers differ.

    Args:
        path: The file, which can be read.
        ids: What was read of it, uint8 (H, W).
        colours: The colour of each id, RGB uint8 (n, 3).

    Returns:
        np.ndarray: uint8 (H, W): the ids of the colours where the file has a palette and all of its
        colours in use have an id; otherwise ``ids``.
    """
    with open_image(path) as image:
        if image.mode != 'P':
            return ids
        indices = np.array(image)
        palette = np.array(image.getpalette('RGB'), np.uint8).reshape(-1, 3)
    used = np.unique(indices)
    if used[-1] >= len(palette):
        return ids
    fits = (palette[used, None] == colours).all(axis=-1)
    if not fits.any(axis=1).all():
        return ids
    lookup = np.zeros(256, np.uint8)
    lookup[used] = fits.argmax(axis=1)
    return lookup[indices]


def read_label_colours(
    path: str | Path, colours: np.ndarray, *, size: tuple[int, int], img_path: str
) -> np.ndarray:
    """Read a label map that is a colour image, or has a palette, uint8 (H, W).

    Args:
        path: The file.
        colours: The colour of each id, RGB uint8 (n, 3), n <= 255. Black is 255, void, where it is
            not among them.
        size: (height, width) of its image.
        img_path: The image, for errors.

    Raises:
        FileNotFoundError, ValueError: one sentence, when it is missing, no image, a JPEG, of
            another size, or has a colour that is no label's.
    """
    try:
        with open_image(path) as image:
            if image.format == 'JPEG':
                raise ValueError(
                    f'{path}: JPEG changes colours, so that the labels of a map are lost: give the '
                    f'map as PNG.'
                )
            if getattr(image, 'n_frames', 1) > 1:
                raise ValueError(
                    f'{path}: a label map has one page, this file has {image.n_frames}: save the '
                    f'one that counts as PNG.'
                )
            found = np.array(image.convert('RGB'))
    except (FileNotFoundError, MemoryError):
        raise
    except Exception as error:  # Pillow lets through whatever its parsers stumble over
        if str(error).startswith(str(path)):
            raise
        raise ValueError(
            f'{path}: cannot be read as a label map ({error}): fetch or write it again.'
        ) from error
    check_size(path, found[..., 0], size=size, img_path=img_path)
    codes = found.astype(np.int32) @ _CODE
    known = np.append(colours.astype(np.int32) @ _CODE, 0)  # of equal ones, the first counts
    ids = np.append(np.arange(len(colours)), IGNORE_INDEX)
    used, inverse = np.unique(codes, return_inverse=True)
    fits = used[:, None] == known
    if not fits.any(axis=1).all():
        wrong = used[~fits.any(axis=1)][0]
        count = int((codes == wrong).sum())
        colour = tuple(int(wrong) >> place & 255 for place in _PLACES)
        raise ValueError(
            f'{path}: {count} pixels have the colour {colour} (R, G, B), which is no label: '
            f'name it in labels, or save the map without smoothing.'
        )
    return ids[fits.argmax(axis=1)][inverse].reshape(codes.shape).astype(np.uint8)


def read_segment_ids(path: str | Path) -> np.ndarray:
    """Read COCO's panoptic PNG: R + 256 G + 65536 B at each pixel, int32 (H, W).

    Raises:
        FileNotFoundError: when there is no such file.
        ValueError: when it is no image, a damaged one, or has other than 8 bits per colour.
    """
    colours = read_pixels(path, 'a map of segments')
    if colours.dtype != np.uint8:
        raise ValueError(
            f'{path}: the colours of a map of segments have 8 bits, these are {colours.dtype}: '
            f'save it as PNG with 8 bits per colour.'
        )
    if colours.ndim == 2:
        colours = cv2.cvtColor(colours, cv2.COLOR_GRAY2BGR)
    return colours[..., :3].astype(np.int32) @ np.array([65536, 256, 1], np.int32)


CITYSCAPES_THINGS = tuple(range(11, 19))  # trainIds: person to bicycle
CITYSCAPES_VOID = 19  # what SGE-Net makes of all that is none of the 19 classes: one class more
# labelIds of the trainIds 0 to 18
_EVALUATED = (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)
_TRAIN_IDS = {label_id: train_id for train_id, label_id in enumerate(_EVALUATED)}
_VOID = {*range(34), 255} - {*_EVALUATED}


def _cityscapes(classes: Mapping[int, int]) -> dict[str, LabelTable]:
    """Tables of both kinds of label files, given the class of each trainId."""
    return dict(
        ids=LabelTable(
            name='Cityscapes labelIds',
            classes={label_id: classes[train_id] for label_id, train_id in _TRAIN_IDS.items()},
            void=_VOID,
        ),
        train_ids=LabelTable(name='Cityscapes labelTrainIds', classes=classes, void={255}),
    )


def _with_void_class(label_id_classes: Mapping[int, int], void: set[int]) -> dict[int, int]:
    return {**label_id_classes, **dict.fromkeys(void, CITYSCAPES_VOID)}


_ALL = _cityscapes({train_id: train_id for train_id in range(19)})
_MERGED = _cityscapes({train_id: int(train_id in CITYSCAPES_THINGS) for train_id in range(19)})


@functools.cache
def own_table(num_classes: int) -> LabelTable:
    """The table of labels that are classes already: 0 to ``num_classes`` - 1, and 255 void."""
    return LabelTable(
        name=f'classes of a data set with {num_classes}',
        classes={number: number for number in range(num_classes)},
        void={IGNORE_INDEX},
    )


CLASS_TABLES = {
    'cityscapes_ids': _ALL['ids'],
    'cityscapes_train_ids': _ALL['train_ids'],
    'cityscapes_ids_void': LabelTable(
        name='Cityscapes labelIds', classes=_with_void_class(_TRAIN_IDS, _VOID), void=set()
    ),
    'cityscapes_train_ids_void': LabelTable(
        name='Cityscapes labelTrainIds',
        classes=_with_void_class({train_id: train_id for train_id in range(20)}, {255}),
        void=set(),
    ),
    'cityscapes_ids_merged': _MERGED['ids'],
    'cityscapes_train_ids_merged': _MERGED['train_ids'],
    'voc': LabelTable(
        name='VOC classes',
        classes={number: number for number in range(21)},
        void={255},
        colours=VOC_COLOURS,
    ),
}
