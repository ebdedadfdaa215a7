"""``SceneFolderDataset``: your own scenes: images, label maps, and classes that hide others."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from mmseg.utils import voc_palette
from typing_extensions import Unpack

from seginpaint_mm.datasets.class_tables import IGNORE_INDEX, LabelTable
from seginpaint_mm.datasets.image_dataset import ImageOptions
from seginpaint_mm.datasets.scene_dataset import SceneDataset, list_images, require_file
from seginpaint_mm.datasets.splits import choose_images
from seginpaint_mm.registry import DATASETS

_HOW_TO_GET = (
    'Put images there, each with a label map (PNG of label ids, with or without palette, or of '
    'colours), or name the folders with image_folder and label_folder.'
)
_MOST_CLASSES = 254  # labels have 255 ids, of which one at least is foreground
Labels = Sequence[str] | Mapping[str, int | Sequence[int]]


@DATASETS.register_module()
class SceneFolderDataset(SceneDataset):
    """Images and label maps of any classes, some of which are foreground that hides the others.

    Files: ``IMAGE_FOLDER/SUB/NAME{image_suffix}.jpg`` (or another format) and, for each,
    ``LABEL_FOLDER/SUB/NAME{label_suffix}``; where ``hidden_folder`` is named also
    ``HIDDEN_FOLDER/SUB/NAME{label_suffix}``, what is also behind the foreground: the same ids (or
    colours), and 255 or a foreground id where it is not known.

    ``metainfo`` holds ``classes``, the labels that are neither foreground nor void, in their order
    (or the keys of ``classes``), and their ``palette``. The numbers that networks predict are
    places in this list, whatever ids the files have.

    Args:
        data_root: Folder that holds the others.
        labels: Names of the labels: in the order of their ids, 0, 1, ..., or each with its id, or
            with its colour (R, G, B) where the label maps are colour images. 255 is void, also
            where it is not named; black in colour images, unless it is a label's.
        foreground: Names of the labels that hide what is behind them, e.g. cars and persons.
        ground: Names of the classes on which :class:`PasteForeground` may put objects.
        void: Names of labels that are neither learnt nor counted.
        classes: Joins labels to one class: the class's name, and its labels' names. None: each
            label is its own class.
        object_groups: Foreground labels of which one object may consist, e.g. a rider and the
            bicycle; None: an object has one label.
        palette: A colour (R, G, B) per class; None: the labels' own, or VOC's.
        image_folder: The images, in it or in sub-folders.
        label_folder: The label maps, in sub-folders of the same names.
        hidden_folder: Hidden truth; None: nothing is known behind the foreground.
        image_suffix: What the images' names end in, before their format.
        label_suffix: What takes its place, and the format's.
        list_file: See :func:`choose_images`, and so are the next three.
        part: ``'train'`` or ``'val'``.
        val_share: Of the images.
        split_seed: Varies the parts.
        common: ``pipeline``, ``indices``, ...; see :class:`ImageDataset`.

    Raises:
        ValueError: one sentence, when names or numbers do not fit each other.
        FileNotFoundError: when there is no image, or an image has no label map.
    """

    def __init__(
        self,
        data_root: str,
        *,
        labels: Labels,
        foreground: Sequence[str],
        ground: Sequence[str] = (),
        void: Sequence[str] = (),
        classes: Mapping[str, Sequence[str]] | None = None,
        object_groups: Sequence[Sequence[str]] | None = None,
        palette: Sequence[Sequence[int]] | None = None,
        image_folder: str = 'images',
        label_folder: str = 'labels',
        hidden_folder: str | None = None,
        image_suffix: str = '',
        label_suffix: str = '.png',
        list_file: str | None = None,
        part: str | None = None,
        val_share: float = 0.2,
        split_seed: int = 0,
        **common: Unpack[ImageOptions],
    ) -> None:
        ids, colours = _ids_of_labels(labels)
        names = dict(foreground=foreground, ground=ground, void=void)
        _check_names(ids, names, {} if classes is None else classes, object_groups or ())
        joined = classes or {
            name: (name,) for name in ids if name not in foreground and name not in void
        }
        _check_classes(joined, ids, foreground, void, ground)
        self.label_table = LabelTable(
            name='labels of the config',
            classes={ids[name]: k for k, members in enumerate(joined.values()) for name in members},
            foreground={ids[name] for name in foreground},
            void={IGNORE_INDEX, *(ids[name] for name in void)},
            object_groups=[
                tuple(ids[name] for name in group)
                for group in object_groups or [(name,) for name in foreground]
            ],
            colours=colours,
            advice='name them in labels, or convert the maps.',
        )
        self.ground = tuple(ground)
        self.image_folder = image_folder
        self.label_folder = label_folder
        self.hidden_folder = hidden_folder
        self.image_suffix = image_suffix
        self.label_suffix = label_suffix
        self.split = dict(
            list_file=None if list_file is None else Path(data_root, list_file),
            part=part,
            val_share=val_share,
            split_seed=split_seed,
        )
        # What PasteForeground makes a data set of, whose objects it pastes into this one's images.
        self._own_source = dict(
            type='seginpaint_mm.SceneFolderDataset',
            data_root=data_root,
            labels=labels,
            foreground=foreground,
            void=void,
            classes=classes,
            object_groups=object_groups,
            image_folder=image_folder,
            label_folder=label_folder,
            image_suffix=image_suffix,
            label_suffix=label_suffix,
            list_file=list_file,
            part=part,
            val_share=val_share,
            split_seed=split_seed,
        )
        super().__init__(
            data_root,
            metainfo=dict(classes=tuple(joined), palette=_palette(joined, ids, colours, palette)),
            **common,
        )

    def get_data_info(self, idx: int) -> dict:
        """A sample, with the names that :class:`PasteForeground` asks for."""
        return dict(
            super().get_data_info(idx),
            ground_names=self.ground or None,
            own_source=self._own_source,
            label_table=self.label_table,
        )

    def load_data_list(self) -> list[dict]:
        """Find the samples, sorted by folder and name."""
        folder = Path(self.data_root, self.image_folder)
        images = list_images(folder, f'**/*{self.image_suffix}', _HOW_TO_GET)
        return [
            self._sample(path, path.relative_to(folder))
            for path in choose_images(images, folder, **self.split)
        ]

    def _sample(self, image: Path, place: Path) -> dict:
        name = f'{place.stem.removesuffix(self.image_suffix)}{self.label_suffix}'
        root = Path(self.data_root)
        truth = None
        if self.hidden_folder is not None:
            truth = require_file(root / self.hidden_folder / place.with_name(name), image)
        return dict(
            img_path=str(image),
            label_path=require_file(root / self.label_folder / place.with_name(name), image),
            background_path=truth,
            background_has_label_ids=True,
            instance_path=None,
        )


def _ids_of_labels(labels: Labels) -> tuple[dict[str, int], np.ndarray | None]:
    """The id of each label, and the colours of the ids, uint8 (n, 3), where they are colours."""
    if isinstance(labels, str) or not isinstance(labels, (Sequence, Mapping)) or not labels:
        raise ValueError(
            f"labels must be names in the order of their ids, e.g. ['sky', 'road', 'car'], or each "
            f'with its id or colour, e.g. dict(road=7, car=26), not {labels!r}.'
        )
    if not isinstance(labels, Mapping):
        if len({*labels}) < len(labels):
            raise ValueError(f'labels must be different names, not {list(labels)!r}.')
        labels = {name: number for number, name in enumerate(labels)}
    values = list(labels.values())
    if all(map(_is_id, values)):
        if len({*values}) < len(values):
            raise ValueError(
                f'labels gives one id to two names: {dict(labels)!r}; join them by classes instead.'
            )
        return dict(labels), None
    if all(map(_is_colour, values)):
        colours = np.array(values, np.uint8)
        if len(np.unique(colours, axis=0)) < len(colours):
            raise ValueError(f'labels gives one colour to two names: {dict(labels)!r}.')
        return {name: number for number, name in enumerate(labels)}, colours
    kind = next((check for check in (_is_id, _is_colour) if check(values[0])), _is_id)
    wrong = next(name for name, value in labels.items() if not kind(value))
    raise ValueError(
        f'labels[{wrong!r}] is {labels[wrong]!r}: ids are whole numbers from 0 to '
        f'{IGNORE_INDEX - 1}, colours are (R, G, B); all labels have ids, or all have colours.'
    )


def _is_id(value: object) -> bool:
    return type(value) is int and 0 <= value < IGNORE_INDEX


def _is_colour(value: object) -> bool:
    return (
        isinstance(value, Sequence)
        and len(value) == 3
        and all(type(part) is int and 0 <= part <= 255 for part in value)
    )


def _check_names(
    ids: Mapping[str, int],
    names: Mapping[str, Sequence[str]],
    classes: Mapping[str, Sequence[str]],
    groups: Sequence[Sequence[str]],
) -> None:
    """ValueError when a name is none of the labels', or a text stands where a list belongs."""
    if not isinstance(classes, Mapping):
        raise ValueError(
            f"classes must join labels under names, e.g. dict(ground=['road', 'path']), not "
            f'{classes!r}; leave it out where each label is a class.'
        )
    lists = {
        **{key: value for key, value in names.items() if key != 'ground'},
        **{f'classes[{key!r}]': value for key, value in classes.items()},
        **{f'object_groups[{k}]': value for k, value in enumerate(groups)},
    }
    for key, value in {**lists, 'ground': names['ground']}.items():
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise ValueError(f'{key} must be names in a list, e.g. [{value!r}], not {value!r}.')
    for key, value in lists.items():
        for name in value:
            if name not in ids:
                raise ValueError(
                    f'{key} names {name!r}, which is no label; there are {", ".join(ids)}.'
                )


def _check_classes(
    classes: Mapping[str, Sequence[str]],
    ids: Mapping[str, int],
    foreground: Sequence[str],
    void: Sequence[str],
    ground: Sequence[str],
) -> None:
    """ValueError when a label has no meaning, or two, or nothing hides or can be hidden."""
    if not foreground:
        raise ValueError(
            f'foreground names no label: name those that hide what is behind them, of '
            f'{", ".join(ids)}.'
        )
    if not classes or len(classes) > _MOST_CLASSES:
        raise ValueError(
            f'There are {len(classes)} classes of background: name 1 to {_MOST_CLASSES} labels '
            f'that are neither foreground nor void.'
        )
    roles: dict[str, str] = {}
    for role, names in (('foreground', foreground), ('void', void), *classes.items()):
        for name in names:
            if name in roles:
                raise ValueError(
                    f'The label {name!r} is in {roles[name]!r} and in {role!r}: each label has one '
                    f'meaning.'
                )
            roles[name] = role
    left = [name for name in ids if name not in roles]
    if left:
        raise ValueError(
            f'The labels {", ".join(left)} are in no class: name them in classes, foreground or '
            f'void.'
        )
    for name in ground:
        if name not in classes:
            raise ValueError(f'ground names {name!r}, which is no class: {", ".join(classes)}.')


def _palette(
    classes: Mapping[str, Sequence[str]],
    ids: Mapping[str, int],
    colours: np.ndarray | None,
    palette: Sequence[Sequence[int]] | None,
) -> list[tuple[int, ...]]:
    if palette is not None:
        if len(palette) != len(classes) or not all(map(_is_colour, palette)):
            raise ValueError(
                f'palette must hold a colour (R, G, B) for each of the {len(classes)} classes '
                f'{", ".join(classes)}, not {palette!r}.'
            )
        return [tuple(colour) for colour in palette]
    if colours is not None:
        return [tuple(colours[ids[members[0]]].tolist()) for members in classes.values()]
    of_voc = voc_palette()
    return [tuple(of_voc[(number + 1) % len(of_voc)]) for number in range(len(classes))]
