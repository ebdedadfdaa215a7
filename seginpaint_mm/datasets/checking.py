"""Read every sample of a data set once, and report its content and the errors of its files."""

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmengine.dataset import BaseDataset

from seginpaint_mm.datasets.class_tables import IGNORE_INDEX
from seginpaint_mm.errors import UserError

# What a file that cannot be used raises; the libraries' own readers raise the last four.
_UNUSABLE = (
    *(UserError, OSError, ValueError, AssertionError),
    *(KeyError, IndexError, TypeError, cv2.error),
)
_CLASS_MAPS = ('gt_seg_map', 'gt_sem_seg')
_HUGE_MAP = 2**16
_MOST_CONTRADICTED = 0.5


@dataclasses.dataclass
class SampleReport:
    """The content of one sample.

    Attributes:
        path: Of the image.
        problems: Sentences, each of which names a file.
        size: (width, height) of the image, None where it cannot be read.
        digest: Of the image's pixels: equal for copies, whatever their file's name or format.
        pixels: Number of visible pixels by class; 255 is neither class nor foreground.
        foreground: Foreground pixels, None where the data set tells of none.
        hidden: Pixels behind foreground whose class is known.
        objects: Number of objects by class; None where the data set has no objects.
        hole: Pixels to be filled, None where the data set brings no holes.
    """

    path: str
    problems: list[str] = dataclasses.field(default_factory=list)
    size: tuple[int, int] | None = None
    digest: bytes | None = None
    pixels: Counter[int] = dataclasses.field(default_factory=Counter)
    foreground: int | None = None
    hidden: int = 0
    objects: Counter[int] | None = None
    hole: int | None = None


def leaf_datasets(dataset: Any) -> Iterator[BaseDataset]:
    """Yield the data sets that hold files: those within ``RepeatDataset``, ``ConcatDataset``."""
    inner = getattr(dataset, 'datasets', None) or (
        [dataset.dataset] if hasattr(dataset, 'dataset') else []
    )
    if not inner:
        yield dataset
    for part in inner:
        yield from leaf_datasets(part)


def reading_steps(steps: Sequence[Callable[[dict], dict | None]]) -> list[Callable]:
    """Return a pipeline's steps up to the last that reads a file.

    A transform says so itself by a class attribute ``reads_files``; of those that do not, the ones
    count that the libraries define among their loading transforms, or that are called ``Load...``.
    """
    last = max((k for k, step in enumerate(steps) if _reads_files(type(step))), default=-1)
    return list(steps[: last + 1])


def _reads_files(cls: type) -> bool:
    if hasattr(cls, 'reads_files'):
        return bool(cls.reads_files)
    # Not those of the libraries that filter, which their module of loading transforms holds too.
    return cls.__name__.startswith(('Load', 'MultiBranchLoad')) and issubclass(cls, BaseTransform)


class SampleReader:
    """Reads samples of a data set by their number; can be sent to other processes.

    Args:
        dataset: One of :func:`leaf_datasets`.
    """

    def __init__(self, dataset: BaseDataset) -> None:
        self.dataset = dataset
        self.steps = reading_steps(dataset.pipeline.transforms)
        self.classes = len(dataset.metainfo.get('classes') or ())

    def read(self, index: int) -> dict:
        """Return what the loading transforms make of a sample.

        Raises:
            UserError: one of them leaves the sample out.
            Exception: whatever else they raise.
        """
        results = self.dataset.get_data_info(index)
        for step in self.steps:
            loaded = step(results)
            if loaded is None:
                raise UserError(
                    f'{results.get("img_path")}: {type(step).__name__} leaves this sample out.'
                )
            results = loaded
        return results

    def __call__(self, index: int) -> SampleReport:
        """Read a sample and look at it; what goes wrong becomes one of its problems."""
        path = str(self.dataset.get_data_info(index).get('img_path', f'sample {index}'))
        try:
            results = self.read(index)
        except _UNUSABLE as error:
            return SampleReport(path, [_sentence(error, path)])
        return look_at(results, self.classes)


def look_at(results: dict, num_classes: int) -> SampleReport:
    """Describe a loaded sample.

    Args:
        results: What loading transforms made: ``img`` uint8 (H, W, 3), and any of the keys
            ``gt_seg_map``, ``gt_foreground``, ``gt_background``, ``gt_instance_map``,
            ``gt_visible_masks`` and ``gt_full_masks``, ``gt_bboxes_labels``, ``hole``.
        num_classes: Of the data set; 0 where it names none.
    """
    image = results.get('img')
    report = SampleReport(str(results.get('img_path', 'a sample')))
    if image is not None:
        height, width = results.get('ori_shape', image.shape)[:2]
        report.size = width, height
        report.digest = _digest(image)
    classes = next((results[key] for key in _CLASS_MAPS if results.get(key) is not None), None)
    foreground = results.get('gt_foreground')
    if classes is not None:
        _look_at_classes(report, classes, foreground, num_classes)
    if foreground is not None:
        report.foreground = int(np.count_nonzero(foreground))
        behind = results.get('gt_background')
        if behind is not None and behind.shape == foreground.shape:
            report.hidden = int(np.count_nonzero((foreground > 0) & (behind != IGNORE_INDEX)))
            if classes is not None:
                _compare_with_hidden(report, classes, behind)
    report.objects = _objects(results, classes)
    hole = results.get('hole')
    if hole is not None:
        report.hole = int(np.count_nonzero(hole))
        if report.hole in (0, hole.size):
            what = 'nothing' if report.hole == 0 else 'the whole image'
            report.problems.append(f'{report.path}: its hole covers {what}.')
    return report


def _look_at_classes(
    report: SampleReport, classes: np.ndarray, foreground: np.ndarray | None, num_classes: int
) -> None:
    if classes.size and int(classes.max()) < _HUGE_MAP:
        counts = np.bincount(classes.ravel())
        report.pixels = Counter({int(k): int(counts[k]) for k in np.flatnonzero(counts)})
    if foreground is not None and foreground.shape == classes.shape:
        report.pixels[IGNORE_INDEX] -= int(
            np.count_nonzero((foreground > 0) & (classes == IGNORE_INDEX))
        )
    outside = [k for k in report.pixels if k >= num_classes and k != IGNORE_INDEX]
    if num_classes and outside:
        report.problems.append(
            f'{report.path}: its label map holds class {outside[0]}, but the data set names '
            f'{num_classes} classes (0 to {num_classes - 1}): name it, or make it '
            f'{IGNORE_INDEX}.'
        )
    seen = sum(count for k, count in report.pixels.items() if k != IGNORE_INDEX)
    if not seen and not (foreground is not None and np.any(foreground)):
        report.problems.append(f'{report.path}: no pixel of it has a label.')


def _compare_with_hidden(report: SampleReport, classes: np.ndarray, behind: np.ndarray) -> None:
    """Report a hidden truth that hardly can be that of the image: it has all that is visible, too.

    Maps that are made by hand differ from the labels at some borders.
    """
    both = (classes != IGNORE_INDEX) & (behind != IGNORE_INDEX)
    share = float(np.mean((classes != behind)[both])) if both.any() else 0.0
    if share > _MOST_CONTRADICTED:
        report.problems.append(
            f'{report.path}: its hidden truth has another class than its label map on {share:.0%} '
            f'of the pixels that are visible: give the map of this image, with the same classes.'
        )


def _objects(results: dict, classes: np.ndarray | None) -> Counter[int] | None:
    """Count a sample's objects by class; None where it cannot have any."""
    if 'gt_bboxes_labels' in results:  # mmdet's
        return Counter(np.asarray(results['gt_bboxes_labels']).tolist())
    for key in ('gt_full_masks', 'gt_visible_masks'):
        if key in results:
            return Counter(np.asarray(results['gt_labels']).tolist())
    if 'gt_instance_map' not in results:
        return None
    numbers, first = np.unique(results['gt_instance_map'], return_index=True)
    of_class = np.zeros(numbers.shape, int) if classes is None else classes.ravel()[first]
    return Counter(of_class[numbers > 0].tolist())


def _digest(image: np.ndarray) -> bytes:
    pixels = hashlib.blake2b(repr(image.shape).encode(), digest_size=16)
    pixels.update(np.ascontiguousarray(image))
    return pixels.digest()


def _sentence(error: Exception, path: str) -> str:
    text = str(error).strip() or type(error).__name__
    if isinstance(error, (KeyError, IndexError, TypeError, cv2.error)):
        text = f'it cannot be read: {type(error).__name__}: {text}'
    return text if path in text else f'{path}: {text}'
