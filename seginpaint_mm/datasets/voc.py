"""PASCAL VOC with its 21 classes and the objects of its segmentation challenge."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from mmseg.utils import voc_classes, voc_palette

from seginpaint_mm.datasets.instance_dataset import InstanceDataset, read_names
from seginpaint_mm.datasets.scene_dataset import optional_file, require_file
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
    """VOC's pictures that have an object map; 0 background, 1 to 20 the classes of things.

    Files: ``ImageSets/Segmentation/SPLIT.txt``, ``JPEGImages/NAME.jpg``,
    ``SegmentationObject/NAME.png`` and ``SegmentationClass/NAME.png`` (or
    ``SegmentationClassAug/NAME.png`` where only that exists). 255 in either map is void: VOC's
    borders, and what is too hard. The pictures that SBD adds to ``SegmentationClassAug`` have no
    object map here: take :class:`SBDInstanceDataset` for them.

    Args:
        data_root: Folder that holds these.
        split: Name of the list, ``'train'``, ``'val'``, ...; None for all object maps there are.
        pipeline: Transforms.
        indices: Take only the first n samples, or those with these indices.
        test_mode: Let a sample that fails in the pipeline be an error, not another sample.
        lazy_init: Look at the files only when the first sample is needed.

    Raises:
        FileNotFoundError: when the data, or a picture's image or maps, are not there.
    """

    METAINFO: ClassVar[dict] = VOC_METAINFO

    def __init__(
        self,
        data_root: str,
        split: str | None = None,
        *,
        pipeline: Sequence[dict | Callable] = (),
        indices: int | Sequence[int] | None = None,
        test_mode: bool = False,
        lazy_init: bool = False,
    ) -> None:
        self.split = split
        super().__init__(
            data_root,
            pipeline=pipeline,
            indices=indices,
            test_mode=test_mode,
            lazy_init=lazy_init,
        )

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
        image = root / f'JPEGImages/{name}.jpg'
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
