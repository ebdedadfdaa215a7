"""``LabelFolderDataset``: a folder of images, one of label maps, and any list of classes."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from typing_extensions import Unpack

from seginpaint_mm.datasets.class_tables import IGNORE_INDEX
from seginpaint_mm.datasets.image_dataset import ImageDataset, ImageOptions
from seginpaint_mm.datasets.own_labels import Labels, read_own_labels
from seginpaint_mm.datasets.scene_dataset import list_images, require_file
from seginpaint_mm.datasets.splits import choose_images
from seginpaint_mm.registry import DATASETS

_HOW_TO_GET = (
    'Put images there, each with a label map (PNG of label ids, with or without palette, or of '
    'colours), or name the folders with image_folder and label_folder; labels of any mmseg model '
    'are made by tools/dataset_converters/predict_labels.py.'
)


@DATASETS.register_module()
class LabelFolderDataset(ImageDataset):
    """Images and their label maps, with sub-folders, as :class:`LoadClasses` reads them.

    Files: ``IMAGE_FOLDER/SUB/NAME{image_suffix}.png`` (or another format) and, for each,
    ``LABEL_FOLDER/SUB/NAME{label_suffix}``: ids, uint8 with one channel or a palette, or colours.
    The classes are named by ``labels``, or, where the maps hold their numbers 0 to K - 1 and 255
    for none, by ``metainfo``.

    Args:
        data_root: Folder that holds both folders.
        labels: As of a :class:`SceneFolderDataset`, and so are the next two: names in the order of
            their ids, or each with its id or colour.
        void: Names of labels that are no class.
        classes: Joins labels to one class: the class's name, and its labels' names.
        image_folder: The images, in it or in sub-folders.
        label_folder: The label maps, in sub-folders of the same names.
        image_suffix: What the images' names end in, before their format.
        label_suffix: What takes its place, and the format's.
        metainfo: ``classes``, K names, and ``palette``, K colours (R, G, B); with ``labels``, a
            ``palette`` alone, where it shall be another than the labels' own or VOC's.
        how_to_get: What to do when there are no images: a sentence for the error.
        list_file: Below ``data_root``; see :func:`choose_images`, and so are the next three.
        part: ``'train'`` or ``'val'``.
        val_share: Of the images.
        split_seed: Varies the parts.
        common: ``pipeline``, ``indices``, ...; see :class:`ImageDataset`.

    Raises:
        ValueError: one sentence, when names, numbers or colours do not fit each other, or there
            are more than 255 classes.
        FileNotFoundError: when there is no image, or an image has no label map.
    """

    def __init__(
        self,
        data_root: str,
        *,
        image_folder: str,
        label_folder: str,
        labels: Labels | None = None,
        void: Sequence[str] = (),
        classes: Mapping[str, Sequence[str]] | None = None,
        image_suffix: str = '',
        label_suffix: str = '.png',
        metainfo: dict | None = None,
        how_to_get: str = _HOW_TO_GET,
        list_file: str | None = None,
        part: str | None = None,
        val_share: float = 0.2,
        split_seed: int = 0,
        **common: Unpack[ImageOptions],
    ) -> None:
        self.image_folder = image_folder
        self.split = dict(
            list_file=None if list_file is None else Path(data_root, list_file),
            part=part,
            val_share=val_share,
            split_seed=split_seed,
        )
        self.label_folder = label_folder
        self.image_suffix = image_suffix
        self.label_suffix = label_suffix
        self.how_to_get = how_to_get
        self.label_table = None
        if labels is not None:
            palette = (metainfo or {}).get('palette')
            own = read_own_labels(labels, void=void, classes=classes, palette=palette)
            metainfo, self.label_table = {**(metainfo or {}), **own.metainfo}, own.table
        elif void or classes:
            raise ValueError('void and classes are names of labels: give labels, too.')
        _check_metainfo({**self.METAINFO, **(metainfo or {})})
        super().__init__(data_root, metainfo=metainfo, **common)

    def get_data_info(self, idx: int) -> dict:
        """A sample, with what its label map means."""
        return dict(super().get_data_info(idx), label_table=self.label_table)

    def load_data_list(self) -> list[dict]:
        """Find the samples, sorted by folder and name."""
        folder = Path(self.data_root, self.image_folder)
        images = list_images(folder, f'**/*{self.image_suffix}', self.how_to_get)
        chosen = choose_images(images, folder, **self.split)
        return [self._sample(path, path.relative_to(folder)) for path in chosen]

    def _sample(self, image: Path, place: Path) -> dict:
        name = f'{place.stem.removesuffix(self.image_suffix)}{self.label_suffix}'
        labels = Path(self.data_root, self.label_folder) / place.with_name(name)
        return dict(
            img_path=str(image),
            seg_map_path=require_file(labels, image),
            num_classes=len(self.metainfo['classes']),
            seg_fields=[],
        )


def _check_metainfo(metainfo: dict) -> None:
    classes, palette = metainfo.get('classes', ()), metainfo.get('palette', ())
    if not classes or len(classes) != len(palette):
        raise ValueError(
            f'name the classes by labels, or by metainfo with a colour each, e.g. '
            f"dict(classes=('sky', 'water'), palette=[(70, 130, 180), (0, 0, 128)]); it has "
            f'{len(classes)} classes and {len(palette)} colours.'
        )
    if isinstance(classes, str) or len({*classes}) < len(classes):
        raise ValueError(f'metainfo.classes must be different names in a list, not {classes!r}.')
    if len(classes) > IGNORE_INDEX:
        raise ValueError(
            f'metainfo has {len(classes)} classes, but label maps hold at most {IGNORE_INDEX} '
            f'beside {IGNORE_INDEX}, which is no class: join some.'
        )
    wrong = [colour for colour in palette if np.shape(colour) != (3,)]
    if wrong:
        raise ValueError(f'metainfo.palette must hold colours (R, G, B), not {wrong[0]!r}.')
