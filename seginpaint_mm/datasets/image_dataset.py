"""``ImageDataset``: what all data sets of this package take besides the places of their files."""

from collections.abc import Callable, Sequence
from typing import TypedDict

from mmengine.dataset import BaseDataset


class ImageOptions(TypedDict, total=False):
    """What a data set hands on to :class:`ImageDataset`, which says what it means."""

    pipeline: Sequence[dict | Callable]
    indices: int | Sequence[int] | None
    test_mode: bool
    lazy_init: bool


class ImageDataset(BaseDataset):
    """MMEngine's ``BaseDataset`` without the arguments that have no meaning for folders of images.

    Args:
        data_root: Folder of the data set.
        metainfo: What differs from the class's ``METAINFO``.
        pipeline: Transforms.
        indices: Take only the first n samples, or those with these indices.
        test_mode: Let a sample that fails in the pipeline be an error, not another sample.
        lazy_init: Look at the files only when the first sample is needed.

    Raises:
        ValueError: when ``indices`` holds the number of no sample.
    """

    def __init__(
        self,
        data_root: str,
        *,
        metainfo: dict | None = None,
        pipeline: Sequence[dict | Callable] = (),
        indices: int | Sequence[int] | None = None,
        test_mode: bool = False,
        lazy_init: bool = False,
    ) -> None:
        super().__init__(
            data_root=data_root,
            metainfo=metainfo,
            data_prefix={},
            pipeline=list(pipeline),
            indices=indices,
            test_mode=test_mode,
            lazy_init=lazy_init,
        )

    def filter_data(self) -> list[dict]:
        """The samples, of which there are as many as ``indices`` need."""
        samples = super().filter_data()
        numbers = self._indices if isinstance(self._indices, Sequence) else ()
        wrong = [number for number in numbers if not -len(samples) <= number < len(samples)]
        if wrong:
            raise ValueError(
                f'indices holds {wrong[0]}, but {self.data_root} has {len(samples)} samples here, '
                f'0 to {len(samples) - 1}.'
            )
        return samples
