"""Cityscapes: scenes with foreground, instances, and its labels."""

from pathlib import Path
from typing import ClassVar

from mmseg.utils import cityscapes_classes, cityscapes_palette
from typing_extensions import Unpack

from seginpaint_mm.datasets.class_tables import CITYSCAPES_THINGS
from seginpaint_mm.datasets.image_dataset import ImageOptions
from seginpaint_mm.datasets.instance_dataset import InstanceDataset
from seginpaint_mm.datasets.label_folder import LabelFolderDataset
from seginpaint_mm.datasets.scene_dataset import (
    SceneDataset,
    check_hidden_truth,
    list_images,
    optional_file,
    require_file,
)
from seginpaint_mm.registry import DATASETS

_NUM_VALIDATION = 100
_PARTS = (None, 'val', 'test')
HOW_TO_GET = (
    'Either put the official Cityscapes data there (leftImg8bit/ and gtFine/ from '
    'https://www.cityscapes-dataset.com), or render a stand-in: '
    'seginpaint street {root} --layout cityscapes '
    '--num-train 2000 --num-val 200'
)


@DATASETS.register_module()
class CityscapesSceneDataset(SceneDataset):
    """Cityscapes as the MPI paper uses it.

    Files: ``leftImg8bit/SPLIT/CITY/NAME_leftImg8bit.png`` (or .jpg),
    ``gtFine/SPLIT/CITY/NAME_gtFine_labelIds.png`` (or ``_labelTrainIds`` where only those
    exist), ``..._gtFine_instanceIds.png`` (optional) and, as hidden truth,
    ``gt_manual/SPLIT/CITY/NAME_gt_manual.png``.

    Args:
        data_root: Folder that holds these.
        split: ``'train'``, ``'val'`` or any other folder name.
        hidden_truth: ``'manual'`` keeps only the images that have a map in ``gt_manual``;
            ``'none'`` keeps all and knows nothing behind objects.
        part: With manual truth, the paper's parts of ``split``: the maps sorted by city and name,
            ``'val'`` the first 100 and ``'test'`` the others; None for both. Maps whose images
            are absent count, so that the parts are the same on a reduced set.
        common: ``pipeline``, ``indices``, ...; see :class:`ImageDataset`.

    Raises:
        ValueError: when ``hidden_truth`` or ``part`` is none of the above.
        FileNotFoundError: when the data, or an image's labels, are not there.
    """

    def __init__(
        self,
        data_root: str,
        split: str,
        *,
        hidden_truth: str = 'none',
        part: str | None = None,
        **common: Unpack[ImageOptions],
    ) -> None:
        self.split = split
        self.hidden_truth = check_hidden_truth(hidden_truth)
        self.part = _check_part(part, hidden_truth)
        super().__init__(data_root, **common)

    def load_data_list(self) -> list[dict]:
        """Find the samples, sorted by city and name."""
        how_to_get = HOW_TO_GET.format(root=self.data_root)
        images = list_images(self._folder('leftImg8bit'), '*/*_leftImg8bit', how_to_get)
        if self.hidden_truth == 'manual':
            images = self._keep_part(images)
        return [self._sample(path) for path in images]

    def _folder(self, kind: str) -> Path:
        return Path(self.data_root, kind, self.split)

    def _keep_part(self, images: list[Path]) -> list[Path]:
        folder = self._folder('gt_manual')
        maps = sorted(folder.glob('*/*_gt_manual.png'))
        names = [name_of(path, '_gt_manual') for path in maps]
        if self.part is not None:
            first = slice(None, _NUM_VALIDATION)
            names = names[first] if self.part == 'val' else names[_NUM_VALIDATION:]
        wanted = set(names)
        kept = [path for path in images if name_of(path, '_leftImg8bit') in wanted]
        if not kept:
            part = '' if self.part is None else f' of part {self.part!r}'
            raise FileNotFoundError(
                f'{folder}: of its {len(maps)} maps, none{part} belongs to one of the '
                f'{len(images)} images of split {self.split!r} (part val is the first '
                f"{_NUM_VALIDATION} maps, test the others): set part=None or hidden_truth='none', "
                f'or add the missing files.'
            )
        return kept

    def _sample(self, image: Path) -> dict:
        name = name_of(image, '_leftImg8bit')
        truth = self._folder('gtFine') / name
        label_path, label_table = find_labels(truth, image)
        background = None
        if self.hidden_truth == 'manual':
            background = str(self._folder('gt_manual') / f'{name}_gt_manual.png')
        return dict(
            img_path=str(image),
            label_path=label_path,
            label_table=label_table,
            background_path=background,
            instance_path=optional_file(Path(f'{truth}_gtFine_instanceIds.png')),
        )


def find_labels(truth: Path, image: Path) -> tuple[str, str]:
    """The label file of an image and the table that its ids belong to.

    Args:
        truth: ``.../gtFine/SPLIT/CITY/NAME``.
        image: For the error.

    Raises:
        FileNotFoundError: when there are neither labelIds nor labelTrainIds.
    """
    for kind, table in (('labelIds', 'cityscapes_ids'), ('labelTrainIds', 'cityscapes_train_ids')):
        path = optional_file(Path(f'{truth}_gtFine_{kind}.png'))
        if path is not None:
            return path, table
    raise FileNotFoundError(
        f'{image}: its labels are missing, expected {truth}_gtFine_labelIds.png or '
        f'{truth}_gtFine_labelTrainIds.png.'
    )


def name_of(path: Path, ending: str) -> str:
    """``CITY/NAME`` of a file ``.../CITY/NAME<ending>.<suffix>``."""
    return f'{path.parent.name}/{path.stem.removesuffix(ending)}'


def _check_part(part: str | None, hidden_truth: str) -> str | None:
    if part not in _PARTS:
        raise ValueError(f'part must be one of {_PARTS}, not {part!r}.')
    if part is not None and hidden_truth != 'manual':
        raise ValueError(
            f"part={part!r} divides the manual hidden truth: set hidden_truth='manual'."
        )
    return part


@DATASETS.register_module()
class CityscapesLabelDataset(LabelFolderDataset):
    """Cityscapes in its official layout, with 20 classes: trainIds 0 to 18, and 19 void.

    Files: ``leftImg8bit/SPLIT/CITY/NAME_leftImg8bit.png`` (or .jpg) and
    ``gtFine/SPLIT/CITY/NAME_gtFine_labelIds.png``; load them with
    ``LoadClasses(table='cityscapes_ids_void')``. Automatic labels (Table 5), which hold these
    classes themselves, are named by ``label_folder`` and ``label_suffix`` and loaded with
    ``LoadClasses()``.

    Args:
        data_root: Folder that holds these.
        split: ``'train'``, ``'val'`` or any other folder name.
        label_folder: Folder of the label maps; the split's folder is in it.
        label_suffix: What the label maps' names end in, where images have ``_leftImg8bit.png``.
        common: ``pipeline``, ``indices``, ...; see :class:`ImageDataset`.

    Raises:
        FileNotFoundError: when the data, or an image's labels, are not there.
    """

    METAINFO: ClassVar[dict] = dict(
        classes=(*cityscapes_classes(), 'void'), palette=[*cityscapes_palette(), [0, 0, 0]]
    )

    def __init__(
        self,
        data_root: str,
        split: str,
        *,
        label_folder: str = 'gtFine',
        label_suffix: str = '_gtFine_labelIds.png',
        **common: Unpack[ImageOptions],
    ) -> None:
        super().__init__(
            data_root,
            image_folder=f'leftImg8bit/{split}',
            label_folder=f'{label_folder}/{split}',
            image_suffix='_leftImg8bit',
            label_suffix=label_suffix,
            how_to_get=HOW_TO_GET.format(root=data_root),
            **common,
        )


_MERGED = dict(classes=('background', 'object'), palette=[(0, 0, 0), (220, 20, 60)], thing_ids=(1,))


@DATASETS.register_module()
class CityscapesInstanceDataset(InstanceDataset):
    """Cityscapes in its official layout, with the trainIds 0 to 18 as classes.

    Files: ``leftImg8bit/SPLIT/CITY/NAME_leftImg8bit.png`` (or .jpg),
    ``gtFine/SPLIT/CITY/NAME_gtFine_labelIds.png`` (or ``_labelTrainIds`` where only those exist)
    and ``..._gtFine_instanceIds.png``. Instance ids from 1000 on are objects, labelId * 1000 + n.
    Pixels of persons, cars and so on with a smaller one are crowds, which
    :class:`LoadInstances` explains; caravans and trailers are void, as in the 19 classes.

    Args:
        data_root: Folder that holds these.
        split: ``'train'``, ``'val'`` or any other folder name.
        merge_things: Make one class of the eight classes of things: 0 background, 1 object.
        common: ``pipeline``, ``indices``, ...; see :class:`ImageDataset`.

    Raises:
        FileNotFoundError: when the data, or an image's labels or instance ids, are not there.
    """

    METAINFO: ClassVar[dict] = dict(
        classes=tuple(cityscapes_classes()),
        palette=cityscapes_palette(),
        thing_ids=CITYSCAPES_THINGS,
    )

    def __init__(
        self,
        data_root: str,
        split: str,
        *,
        merge_things: bool = False,
        **common: Unpack[ImageOptions],
    ) -> None:
        self.split = split
        self.merge_things = merge_things
        super().__init__(
            data_root,
            metainfo=_MERGED if merge_things else None,
            **common,
        )

    def find_samples(self) -> list[dict]:
        """Find the samples, sorted by city and name."""
        folder = Path(self.data_root, 'leftImg8bit', self.split)
        images = list_images(folder, '*/*_leftImg8bit', HOW_TO_GET.format(root=self.data_root))
        return [self._sample(path) for path in images]

    def _sample(self, image: Path) -> dict:
        truth = Path(self.data_root, 'gtFine', self.split, name_of(image, '_leftImg8bit'))
        label_path, table = find_labels(truth, image)
        return dict(
            img_path=str(image),
            instance_format='cityscapes',
            label_path=label_path,
            label_table=f'{table}_merged' if self.merge_things else table,
            instance_path=require_file(Path(f'{truth}_gtFine_instanceIds.png'), image),
        )
