"""CamVid with its eleven classes and unlabelled as one more, as inpainting has it."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from seginpaint_mm.datasets.camvid import HOW_TO_GET
from seginpaint_mm.datasets.label_folder import LabelFolderDataset
from seginpaint_mm.registry import DATASETS


@DATASETS.register_module()
class CamVidLabelDataset(LabelFolderDataset):
    """CamVid in the SegNet layout, with 12 classes: its eleven, and 11 unlabelled.

    Files: ``SPLIT/NAME.png`` (or .jpg) and ``SPLITannot/NAME.png``; load them with
    ``LoadClasses()``.

    Args:
        data_root: Folder that holds these.
        split: ``'train'``, ``'val'``, ``'test'`` or any other folder name.
        label_folder: Instead of ``SPLITannot``, e.g. automatic labels (Table 5).
        pipeline: Transforms.
        indices: Take only the first n samples, or those with these indices.
        test_mode: Let a sample that fails in the pipeline be an error, not another sample.
        lazy_init: Look at the files only when the first sample is needed.

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
        pipeline: Sequence[dict | Callable] = (),
        indices: int | Sequence[int] | None = None,
        test_mode: bool = False,
        lazy_init: bool = False,
    ) -> None:
        super().__init__(
            data_root,
            image_folder=split,
            label_folder=label_folder or f'{split}annot',
            how_to_get=HOW_TO_GET.format(root=data_root),
            pipeline=pipeline,
            indices=indices,
            test_mode=test_mode,
            lazy_init=lazy_init,
        )
