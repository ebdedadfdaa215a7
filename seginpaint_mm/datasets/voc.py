"""VOC 2012 and SBD: classes and instances."""

from pathlib import Path
from typing import ClassVar

from mmseg.utils import voc_classes, voc_palette
from typing_extensions import Unpack

from seginpaint_mm.datasets.image_dataset import ImageOptions
from seginpaint_mm.datasets.instance_dataset import InstanceDataset, read_names
from seginpaint_mm.datasets.scene_dataset import in_any_case, optional_file, require_file
from seginpaint_mm.registry import DATASETS

VOC_METAINFO = dict(
    classes=tuple(voc_classes()), palette=voc_palette(), thing_ids=tuple(range(1, 21))
)
_HOW_TO_GET = (
    'Either put VOC 2012 there (VOCdevkit/VOC2012/ of '
    'http://host.robots.ox.ac.uk/pascal/VOC/voc2012/), or render a stand-in: '
    'seginpaint street {root} --layout voc '
    '--num-train 2000 --num-val 200'
)


@DATASETS.register_module()
class VOCInstanceDataset(InstanceDataset):
    """VOC's images that have an object map; 0 background, 1 to 20 the classes of things.

    Files: ``ImageSets/Segmentation/SPLIT.txt``, ``JPEGImages/NAME.jpg``,
    ``SegmentationObject/NAME.png`` and ``SegmentationClass/NAME.png`` (or
    ``SegmentationClassAug/NAME.png`` where only that exists). 255 in either map is void: VOC's
    borders, and what is too hard. The images that SBD adds to ``SegmentationClassAug`` have no
    object map here: take :class:`SBDInstanceDataset` for them.

    Args:
        data_root: Folder that holds these.
        split: Name of the list, ``'train'``, ``'val'``, ...; None for all object maps there are.
        common: ``pipeline``, ``indices``, ...; see :class:`ImageDataset`.

    Raises:
        FileNotFoundError: when the data, or an image's image or maps, are not there.
    """

    METAINFO: ClassVar[dict] = VOC_METAINFO

    def __init__(
        self,
        data_root: str,
        split: str | None = None,
        **common: Unpack[ImageOptions],
    ) -> None:
        self.split = split
        super().__init__(data_root, **common)

    def find_samples(self) -> list[dict]:
        """Find the samples, in the order of the list, or by name."""
        root, how_to_get = Path(self.data_root), _HOW_TO_GET.format(root=self.data_root)
        if self.split is not None:
            names = read_names(root / f'ImageSets/Segmentation/{self.split}.txt', how_to_get)
            return [self._sample(root, name) for name in names]
        maps = sorted((root / 'SegmentationObject').glob('*.png'))
        if not maps:
            raise FileNotFoundError(f'{root}/SegmentationObject: there is no *.png. {how_to_get}')
        return [self._sample(root, path.stem) for path in maps]

    @staticmethod
    def _sample(root: Path, name: str) -> dict:
        image = in_any_case(root / f'JPEGImages/{name}.jpg')
        objects = require_file(root / f'SegmentationObject/{name}.png', image)
        classes = optional_file(root / f'SegmentationClass/{name}.png')
        if classes is None:
            classes = require_file(root / f'SegmentationClassAug/{name}.png', image)
        return dict(
            img_path=str(image),
            instance_format='voc',
            label_path=classes,
            instance_path=objects,
        )


_HOW_TO_GET_SBD = (
    'Either put SBD there (benchmark_RELEASE/dataset/ of '
    'http://home.bharathh.info/pubs/codes/SBD/download.html), or render a stand-in: '
    'seginpaint street {root} --layout sbd --num-train 2000 --num-val 200'
)

_HOW_TO_GET_LISTS = (
    'Put VOC 2012 there (VOCdevkit/VOC2012/ of http://host.robots.ox.ac.uk/pascal/VOC/voc2012/), '
    "whose lists divide SBD's images, or set voc_root=None for SBD's own lists."
)


@DATASETS.register_module()
class SBDInstanceDataset(InstanceDataset):
    """SBD, with VOC's classes: 0 background, 1 to 20 the classes of things.

    Files: ``SPLIT.txt``, ``img/NAME.jpg`` and ``inst/NAME.mat``, whose ``GTinst`` holds the object
    map ``Segmentation`` and the class of each object, ``Categories``. SBD's own lists, 8498 and
    2857 images, are another split than VOC 2012's: of its ``train.txt`` many images are in VOC's
    val. The papers of SDS, MNC and FCRN (Sec. 3.2) take VOC 2012's lists, of which SBD has 5623
    and 5732 images: give ``voc_root`` for them.

    Args:
        data_root: Folder that holds these.
        split: Name of the list, ``'train'``, ``'val'``, ...
        voc_root: ``VOCdevkit/VOC2012``: take the images of its ``ImageSets/Main/SPLIT.txt`` that
            have an ``inst/NAME.mat``. None takes SBD's own list.
        num_images: How many images the list must give; None for any number.
        common: ``pipeline``, ``indices``, ...; see :class:`ImageDataset`.

    Raises:
        FileNotFoundError: when the data, or an image's objects, are not there.
        ValueError: when the list gives another number of images than ``num_images``.
    """

    METAINFO: ClassVar[dict] = VOC_METAINFO

    def __init__(
        self,
        data_root: str,
        split: str,
        *,
        voc_root: str | None = None,
        num_images: int | None = None,
        **common: Unpack[ImageOptions],
    ) -> None:
        self.split = split
        self.voc_root = voc_root
        self.num_images = num_images
        super().__init__(data_root, **common)

    def find_samples(self) -> list[dict]:
        """Find the samples, in the order of the list."""
        root = Path(self.data_root)
        path, names = self._names(root)
        if self.num_images not in (None, len(names)):
            raise ValueError(
                f'{path} gives {len(names)} images with objects in {root}/inst, not '
                f'{self.num_images}: complete SBD and the lists, or set num_images=None for '
                f'other data.'
            )
        return [self._sample(root, name) for name in names]

    def _names(self, root: Path) -> tuple[Path, list[str]]:
        """The list's file, and the names in it that are taken."""
        if self.voc_root is None:
            path = root / f'{self.split}.txt'
            return path, read_names(path, _HOW_TO_GET_SBD.format(root=self.data_root))
        path = Path(self.voc_root, f'ImageSets/Main/{self.split}.txt')
        names = read_names(path, _HOW_TO_GET_LISTS)
        annotated = {file.stem for file in (root / 'inst').glob('*.mat')}
        if not annotated:
            how_to_get = _HOW_TO_GET_SBD.format(root=self.data_root)
            raise FileNotFoundError(f'{root}/inst: there is no *.mat. {how_to_get}')
        chosen = [name for name in names if name in annotated]
        if not chosen:
            raise ValueError(
                f'{path}: none of its {len(names)} lines is the name of a file in {root}/inst, '
                f'e.g. {min(annotated)}: give one name per line, without folder and suffix.'
            )
        return path, chosen

    @staticmethod
    def _sample(root: Path, name: str) -> dict:
        image = in_any_case(root / f'img/{name}.jpg')
        return dict(
            img_path=str(image),
            instance_format='sbd',
            instance_path=require_file(root / f'inst/{name}.mat', image),
        )
