"""One's own images with one's own objects: a folder of images and one of instance maps."""

import functools
import logging
import os
import string
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from mmengine.logging import print_log
from typing_extensions import Unpack

from seginpaint_mm.datasets.image_dataset import ImageOptions
from seginpaint_mm.datasets.instance_dataset import InstanceDataset, class_list, class_numbers
from seginpaint_mm.datasets.object_tables import names_of, read_table, read_tables, table_of
from seginpaint_mm.datasets.scene_dataset import (
    images_by_name,
    in_any_form,
    list_images,
    require_file,
)
from seginpaint_mm.datasets.splits import choose_images
from seginpaint_mm.registry import DATASETS

_HOW_TO_GET = (
    'Either put Penn-Fudan there (PennFudanPed/ of https://www.cis.upenn.edu/~jshi/ped_html/), or '
    'your own images, each with a PNG of one channel, 0 where there is no object and 1, 2, ... '
    'on the objects, and name both with image_folder and mask_file.'
)


@DATASETS.register_module()
class FolderInstanceDataset(InstanceDataset):
    """Images with objects, as Penn-Fudan has them: 0 background, 1, 2, ... the classes.

    Files: ``IMAGE_FOLDER/NAME.png`` (or another format) and for each an instance map, a PNG with
    one channel of 8 or 16 bits or a palette, 0 = no object. A map of nothing but 0 is allowed.
    Other files that mark objects, with flat colours, soft edges or several pages, are read as those
    are that ``infer.py --masks`` takes. 255 beside 1, 2, ... is void.

    Objects of several classes have a map per class (``mask_file='masks/{class}/{name}.png'``; an
    image may lack those of some classes), or one map and a table of the classes of its numbers.
    Objects of classes that are not asked for are background.

    Args:
        data_root: Folder that holds these.
        class_name: What the objects are.
        classes: What they are, of several classes; they get the numbers 1, 2, ... (255 is left
            out).
        image_folder: The folder of the images.
        mask_file: Where the map of an image is; ``{name}`` stands for the image's name without
            its suffix, ``{class}`` for the name of a class.
        table_file: Where the classes of an image's objects are: CSV with lines ``number,class``,
            or JSON, ``{"number": "class"}``; without ``{name}`` it is one file for all images,
            with lines ``image,number,class`` or ``{"image": {"number": "class"}}``.
        list_file: Below ``data_root``; see :func:`choose_images`, and so are the next three.
        part: ``'train'`` or ``'val'``.
        val_share: Of the images.
        split_seed: Varies the parts.
        common: ``pipeline``, ``indices``, ...; see :class:`ImageDataset`.

    Raises:
        ValueError: when ``mask_file`` has no ``{name}``, several classes are given without
            ``{class}`` or a table, or one is nearly another's name; when a table is damaged.
        FileNotFoundError: when the data, or an image's map, are not there.
    """

    def __init__(
        self,
        data_root: str,
        *,
        class_name: str = 'person',
        classes: Sequence[str] | None = None,
        image_folder: str = 'PNGImages',
        mask_file: str = 'PedMasks/{name}_mask.png',
        table_file: str | None = None,
        list_file: str | None = None,
        part: str | None = None,
        val_share: float = 0.2,
        split_seed: int = 0,
        **common: Unpack[ImageOptions],
    ) -> None:
        self.classes = _names(class_name if classes is None else classes)
        _check_places(self.classes, mask_file, table_file)
        self.image_folder = image_folder
        self.split = dict(
            list_file=None if list_file is None else Path(data_root, list_file),
            part=part,
            val_share=val_share,
            split_seed=split_seed,
        )
        self.mask_file, self.table_file = mask_file, table_file
        self._own_source = dict(
            type='seginpaint_mm.FolderInstanceDataset',
            data_root=data_root,
            classes=self.classes,
            image_folder=image_folder,
            mask_file=mask_file,
            table_file=table_file,
            list_file=list_file,
            part=part,
            val_share=val_share,
            split_seed=split_seed,
        )
        super().__init__(
            data_root,
            metainfo=dict(
                class_list(
                    ('background', *self.classes),
                    [(0, 0, 0), (220, 20, 60), *[None] * (len(self.classes) - 1)],
                ),
                thing_ids=tuple(class_numbers(len(self.classes) + 1)[1:]),
            ),
            **common,
        )

    def own_source(self) -> dict:
        """Config of this data set."""
        return self._own_source

    def find_samples(self) -> list[dict]:
        """Find the samples, sorted by name."""
        root = Path(self.data_root)
        folder = root / self.image_folder
        every_image = list_images(folder, '*', _HOW_TO_GET)
        _note_maps_without_image(root, self.mask_file, self.classes, every_image)
        images = choose_images(every_image, folder, **self.split)
        ids = dict(zip(self.classes, self.metainfo['thing_ids'], strict=True))
        if '{class}' in self.mask_file:
            return _with_class_paths(images, root, self.mask_file, ids)
        samples = [
            dict(
                img_path=str(image),
                instance_format='folder',
                instance_path=require_file(root / _at(self.mask_file, name=image.stem), image),
            )
            for image in images
        ]
        if self.table_file is not None:
            _add_classes(samples, root, self.table_file, ids, every_image)
        return samples


def _names(classes: str | Sequence[str]) -> tuple[str, ...]:
    names = (classes,) if isinstance(classes, str) else tuple(classes)
    are_texts = all(isinstance(name, str) and name.strip() for name in names)
    if not names or not are_texts or len({*names, 'background'}) <= len(names):
        raise ValueError(
            f"classes must be different names in a list, e.g. ['person', 'dog'], not {classes!r}; "
            f"'background' is what none of them is."
        )
    return names


def _check_places(classes: Sequence[str], mask_file: str, table_file: str | None) -> None:
    for key, place in (('mask_file', mask_file), ('table_file', table_file)):
        try:
            fields = {
                f'{field}!{kind}' if kind else f'{field}:{form}' if form else field
                for _, field, form, kind in string.Formatter().parse(place or '')
                if field is not None
            }
        except ValueError as error:
            raise ValueError(f'{key}={place!r} has single braces ({error}).') from error
        known = {'name', 'class'} if key == 'mask_file' else {'name'}
        if key == 'mask_file' and 'name' not in fields:
            raise ValueError(
                f'mask_file must hold {{name}}, which stands for the name of an image, e.g. '
                f"'masks/{{name}}.png', not {mask_file!r}."
            )
        if fields - known:
            raise ValueError(
                f'{key}={place!r}: {{{min(fields - known)}}} stands for nothing; known are '
                f'{", ".join(f"{{{name}}}" for name in sorted(known))}.'
            )
    if '{class}' in mask_file and table_file is not None:
        raise ValueError(
            f'mask_file={mask_file!r} has a file per class, and table_file={table_file!r} the '
            f'classes of objects: give one of them.'
        )
    if len(classes) > 1 and '{class}' not in mask_file and table_file is None:
        raise ValueError(
            f'classes={list(classes)}, but mask_file={mask_file!r} does not say which object is of '
            f"which class: give a map per class, 'masks/{{class}}/{{name}}.png', or a table_file."
        )


def _at(place: str, **names: str) -> str:
    return place.format_map(names)


def _with_class_paths(
    images: Sequence[Path], root: Path, mask_file: str, ids: Mapping[str, int]
) -> list[dict]:
    """The samples of images that have a map per class."""
    samples, seen = [], set()
    listed = functools.cache(images_by_name)  # of each folder of a class
    for image in images:
        paths = {name: root / _at(mask_file, **{'name': image.stem, 'class': name}) for name in ids}
        paths = {name: in_any_form(path) for name, path in paths.items()}
        there = {name: path for name, path in paths.items() if path.is_file()}
        for name in {*paths} - {*there}:
            _check_absent(paths[name], image, listed(paths[name].parent))
        seen.update(there)
        place = root / _at(mask_file, **{'name': image.stem, 'class': '{class}'})
        if not there:
            raise FileNotFoundError(
                f'{image}: there is no map of any class, expected {place} with '
                f'{", ".join(map(repr, ids))} for {{class}}: add one; it may be black.'
            )
        samples.append(
            dict(
                img_path=str(image),
                instance_format='folder',
                instance_path=str(place),
                class_paths=[(str(path), ids[name]) for name, path in there.items()],
            )
        )
    _check_seen({*seen, *_class_folders(root, mask_file)}, ids, f'{root / mask_file}')
    return samples


def _check_absent(path: Path, image: Path, listed: Mapping[str, list[Path]]) -> None:
    """ValueError where an image seems to have a map of a class, which would be left out."""
    others = [other for other in listed.get(path.stem, []) if other not in (image, path)]
    if others or os.path.lexists(path):
        raise ValueError(
            f'{image}: its map should be the file {path}, but there is '
            f'{others[0].name if others else "a folder or a broken link"}: rename, convert or '
            f'remove it, or change mask_file.'
        )


def _class_folders(root: Path, mask_file: str) -> list[str]:
    """The names of folders that stand where the classes' do, if these have folders of their own."""
    above, _, below = mask_file.partition('{class}')
    if not below.startswith('/') or not above.endswith('/') or '{' in above:
        return []
    folder = root / above
    inside = folder.iterdir() if folder.is_dir() else ()
    return [path.name for path in inside if path.is_dir() and not path.name.startswith('.')]


def _add_classes(
    samples: Sequence[dict],
    root: Path,
    table_file: str,
    ids: Mapping[str, int],
    every_image: Sequence[Path],
) -> None:
    """Give each sample the class of each number, of the classes that are asked for."""
    of_all = None if '{name}' in table_file else read_tables(root / table_file)
    if of_all is not None:
        names = {name for image in every_image for name in names_of(image)}
        _note_left_out(root / table_file, 'rows of', [name for name in of_all if name not in names])
    found = set()
    for sample in samples:
        name = Path(sample['img_path']).stem
        path = root / _at(table_file, name=name)
        if of_all is None:
            table = read_table(Path(require_file(path, Path(sample['img_path']))))
        else:
            table = table_of(of_all, Path(sample['img_path']), path)
        found.update(table.values())
        sample['table_path'] = str(path)
        sample['object_classes'] = {number: ids.get(of, 0) for number, of in table.items()}
    _check_seen(found, ids, f'{root / table_file}')


def _note_maps_without_image(
    root: Path, mask_file: str, classes: Sequence[str], every_image: Sequence[Path]
) -> None:
    """Say which maps no image of the folder, of whatever part, belongs to."""
    names = {names_of(image)[0] for image in every_image}
    for name in classes if '{class}' in mask_file else classes[:1]:
        before, _, end = mask_file.replace('{class}', name).partition('{name}')
        if '{name}' in end or '/' in end:  # a folder per image
            return
        folder, _, start = before.rpartition('/')
        files = sorted((root / folder).iterdir()) if (root / folder).is_dir() else []
        of_image = {
            path.name: unicodedata.normalize('NFC', path.name[len(start) :].removesuffix(end))
            for path in files
            if path.name.startswith(start) and path.name.endswith(end)
        }
        _note_left_out(root / folder, 'maps', [k for k, of in of_image.items() if of not in names])


def _note_left_out(place: Path, what: str, names: Sequence[str]) -> None:
    if names:
        print_log(
            f'{place}: {what} {", ".join(names[:3])}{", ..." if len(names) > 3 else ""} '
            f'({len(names)}) left out: no image has that name.',
            logger='current',
            level=logging.WARNING,
        )


def _check_seen(found: Iterable[str], ids: Mapping[str, int], place: str) -> None:
    """Say which classes have no object here, a split perhaps, and whose objects are left out.

    Raises:
        ValueError: when a class without an object is nearly that of some which are left out.
    """
    others = sorted({*found} - {*ids})
    absent = [name for name in ids if name not in found]
    for name in absent:
        near = get_close_matches(name, others, 1)
        if near:
            raise ValueError(f'{place}: nothing is of class {name!r}; did you mean {near[0]!r}?')
    notes = [f'nothing is of {", ".join(map(repr, absent))}'] if absent else []
    if others:
        named = ', '.join(map(repr, others))
        notes.append(f'objects of {named} are background, as classes does not name them')
    if notes:
        print_log(f'{place}: {"; ".join(notes)}.', logger='current', level=logging.WARNING)
