"""The Semantic Boundaries Dataset: more of VOC's pictures with objects, in Matlab's files."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from seginpaint_mm.datasets.instance_dataset import InstanceDataset, read_names
from seginpaint_mm.datasets.scene_dataset import require_file
from seginpaint_mm.datasets.voc import VOC_METAINFO
from seginpaint_mm.registry import DATASETS

_HOW_TO_GET = (
    'Either put SBD there (benchmark_RELEASE/dataset/ of '
    'http://home.bharathh.info/pubs/codes/SBD/download.html), or render a stand-in: '
    'seginpaint street {root} --layout sbd --num-train 2000 --num-val 200'
)


@DATASETS.register_module()
class SBDInstanceDataset(InstanceDataset):
    """SBD, with VOC's classes: 0 background, 1 to 20 the classes of things.

    Files: ``SPLIT.txt``, ``img/NAME.jpg`` and ``inst/NAME.mat``, whose ``GTinst`` holds the object
    map ``Segmentation`` and the class of each object, ``Categories``. The paper's 5623 training
    and 5732 validation pictures are those of VOC 2012's splits: lists of them are put beside
    SBD's own ``train.txt`` and ``val.txt``.

    Args:
        data_root: Folder that holds these.
        split: Name of the list, ``'train'``, ``'val'``, ...
        pipeline: Transforms.
        indices: Take only the first n samples, or those with these indices.
        test_mode: Let a sample that fails in the pipeline be an error, not another sample.
        lazy_init: Look at the files only when the first sample is needed.

    Raises:
        FileNotFoundError: when the data, or a picture's objects, are not there.
    """

    METAINFO: ClassVar[dict] = VOC_METAINFO

    def __init__(
        self,
        data_root: str,
        split: str,
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
        """Find the samples, in the order of the list."""
        root = Path(self.data_root)
        how_to_get = _HOW_TO_GET.format(root=self.data_root)
        return [
            self._sample(root, name) for name in read_names(root / f'{self.split}.txt', how_to_get)
        ]

    @staticmethod
    def _sample(root: Path, name: str) -> dict:
        image = root / f'img/{name}.jpg'
        return dict(
            img_path=str(image),
            instance_format='sbd',
            instance_path=require_file(root / f'inst/{name}.mat', image),
        )
