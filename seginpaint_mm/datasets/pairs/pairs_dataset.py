"""``PairsDataset``: images with and without an object, as ``make_pairs.py`` wrote them."""

import json
from collections.abc import Sequence
from pathlib import Path

from typing_extensions import Unpack

from seginpaint_mm.datasets.image_dataset import ImageDataset, ImageOptions
from seginpaint_mm.datasets.pairs.writer import (
    NOTE,
    RECORDS,
    class_file,
    instance_file,
    object_file,
    truth_file,
)
from seginpaint_mm.errors import UserError
from seginpaint_mm.registry import DATASETS
from seginpaint_mm.utils.files import read_note

_HOW_TO_GET = 'Make pairs with tools/dataset_converters/make_pairs.py.'


@DATASETS.register_module()
class PairsDataset(ImageDataset):
    """Pairs for object removal; see :mod:`seginpaint_mm.datasets.pairs.writer`.

    ``metainfo`` holds ``classes`` and ``palette`` of the class maps, and ``thing_ids``, the classes
    that have objects. A sample's dictionary holds ``img_path`` (of the truth), ``object_path``,
    ``class_path``, ``instance_path``, ``top_left`` (row and column of the object's box),
    ``thing_ids``, ``removed_classes``, ``removed_labels`` (the same as indices into ``thing_ids``)
    and ``hole_share``; :class:`LoadPair` reads them.

    Args:
        data_root: The folder.
        removed_classes: Take only pairs with an object of these classes; None for all.
        common: ``pipeline``, ``indices``, ...; see :class:`ImageDataset`.

    Raises:
        FileNotFoundError: when there are no pairs.
        ValueError: when a file is damaged, or no pair has an object of these classes.
    """

    def __init__(
        self,
        data_root: str,
        *,
        removed_classes: Sequence[str] | None = None,
        **common: Unpack[ImageOptions],
    ) -> None:
        self.removed_classes = removed_classes
        super().__init__(data_root, **common)

    def load_data_list(self) -> list[dict]:
        """The pairs, by name."""
        root = Path(self.data_root)
        note, records = root / NOTE, sorted(root.glob(f'{RECORDS}/*.json'))
        if not note.is_file() or not records:
            raise FileNotFoundError(f'{root}: there are no pairs here. {_HOW_TO_GET}')
        try:
            described = read_note(note)
            self._metainfo.update(
                {key: tuple(described[key]) for key in ('classes', 'palette', 'thing_ids')}
            )
            suffix = described['options']['truth_format']
        except (UserError, KeyError, TypeError) as error:
            raise ValueError(f'{note}: this is not the note of pairs. {_HOW_TO_GET}') from error
        pairs = [pair for path in records for pair in _read_record(path)]
        wanted = self.removed_classes
        kept = [pair for pair in pairs if wanted is None or pair['removed_class'] in wanted]
        if not kept:
            there = sorted({pair['removed_class'] for pair in pairs})
            raise ValueError(f'{root}: no pair removes any of {wanted}; there are {there}.')
        known = {self.metainfo['classes'][number] for number in self.metainfo['thing_ids']}
        strange = [pair for pair in kept if pair['removed_class'] not in known]
        if strange:
            raise ValueError(
                f'{root}: the pair {strange[0]["name"]} removes {strange[0]["removed_class"]!r}, '
                f'which {NOTE} does not name as a class of things: make the pairs again.'
            )
        return [self._sample(root, pair, suffix) for pair in kept]

    def _sample(self, root: Path, pair: dict, suffix: str) -> dict:
        name, things = pair['name'], self._metainfo['thing_ids']
        removed = self._metainfo['classes'].index(pair['removed_class'])
        return dict(
            img_path=str(root / truth_file(name, suffix)),
            object_path=str(root / object_file(name)),
            class_path=str(root / class_file(name)),
            instance_path=str(root / instance_file(name)),
            thing_ids=things,
            removed_labels=[things.index(removed)],
            top_left=tuple(pair['top_left']),
            removed_classes=[pair['removed_class']],
            hole_share=pair['hole_share'],
        )


def _read_record(path: Path) -> list[dict]:
    try:
        return [
            {key: pair[key] for key in ('name', 'removed_class', 'top_left', 'hole_share')}
            for pair in json.loads(path.read_text())
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f'{path}: this is not a record of pairs ({error!r}): delete it and run make_pairs.py '
            f'again, which mends it.'
        ) from error
