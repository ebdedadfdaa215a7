"""DYCE, SeGAN's data set of rendered rooms, and other data sets in its layout."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from mmengine.logging import print_log
from typing_extensions import Unpack

from seginpaint_mm.datasets.image_dataset import ImageOptions
from seginpaint_mm.datasets.instance_dataset import OBJECT_METAINFO, InstanceDataset
from seginpaint_mm.datasets.splits import read_text_list
from seginpaint_mm.registry import DATASETS

# First words of the tags that the published code leaves out when it trains and tests end to end.
DYCE_BACKGROUND = (
    'ceiling',
    'cube.001',
    'curtain',
    'default',
    'door',
    'fan',
    'fireplace',
    'floor',
    'objects',
    'outlet',
    'roomcube',
    'wall',
    'walls',
    'windows',
)
_HOW_TO_GET = (
    'Either put DYCE there (https://github.com/ehsanik/SeGAN links to it), or render a stand-in: '
    'seginpaint street {root} --layout dyce '
    '--num-train 2000 --num-val 200 --num-test 200'
)
_FIRST_WORDS = ('image', 'visible mask', 'full mask', 'x1', 'y1', 'x2', 'y2', 'tag', 'appearance')
_REAL_WORDS = ('image', 'mask', 'full mask', 'visible mask', 'tag')


@DATASETS.register_module()
class DYCEDataset(InstanceDataset):
    """Objects with their visible and full masks and their whole appearance, in DYCE's layout.

    ``annotations/SPLIT.txt`` has one line per object: its image (in ``Images``), visible mask
    (``modal``), full mask (``amodal``), the box of the visible mask in 1000ths of the image, its
    tag, which may be several words, and its image without all others (``FullObj``). Boxes are
    checked and not used: they are taken from the masks, as in the published code. In
    ``SPLIT_multipath.txt`` the visible masks are those of a segmentation network, in
    ``multipath_masks``; the true ones have the full masks' names with ``modal`` for ``amodal``.

    The real-image variant, ``SPLIT_real.txt`` and ``SPLIT_multipath_real.txt``, has lines of
    image (``realImage``), mask to start from (``realimage_modal``), full mask
    (``gt_amodal_real``, black where the object is), true visible mask (``gt_modal_real``) and tag,
    and no appearances.

    A sample is an image with all its objects or, where ``one_object`` is True, a line. It holds
    ``objects``, which :class:`LoadAmodalObjects` reads. The data set knows no classes.

    Args:
        data_root: Folder that holds these, ``dyce_data`` in the published code.
        split: ``'train'``, ``'val'`` or ``'test'``.
        predicted_masks: Take the list with the visible masks that a network predicted.
        real: Take the real-image variant.
        one_object: Each line is a sample of its own.
        leave_out: First words of the tags of objects to leave out, which is logged; () for none.
            The default is DYCE's background, which the published code leaves out end to end.
        common: ``pipeline``, ``indices``, ...; see :class:`ImageDataset`.

    Raises:
        FileNotFoundError: when the list is not there, or empty.
        ValueError: when a line of it is broken.
    """

    METAINFO: ClassVar[dict] = OBJECT_METAINFO

    def __init__(
        self,
        data_root: str,
        split: str,
        *,
        predicted_masks: bool = False,
        real: bool = False,
        one_object: bool = False,
        leave_out: Sequence[str] = DYCE_BACKGROUND,
        **common: Unpack[ImageOptions],
    ) -> None:
        name = split + '_multipath' * predicted_masks + '_real' * real
        self.list_path = Path(data_root, f'annotations/{name}.txt')
        self.predicted_masks = predicted_masks
        self.real = real
        self.one_object = one_object
        self.leave_out = frozenset(leave_out)
        super().__init__(data_root, **common)

    def find_samples(self) -> list[dict]:
        """Find the samples, in the order in which the list first names their images."""
        pictures: dict[str, list[dict]] = {}
        parse = self._parse_real if self.real else self._parse
        left_out: Counter[str] = Counter()
        for where, words in self._lines():
            image, item = parse(where, words)
            tag = item['tag'].split()[0]
            if tag in self.leave_out:
                left_out[tag] += 1
            else:
                pictures.setdefault(image, []).append(item)
        if left_out:
            print_log(
                f'{self.list_path}: {left_out.total()} objects are left out for their tags '
                f'({", ".join(sorted(left_out))}); dataset.leave_out=() takes them.',
                logger='current',
            )
        if not pictures:
            raise FileNotFoundError(
                f'{self.list_path}: the list names no object that is not left out. '
                f'{_HOW_TO_GET.format(root=self.data_root)}'
            )
        groups = list(pictures.items())
        if self.one_object:
            groups = [(image, [item]) for image, objects in groups for item in objects]
        return [
            dict(img_path=image, amodal_format='dyce', objects=objects) for image, objects in groups
        ]

    def _lines(self) -> list[tuple[str, list[str]]]:
        """Where each line is, for errors, and its words."""
        how_to_get = _HOW_TO_GET.format(root=self.data_root)
        lines = read_text_list(self.list_path, 'list of objects', how_to_get).splitlines()
        numbered = enumerate(map(str.split, lines), start=1)
        return [(f'{self.list_path}:{number}', words) for number, words in numbered if words]

    def _parse(self, where: str, words: list[str]) -> tuple[str, dict]:
        _check_number(where, words, _FIRST_WORDS)
        _check_box(where, words[3:7])
        image, visible, full, appearance = *words[:3], words[-1]
        start = self._path('multipath_masks' if self.predicted_masks else 'modal', visible)
        if self.predicted_masks:
            visible = full.replace('amodal', 'modal')
        return self._path('Images', image), dict(
            input_path=start,
            visible_path=self._path('modal', visible),
            full_path=self._path('amodal', full),
            full_is_black=False,
            appearance_path=self._path('FullObj', appearance),
            tag=' '.join(words[7:-1]),
        )

    def _parse_real(self, where: str, words: list[str]) -> tuple[str, dict]:
        _check_number(where, words, _REAL_WORDS)
        return self._path('realImage', words[0]), dict(
            input_path=self._path('realimage_modal', words[1]),
            visible_path=self._path('gt_modal_real', words[3]),
            full_path=self._path('gt_amodal_real', words[2]),
            full_is_black=True,
            appearance_path=None,
            tag=' '.join(words[4:]),
        )

    def _path(self, folder: str, name: str) -> str:
        return str(Path(self.data_root, folder, name))


def _check_number(where: str, words: list[str], expected: tuple[str, ...]) -> None:
    if len(words) < len(expected):
        raise ValueError(
            f'{where}: a line of this list has {len(expected)} words or more '
            f'({", ".join(expected)}), this one has {len(words)}: mend or delete it.'
        )


def _check_box(where: str, words: list[str]) -> None:
    try:
        left, top, right, bottom = map(float, words)
    except ValueError:
        raise ValueError(
            f'{where}: words 4 to 7 must be the box x1 y1 x2 y2, but are {" ".join(words)!r}: mend '
            f'or delete the line.'
        ) from None
    if not (left < right and top < bottom):
        raise ValueError(
            f'{where}: the box {" ".join(words)} (x1 y1 x2 y2) has no area: mend or delete the '
            f'line.'
        )
