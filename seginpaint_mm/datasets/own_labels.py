"""Labels of a user's own maps, as a config names them: their ids or colours, and their classes."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from mmseg.utils import voc_palette

from seginpaint_mm.datasets.class_tables import IGNORE_INDEX, LabelTable

_MOST_CLASSES = 254  # labels have 255 ids; of scenes, one at least is foreground
Labels = Sequence[str] | Mapping[str, int | Sequence[int]]


@dataclasses.dataclass(frozen=True)
class OwnLabels:
    """The labels of a config.

    Attributes:
        table: Translates what the maps hold to classes.
        metainfo: ``classes`` and their ``palette``, as a data set has them.
    """

    table: LabelTable
    metainfo: dict


def read_own_labels(
    labels: Labels,
    *,
    foreground: Sequence[str] = (),
    ground: Sequence[str] = (),
    void: Sequence[str] = (),
    classes: Mapping[str, Sequence[str]] | None = None,
    object_groups: Sequence[Sequence[str]] | None = None,
    palette: Sequence[Sequence[int]] | None = None,
) -> OwnLabels:
    """Read the labels of a config; the arguments are those of :class:`SceneFolderDataset`.

    Raises:
        ValueError: one sentence, when names or numbers do not fit each other.
    """
    ids, colours = _ids_of_labels(labels)
    names = dict(foreground=foreground, ground=ground, void=void)
    _check_names(ids, names, {} if classes is None else classes, object_groups or ())
    joined = classes or {
        name: (name,) for name in ids if name not in foreground and name not in void
    }
    _check_classes(joined, ids, foreground, void, ground)
    table = LabelTable(
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
    shown = _palette(joined, ids, colours, palette)
    return OwnLabels(table, dict(classes=tuple(joined), palette=shown))


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
    """ValueError when a label has no meaning, or two, or none is a class."""
    if not classes or len(classes) > _MOST_CLASSES:
        raise ValueError(
            f'There are {len(classes)} classes: name 1 to {_MOST_CLASSES} labels '
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
