"""Cityscapes with its 19 classes and the objects of eight of them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from mmseg.utils import cityscapes_classes, cityscapes_palette

from seginpaint_mm.datasets.cityscapes import HOW_TO_GET, find_labels, name_of
from seginpaint_mm.datasets.class_tables import CITYSCAPES_THINGS
from seginpaint_mm.datasets.instance_dataset import InstanceDataset
from seginpaint_mm.datasets.scene_dataset import list_images, require_file
from seginpaint_mm.registry import DATASETS

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
        pipeline: Transforms.
        indices: Take only the first n samples, or those with these indices.
        test_mode: Let a sample that fails in the pipeline be an error, not another sample.
        lazy_init: Look at the files only when the first sample is needed.

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
        pipeline: Sequence[dict | Callable] = (),
        indices: int | Sequence[int] | None = None,
        test_mode: bool = False,
        lazy_init: bool = False,
    ) -> None:
        self.split = split
        self.merge_things = merge_things
        super().__init__(
            data_root,
            metainfo=_MERGED if merge_things else None,
            pipeline=pipeline,
            indices=indices,
            test_mode=test_mode,
            lazy_init=lazy_init,
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
