"""Outdoor Scenes, with its eight classes or any others."""

from typing import ClassVar

from typing_extensions import Unpack

from seginpaint_mm.datasets.image_dataset import ImageOptions
from seginpaint_mm.datasets.label_folder import LabelFolderDataset
from seginpaint_mm.registry import DATASETS

_HOW_TO_GET = (
    'Put the images of Outdoor Scenes (OutdoorSeg of https://github.com/xinntao/SFTGAN) and their '
    'label maps there as {image} and {label}, or name other folders with image_folder and '
    'label_folder; tools/dataset_converters/predict_labels.py makes labels with any mmseg model.'
)


@DATASETS.register_module()
class OutdoorScenesDataset(LabelFolderDataset):
    """Outdoor Scenes (Wang et al., CVPR 2018) as SGE-Net uses it: eight classes.

    Files: ``images/SPLIT/**/NAME.jpg`` (or .png) and ``labels/SPLIT/**/NAME.png``. The classes are
    in the order of SFTGAN's segmentation network; give ``metainfo`` for others.

    Args:
        data_root: Folder that holds these.
        split: ``'train'``, ``'test'`` or any other folder name.
        image_folder: Instead of ``images/SPLIT``.
        label_folder: Instead of ``labels/SPLIT``, e.g. automatic labels (Table 5).
        metainfo: See :class:`LabelFolderDataset`.
        common: ``pipeline``, ``indices``, ...; see :class:`ImageDataset`.

    Raises:
        ValueError, FileNotFoundError: as :class:`LabelFolderDataset`.
    """

    METAINFO: ClassVar[dict] = dict(
        classes=('background', 'sky', 'water', 'grass', 'mountain', 'building', 'plant', 'animal'),
        palette=[
            (0, 0, 0),
            (135, 206, 235),
            (0, 90, 200),
            (120, 200, 60),
            (130, 110, 100),
            (200, 80, 60),
            (0, 110, 40),
            (240, 180, 40),
        ],
    )

    def __init__(
        self,
        data_root: str,
        split: str,
        *,
        image_folder: str | None = None,
        label_folder: str | None = None,
        metainfo: dict | None = None,
        **common: Unpack[ImageOptions],
    ) -> None:
        image_folder = image_folder or f'images/{split}'
        label_folder = label_folder or f'labels/{split}'
        super().__init__(
            data_root,
            image_folder=image_folder,
            label_folder=label_folder,
            metainfo=metainfo,
            how_to_get=_HOW_TO_GET.format(image=image_folder, label=label_folder),
            **common,
        )
