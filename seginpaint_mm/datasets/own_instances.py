"""Inspect a user's folder of images and objects: masks, or COCO's JSON, and their classes."""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from seginpaint_mm.datasets.coco_json import index_coco, read_json
from seginpaint_mm.datasets.folder_instances import FolderInstanceDataset
from seginpaint_mm.datasets.image_reading import IMAGE_SUFFIXES
from seginpaint_mm.datasets.object_tables import classes_of_tables
from seginpaint_mm.datasets.own_folders import evenly, image_splits
from seginpaint_mm.datasets.scene_dataset import in_any_form
from seginpaint_mm.errors import UserError
from seginpaint_mm.registry import DATASETS

_TABLES = ('{masks}/{name}.csv', '{masks}/{name}.json', 'classes.csv', 'classes.json')
_PENN_FUDAN = ('PNGImages', 'PedMasks')  # what FolderInstanceDataset takes by default
_LOAD = [dict(type='seginpaint_mm.LoadSceneImage'), dict(type='seginpaint_mm.LoadInstances')]
_COCO = "COCO's JSON of instances"


def has_labels_alone(folder: Path) -> bool:
    """Whether a folder has label maps, and neither masks of objects nor COCO's JSON."""
    has_objects = (folder / 'masks').is_dir() or bool(_coco_files(folder))
    return (folder / 'labels').is_dir() and not has_objects


def _coco_files(folder: Path) -> list[Path]:
    """COCO's JSON; beside masks/ or labels/ JSON is something else where no name has ``train``."""
    files = sorted([*folder.glob('*.json'), *folder.glob('annotations/*.json')])
    has_maps = any((folder / name).is_dir() for name in ('masks', 'labels'))
    return [] if has_maps and not any('train' in path.stem.lower() for path in files) else files


@dataclasses.dataclass(frozen=True)
class InstanceFolder:
    """Images with objects.

    Attributes:
        own: Options of the data sets of both splits, with ``type``.
        splits: Of each split the options of its data set.
        images: How many.
        what: The labels, in words.
        objects: How many, by class.
        lacking: Why the classes cannot be named to both splits, a sentence; None where they can.
    """

    own: dict
    splits: dict[str, dict]
    images: int
    what: str
    objects: dict[str, int]
    lacking: str | None = None

    def class_setting(self) -> dict:
        """Options of the data set that name its classes.

        Raises:
            UserError: a split does not know one of them.
        """
        if self.lacking is not None:
            raise UserError(self.lacking)
        return dict(classes=list(self.objects))


def look_at_instances(folder: Path, names: Sequence[str]) -> InstanceFolder:
    """Inspect a folder with COCO's JSON, images/ and masks/, or Penn-Fudan's folders.

    Args:
        folder: It.
        names: Classes to take, all without; of masks that are of one class its name.

    Raises:
        FileNotFoundError, ValueError, UserError: in one sentence, what is missing or wrong.
    """
    if files := _coco_files(folder):
        return _look_at_coco(folder, files, names)
    if (folder / 'masks').is_dir():
        parts = [_masks_of(folder, part) for part in image_splits(folder)]
        return _look_at_masks(folder, names, parts)
    if all((folder / name).is_dir() for name in _PENN_FUDAN):
        return _look_at_masks(folder, names, [({}, 'object numbers in PedMasks/', ['person'])])
    raise FileNotFoundError(
        f"{folder}: it holds neither COCO's JSON (train.json and val.json) nor masks/ with a "
        f"PNG of object numbers per image, nor Penn-Fudan's {' and '.join(_PENN_FUDAN)}."
    )


def _look_at_masks(
    folder: Path, names: Sequence[str], parts: Sequence[tuple[dict, str, list[str]]]
) -> InstanceFolder:
    options, kinds, classes = zip(*parts, strict=True)
    if len({*kinds}) > 1:
        raise UserError(f'{folder}: {kinds[0]}, but {kinds[1]}: give both in one form.')
    seen = sorted({name for part in classes for name in part})
    if not seen and len(names) != 1:
        raise UserError(
            '--classes must name what the objects in masks/ are: one name. Several classes '
            'have a folder each, masks/CLASS, or a table, masks/NAME.csv or classes.csv.'
        )
    own = dict(type='FolderInstanceDataset', data_root=str(folder))
    objects = Counter(dict.fromkeys(names or seen, 0))
    number = looked_at = 0
    for places in options:
        common = dict(own, type='seginpaint_mm.FolderInstanceDataset', pipeline=_LOAD)
        data: FolderInstanceDataset = DATASETS.build(
            dict(common, classes=names or seen, **places),
        )
        number += len(data)
        looked_at += _count_objects(data, objects)
    if not any(objects.values()) and looked_at == number:
        there = f', but {kinds[0]} are of {", ".join(seen)}' if seen else ''
        raise UserError(f'{folder}: masks/ shows no object of {", ".join(objects)}{there}.')
    own['_delete_'] = True
    if len(parts) == 1:
        splits: dict[str, dict] = {split: dict(part=split) for split in ('train', 'val')}
        return InstanceFolder(own | options[0], splits, number, kinds[0], dict(objects))
    splits = dict(zip(('train', 'val'), options, strict=True))
    return InstanceFolder(own, splits, number, kinds[0], dict(objects))


def _masks_of(folder: Path, part: str) -> tuple[dict, str, list[str]]:
    """Places of images and masks as the data set takes them, in words, and the classes seen."""
    images, masks = (PurePosixPath(name, part).as_posix() for name in ('images', 'masks'))
    if not (folder / masks).is_dir():
        raise FileNotFoundError(f'{folder / masks}: there is no such folder: put the masks there.')
    inside = [path for path in (folder / masks).iterdir() if not path.name.startswith('.')]
    folders = sorted(path.name for path in inside if path.is_dir())
    files = sorted(path.name for path in inside if path.suffix.lower() in IMAGE_SUFFIXES)
    if folders and files:
        raise UserError(
            f'{folder / masks}: it holds both the folders {", ".join(folders[:3])}, as of classes, '
            f'and masks such as {files[0]}: keep one form.'
        )
    stems = {path.stem for path in (folder / images).iterdir()}
    added = '' if any(Path(name).stem in stems for name in files) else '_mask'
    endings = {name.removeprefix(Path(name).stem.removesuffix(added)) for name in files}
    ending = endings.pop() if len(endings) == 1 else '.png'
    own = dict(image_folder=images, mask_file=f'{masks}/{{name}}{ending}')
    tables = [name.format(masks=masks, name='{name}') for name in _TABLES]
    tables = [name for name in tables if any(folder.glob(name.format(name='*')))]
    if folders:
        own['mask_file'] = f'{masks}/{{class}}/{{name}}.png'
        return own, 'a folder of object numbers per class in masks/', folders
    if tables:
        what = f'object numbers in masks/, their classes in {tables[0]}'.replace(masks, 'masks')
        return own | dict(table_file=tables[0]), what, classes_of_tables(folder, tables[0])
    return own, 'object numbers in masks/', []


def _count_objects(data: FolderInstanceDataset, objects: Counter[str]) -> int:
    """Add the objects of the images that are looked at; return how many these are."""
    chosen = evenly(len(data))
    for k in chosen:
        sample = data[k]
        pairs = np.stack([sample['gt_instance_map'].ravel(), sample['gt_seg_map'].ravel()])
        for number, class_id in np.unique(pairs, axis=1).T.tolist():
            if number:
                objects[data.metainfo['classes'][class_id]] += 1
    return len(chosen)


def _look_at_coco(folder: Path, files: Sequence[Path], names: Sequence[str]) -> InstanceFolder:
    chosen = {}
    for split in ('train', 'val'):
        fitting = [path for path in files if split in path.stem.lower()]
        # beside captions and key points, as COCO comes
        fitting = [path for path in fitting if path.stem.startswith('instances')] or fitting
        if len(fitting) != 1:
            listed = ', '.join(path.name for path in fitting or files)
            raise UserError(
                f'{folder}: one JSON file must have {split!r} in its name, but there are {listed}.'
            )
        chosen[split] = fitting[0]
    objects: Counter[str] = Counter()
    number, splits = 0, {}
    names_of: dict[str, list[str]] = {}
    for split, path in chosen.items():
        index = index_coco(read_json(path, what=_COCO, how_to_get=''), path, what=_COCO)
        categories = {k: entry.text('name') for k, entry in index.categories.items()}
        for entries in index.annotations.values():
            objects.update(categories[entry.identifier('category_id')] for entry in entries)
        number += len(index.images)
        first = next(iter(index.images.values())).text('file_name')
        splits[split] = dict(
            ann_file=path.relative_to(folder).as_posix(),
            image_folder=_image_folder(folder, path, split, first),
        )
        names_of[split] = list(categories.values())
        unknown = [name for name in names if name not in names_of[split]]
        if unknown:
            raise UserError(
                f'{path}: there is no category {unknown[0]!r}; there are '
                f'{", ".join(names_of[split])}.'
            )
    every = dict.fromkeys([*names_of['train'], *names_of['val']])
    order = names or [name for name in every if objects[name]]
    if not order:
        raise UserError(f'{folder}: the JSON files hold no object.')
    own = dict(data_root=str(folder))
    lacking = next(
        (
            f'{chosen[split]}: it has no category {name!r}, of which the other file has objects: '
            f'add it to its categories, or name those of both by --classes.'
            for split in chosen
            for name in order
            if name not in names_of[split]
        ),
        None,
    )
    found = {name: objects[name] for name in order}
    return InstanceFolder(own, splits, number, _COCO, found, lacking)


def _image_folder(folder: Path, path: Path, split: str, first: str) -> str:
    for name in ('images', f'images/{split}', split, '.', path.stem.rpartition('_')[2]):
        if in_any_form(folder / name / first).is_file():
            return name
    raise FileNotFoundError(
        f'{path}: its image {first} is in none of images, images/{split}, {split} of {folder}.'
    )
