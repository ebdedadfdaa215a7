"""``InstanceDataset``: what the data sets of objects have in common."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path

from mmengine.dataset import BaseDataset
from mmseg.utils import voc_palette

from seginpaint_mm.datasets.label_tables import IGNORE_INDEX
from seginpaint_mm.datasets.text_lists import read_text_list

# The name of class 255 in longer lists: it marks void pixels, so that no class has that number.
VOID_NAME = '(void)'
# Of data sets that tell objects apart but not what they are.
OBJECT_METAINFO = dict(
    classes=('background', 'object'), palette=[[0, 0, 0], [128, 0, 0]], thing_ids=(1,)
)


class InstanceDataset(BaseDataset):
    """Pictures whose pixels have a class and, where it is a class of things, belong to an object.

    ``metainfo`` holds ``classes``, ``palette`` and ``thing_ids``, the classes (semantic ids) that
    have objects, in order. A sample's dictionary holds ``img_path``, ``thing_ids``,
    ``instance_format`` (key of ``INSTANCE_READERS``), ``instance_path`` and what else that
    format's reader needs; :class:`LoadInstances` reads them.

    Args:
        data_root: Folder of the data set.
        metainfo: What differs from the class's ``METAINFO``.
        pipeline: Transforms.
        indices: Take only the first n samples, or those with these indices.
        test_mode: Let a sample that fails in the pipeline be an error, not another sample.
        lazy_init: Look at the files only when the first sample is needed.
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

    def own_source(self) -> dict | None:
        """Config of this data set, for :class:`PasteForeground`, without pipeline; or None."""
        return None

    def get_data_info(self, idx: int) -> dict:
        """A sample; where it is known with ``own_source``, for :class:`PasteForeground`."""
        source = self.own_source()
        return {**super().get_data_info(idx), **({} if source is None else {'own_source': source})}

    def load_data_list(self) -> list[dict]:
        """The samples, each with the data set's ``thing_ids``."""
        samples = self.find_samples()
        things = self.metainfo['thing_ids']  # some data sets know them from their files only
        return [dict(sample, thing_ids=things) for sample in samples]

    @abstractmethod
    def find_samples(self) -> list[dict]:
        """Find the samples.

        Raises:
            FileNotFoundError: when the data, or a sample's labels, are not there.
        """


def class_numbers(count: int) -> list[int]:
    """Numbers of ``count`` classes: 0, 1, ... without 255, which marks void pixels."""
    return [number for number in range(count + 1) if number != IGNORE_INDEX][:count]


def class_list(
    names: Sequence[str], colours: Sequence[Sequence[int] | None] | None = None
) -> dict[str, tuple]:
    """``classes`` and ``palette`` of a data set, each in its place of :func:`class_numbers`.

    Args:
        names: Of the classes, each once.
        colours: (R, G, B) of each in 0 to 255, or None for one of VOC's; None for VOC's alone.
    """
    classes, palette, of_voc = [], [], voc_palette()
    for number, name in enumerate(names):
        if len(classes) == IGNORE_INDEX:
            classes.append(VOID_NAME)
            palette.append([0, 0, 0])
        colour = None if colours is None else colours[number]
        classes.append(name)
        palette.append(list(of_voc[number % len(of_voc)] if colour is None else colour))
    return dict(classes=tuple(classes), palette=palette)


def read_names(path: Path, how_to_get: str) -> list[str]:
    """The names in a list of images, one per line, in the order of the file.

    Args:
        path: ``.../train.txt``.
        how_to_get: A sentence for the error: where the data comes from.

    Raises:
        FileNotFoundError: when there is no such file, or it is empty.
        ValueError: when it is not a text in UTF-8 or UTF-16.
    """
    names = read_text_list(path, 'list of images', how_to_get).split()
    if not names:
        raise FileNotFoundError(f'{path}: the list of images is empty. {how_to_get}')
    return names
