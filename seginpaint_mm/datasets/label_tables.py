"""What the label ids of each data set mean: a background class, foreground, or void."""

from collections.abc import Mapping, Sequence

import cv2
import numpy as np

IGNORE_INDEX = 255
ROAD, SIDEWALK, OTHER = 0, 1, 2
_FOREGROUND, _UNKNOWN = 254, 253


class LabelTable:
    """Maps label ids to what is visible: a background class, foreground, or void.

    Args:
        name: How errors call the labels, e.g. ``'Cityscapes labelIds'``.
        classes: Background class of each id that has one: its index in the data set's ``classes``,
            0 road, 1 sidewalk, 2 other in the MPI paper.
        foreground: Ids of foreground objects (human, vehicle).
        void: Ids that are neither: their class is 255.
        object_groups: Foreground ids that belong to one object where they touch, e.g. a rider
            and the bicycle; ids of ``foreground`` that are in no group are not cut out.
        colours: The colour of each id where label maps are colour images, RGB uint8 (n, 3).
        advice: What to do about an id that has no meaning, for the error.
    """

    def __init__(
        self,
        *,
        name: str,
        classes: Mapping[int, int],
        foreground: set[int],
        void: set[int],
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
        self._lookup = np.full(256, _UNKNOWN, np.uint8)
        for label_id, class_id in classes.items():
            self._lookup[label_id] = class_id
        self._lookup[sorted(foreground)] = _FOREGROUND
        self._lookup[sorted(void)] = IGNORE_INDEX

    def split(self, labels: np.ndarray, path: str) -> tuple[np.ndarray, np.ndarray]:
        """Visible background class and foreground mask of a label map.

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
        if (meaning == _UNKNOWN).any():
            unknown = np.unique(labels[meaning == _UNKNOWN]).tolist()
            raise ValueError(
                f'{path}: label ids {unknown} are not {self.name}, which are {self.known_ids}; '
                f'{self.advice}'
            )
        foreground = meaning == _FOREGROUND
        meaning[foreground] = IGNORE_INDEX
        return meaning, foreground.astype(np.uint8)

    def hidden_truth(self, num_classes: int | None = None) -> 'LabelTable':
        """The table of maps of hidden truth: they hold background classes, and 255 = unknown.

        Args:
            num_classes: Of the data set: 0 to ``num_classes`` - 1; None for those of this table.
        """
        ids = self.class_ids if num_classes is None else range(num_classes)
        return LabelTable(
            name='hidden-truth classes',
            classes={number: number for number in ids},
            foreground=set(),
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
