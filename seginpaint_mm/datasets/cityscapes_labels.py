"""Cityscapes with its 19 classes and void as one more, as inpainting has it."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from mmseg.utils import cityscapes_classes, cityscapes_palette

from seginpaint_mm.datasets.cityscapes import HOW_TO_GET
from seginpaint_mm.datasets.label_folder import LabelFolderDataset
from seginpaint_mm.registry import DATASETS


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
        pipeline: Transforms.
        indices: Take only the first n samples, or those with these indices.
        test_mode: Let a sample that fails in the pipeline be an error, not another sample.
        lazy_init: Look at the files only when the first sample is needed.

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
        pipeline: Sequence[dict | Callable] = (),
        indices: int | Sequence[int] | None = None,
        test_mode: bool = False,
        lazy_init: bool = False,
    ) -> None:
        super().__init__(
            data_root,
            image_folder=f'leftImg8bit/{split}',
            label_folder=f'{label_folder}/{split}',
            image_suffix='_leftImg8bit',
            label_suffix=label_suffix,
            how_to_get=HOW_TO_GET.format(root=data_root),
            pipeline=pipeline,
            indices=indices,
            test_mode=test_mode,
            lazy_init=lazy_init,
        )
