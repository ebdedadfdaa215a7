"""Write rendered streets as a data set: the base of all layouts."""

import math
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np

from seginpaint_mm.errors import UserError
from seginpaint_mm.street.placement import SeededDice
from seginpaint_mm.street.render import RENDERER_VERSION, StreetScene, check_scene, render_street
from seginpaint_mm.utils.files import claim_folder, read_note, write_bytes, write_image, write_text
from seginpaint_mm.utils.work_pool import run_jobs


class Layout(ABC):
    """How one data set lies on the disk.

    Attributes:
        splits: The splits that it can hold, of SPLITS.
    """

    splits: ClassVar[tuple[str, ...]] = ('train', 'val', 'test')

    @abstractmethod
    def files(self, split: str, sequence: int, number: int) -> dict[str, str]:
        """Name -> path below the data root, for a scene's number in a split and its sequence."""

    @abstractmethod
    def contents(self, scene: StreetScene) -> dict[str, np.ndarray | bytes]:
        """Name -> what is to be written there: an image, or the bytes of a file."""

    def scene_files(
        self, scene: StreetScene, split: str, sequence: int, number: int
    ) -> dict[str, np.ndarray | bytes]:
        """Path below the data root -> what is written there, in this order.

        The last files must be among `files`: a scene whose `files` are there is complete.
        """
        files = self.files(split, sequence, number)
        return {files[name]: content for name, content in self.contents(scene).items()}

    def lists(self, split: str, sequence: int, count: int) -> dict[str, str]:
        """Path below the data root -> text of the files that list the scenes of a split."""
        return {}

    def joined_lists(self, split: str) -> dict[str, str]:
        """Path below the data root of a list -> name of the scenes' files that it joins."""
        return {}


_REACH = (0.06, 0.16)  # of the smoothing, as a share of the side of a square of the mask's area
_SHARE = (30, 70)  # percent of the neighbours that must be in the mask: fewer dilate, more erode


def rough_mask(mask: np.ndarray) -> np.ndarray:
    """Smooths a visible mask, dilates or erodes it and shifts it a little.

    How much is drawn from the mask's own bytes: equal masks give equal results everywhere.

    Args:
        mask: bool (H, W), not empty.

    Returns:
        bool (H, W); the mask itself where nothing would be left of it.
    """
    height, width = mask.shape
    dice = SeededDice(zlib.crc32(np.packbits(mask).tobytes()))
    side = math.sqrt(np.count_nonzero(mask))
    reach = max(1, round(side * dice.uniform(*_REACH)))
    share = dice.integer(*_SHARE)
    top, left = reach + dice.integer(-reach, reach) // 2, reach + dice.integer(-reach, reach) // 2
    padded = cv2.copyMakeBorder(mask.view(np.uint8), *[2 * reach] * 4, cv2.BORDER_REPLICATE)
    window = 2 * reach + 1
    neighbours = cv2.boxFilter(padded, cv2.CV_32S, (window, window), normalize=False)
    rough = 100 * neighbours >= share * window * window
    rough = rough[reach + top : reach + top + height, reach + left : reach + left + width]
    return rough if rough.any() else mask


SPLITS = ('train', 'val', 'test')
SPLIT_SIZE = (
    1_000_000  # scenes of one split; split k starts at scene k * SPLIT_SIZE, so none is shared
)
_NOTE = 'street.json'
_CHUNK = 4  # scenes handed to a process at once


@dataclass(frozen=True)
class Order:
    """What to render: layout name, look, seed and (height, width)."""

    layout: str
    look: str
    seed: int
    size: tuple[int, int]


Job = tuple[str, int]  # split, number of the scene in it


def write_dataset(
    root: Path,
    layout: Layout,
    order: Order,
    counts: dict[str, int],
    workers: int,
    on_progress: Callable[[int, int], None],
) -> None:
    """Writes the missing files of a data set.

    With more than one worker, call it below ``if __name__ == '__main__':``.

    Args:
        root: The data set's folder; made where missing.
        layout: The on-disk layout.
        order: What to render. A folder made with another order is refused.
        counts: Scenes of each split.
        workers: Processes, >= 1.
        on_progress: Called with (scenes done, scenes in all) at the start and after each scene.

    The layout's lists are written when all scenes are there; they name the scenes asked for.

    Raises:
        UserError: A count is out of range, the layout has no such split, the folder holds something
            else or scenes of another version of the renderer, or a worker process was killed.
        ValueError: The look, the seed or the size is out of its range.
        OSError: A file cannot be written; finished scenes are kept.
    """
    check_scene(0, order.seed, order.look, order.size)
    _check(layout, order, counts, workers)
    _claim(root, order)
    jobs = [(split, number) for split, count in counts.items() for number in range(count)]
    missing = [job for job in jobs if not _is_complete(root, layout, job)]
    done = len(jobs) - len(missing)
    on_progress(done, len(jobs))
    task = partial(_write_scene, root, layout, order)
    for _ in run_jobs(task, missing, workers=workers, chunk=_CHUNK):
        done += 1
        on_progress(done, len(jobs))
    _write_lists(root, layout, counts)


def _check(layout: Layout, order: Order, counts: dict[str, int], workers: int) -> None:
    for split, count in counts.items():
        if not 0 <= count <= SPLIT_SIZE:
            raise UserError(f'--num-{split} is {count}, but must be from 0 to {SPLIT_SIZE}.')
        if count and split not in layout.splits:
            raise UserError(
                f'--num-{split} is {count}, but the {order.layout} layout only has '
                f'{", ".join(layout.splits)}: leave it out.'
            )
    if not any(counts.values()):
        raise UserError('No scenes were asked for: give --num-train, --num-val or --num-test.')
    if workers < 1:
        raise UserError(f'--workers is {workers}, but must be 1 or more.')


def _claim(root: Path, order: Order) -> None:
    """Makes the folder and notes what is in it, so that no two different orders are mixed."""
    note = root / _NOTE
    if note.exists() and read_note(note).get('renderer_version') != RENDERER_VERSION:
        raise UserError(
            f'{root} holds a Street data set of another version of the renderer, whose scenes '
            'look different: delete the folder, or give another one.'
        )
    wanted = asdict(order) | dict(renderer_version=RENDERER_VERSION)
    claim_folder(note, wanted, what='a Street data set')


def _is_complete(root: Path, layout: Layout, job: Job) -> bool:
    split, number = job
    return all(
        (root / path).exists() for path in layout.files(split, SPLITS.index(split), number).values()
    )


def _write_scene(root: Path, layout: Layout, order: Order, job: Job) -> None:
    split, number = job
    sequence = SPLITS.index(split)
    index = sequence * SPLIT_SIZE + number
    scene = render_street(index, seed=order.seed, look=order.look, size=order.size)
    for path, content in layout.scene_files(scene, split, sequence, number).items():
        write = write_bytes if isinstance(content, bytes) else write_image
        write(root / path, content)


def _write_lists(root: Path, layout: Layout, counts: dict[str, int]) -> None:
    for split, count in counts.items():
        if count:
            sequence = SPLITS.index(split)
            for path, text in layout.lists(split, sequence, count).items():
                write_text(root / path, text)
            for path, name in layout.joined_lists(split).items():
                parts = [layout.files(split, sequence, number)[name] for number in range(count)]
                write_text(root / path, ''.join((root / part).read_text() for part in parts))
