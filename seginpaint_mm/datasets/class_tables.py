"""What the stored label ids of each data set mean: one of its classes, or void."""

import functools
from collections.abc import Mapping

import cv2
import numpy as np

from seginpaint_mm.datasets.colour_ids import VOC_COLOURS
from seginpaint_mm.datasets.label_tables import IGNORE_INDEX

_UNKNOWN = 254


class ClassTable:
    """Maps stored label ids to a data set's classes.

    Args:
        name: How errors call the labels, e.g. ``'Cityscapes labelIds'``.
        classes: Class of each id that has one, 0 to 253.
        void: Ids of no class: they become 255.
        colours: The colour that the files' palettes have for each id, RGB uint8 (n, 3); None where
            they have none, or any.
    """

    def __init__(
        self,
        *,
        name: str,
        classes: Mapping[int, int],
        void: set[int],
        colours: np.ndarray | None = None,
    ) -> None:
        self.name = name
        self.colours = colours
        self._known_ids = sorted({*classes, *void})
        self._lookup = np.full(256, _UNKNOWN, np.uint8)
        for label_id, class_id in classes.items():
            self._lookup[label_id] = class_id
        self._lookup[sorted(void)] = IGNORE_INDEX

    def classes(self, labels: np.ndarray, path: str) -> np.ndarray:
        """Classes of label ids.

        Args:
            labels: uint8 (H, W).
            path: The file they come from, for the error.

        Returns:
            np.ndarray: uint8 (H, W), 255 = void.

        Raises:
            ValueError: when a label id is neither of a class nor void.
        """
        classes = cv2.LUT(labels, self._lookup)
        if (classes == _UNKNOWN).any():
            unknown = np.unique(labels[classes == _UNKNOWN]).tolist()
            raise ValueError(
                f'{path}: label ids {unknown} are not {self.name}, which are {self._known_ids}; '
                f'convert the labels, or take the data set class that they belong to.'
            )
        return classes


CITYSCAPES_THINGS = tuple(range(11, 19))  # trainIds: person to bicycle
CITYSCAPES_VOID = 19  # what SGE-Net makes of all that is none of the 19 classes: one class more
# labelIds of the trainIds 0 to 18
_EVALUATED = (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)
_TRAIN_IDS = {label_id: train_id for train_id, label_id in enumerate(_EVALUATED)}
_VOID = {*range(34), 255} - {*_EVALUATED}


def _cityscapes(classes: Mapping[int, int]) -> dict[str, ClassTable]:
    """Tables of both kinds of label files, given the class of each trainId."""
    return dict(
        ids=ClassTable(
            name='Cityscapes labelIds',
            classes={label_id: classes[train_id] for label_id, train_id in _TRAIN_IDS.items()},
            void=_VOID,
        ),
        train_ids=ClassTable(name='Cityscapes labelTrainIds', classes=classes, void={255}),
    )


def _with_void_class(label_id_classes: Mapping[int, int], void: set[int]) -> dict[int, int]:
    return {**label_id_classes, **dict.fromkeys(void, CITYSCAPES_VOID)}


_ALL = _cityscapes({train_id: train_id for train_id in range(19)})
_MERGED = _cityscapes({train_id: int(train_id in CITYSCAPES_THINGS) for train_id in range(19)})


@functools.cache
def own_table(num_classes: int) -> ClassTable:
    """The table of labels that are classes already: 0 to ``num_classes`` - 1, and 255 void."""
    return ClassTable(
        name=f'classes of a data set with {num_classes}',
        classes={number: number for number in range(num_classes)},
        void={IGNORE_INDEX},
    )


CLASS_TABLES = {
    'cityscapes_ids': _ALL['ids'],
    'cityscapes_train_ids': _ALL['train_ids'],
    'cityscapes_ids_void': ClassTable(
        name='Cityscapes labelIds', classes=_with_void_class(_TRAIN_IDS, _VOID), void=set()
    ),
    'cityscapes_train_ids_void': ClassTable(
        name='Cityscapes labelTrainIds',
        classes=_with_void_class({train_id: train_id for train_id in range(20)}, {255}),
        void=set(),
    ),
    'cityscapes_ids_merged': _MERGED['ids'],
    'cityscapes_train_ids_merged': _MERGED['train_ids'],
    'voc': ClassTable(
        name='VOC classes',
        classes={number: number for number in range(21)},
        void={255},
        colours=VOC_COLOURS,
    ),
}
