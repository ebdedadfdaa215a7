"""What a photo takes from file to file: seconds by stage and size, and memory with many objects."""

import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch

from seginpaint_mm.apis import Layering, Removal, SegInpaintInferencer, find_inpainter
from seginpaint_mm.apis.inputs import SceneInput, find_inputs
from seginpaint_mm.apis.mask_sources import MaskSource, VisibleObjects
from seginpaint_mm.apis.model_loading import DEFAULT_COMPLETER
from seginpaint_mm.apis.outputs import ResultFolder
from seginpaint_mm.apis.rounds import Prepared
from seginpaint_mm.benchmarks.measure import Table, in_fresh_process, peak_mebibytes
from seginpaint_mm.geometry.masks import CroppedMasks

SIDES = (512, 1024, 4000)
MEMORY_SIZE, OBJECTS = (4000, 6000), 40
TASKS = ('remove', 'complete', 'layers')
_STAGES = ('read', 'masks and plan', 'paint', 'write', 'draw')


class _Marked(MaskSource):
    """The same masks for every photo."""

    def __init__(self, masks: CroppedMasks) -> None:
        self.masks = masks

    def objects(self, scene: SceneInput, image: np.ndarray) -> VisibleObjects:
        return VisibleObjects(self.masks, ('',) * len(self.masks))


def photo_tables(quick: bool, repeats: int, device: torch.device) -> list[Table]:
    """Time the removal of five objects by Telea's method, and measure memory.

    Args:
        quick: Small photos only, to try it.
        repeats: Rounds.
        device: Where models run.
    """
    sides, size = ((128, 256), (256, 384)) if quick else (SIDES, MEMORY_SIZE)
    return [_times(sides, repeats, device), _memory(size, device)]


def photo_of(size: tuple[int, int]) -> np.ndarray:
    """Return smooth colours with noise, BGR uint8 (H, W, 3)."""
    dice = np.random.default_rng(0)
    coarse = dice.integers(30, 220, (12, 16, 3), np.uint8)
    smooth = cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_CUBIC)
    noise = dice.integers(0, 12, (*size, 1), np.uint8)
    return cv2.add(smooth, np.repeat(noise, 3, axis=2))


def masks_of(number: int, size: tuple[int, int]) -> CroppedMasks:
    """Return ellipses in a grid, each in part behind the next."""
    rows = next(side for side in range(1, number + 1) if side * side >= number)
    height, width = size[0] // rows, size[1] // rows

    def ellipse(index: int) -> np.ndarray:
        mask = np.zeros(size, np.uint8)
        centre = (index % rows * width + width // 2, index // rows * height + height // 2)
        cv2.ellipse(mask, centre, (max(width * 9 // 16, 1), max(height // 4, 1)), 0, 0, 360, 1, -1)
        return mask.astype(bool)

    return CroppedMasks.pack((ellipse(index) for index in range(number)), size)


def _inferencer(task: str, device: torch.device) -> SegInpaintInferencer:
    model = find_inpainter('telea') if task == 'remove' else DEFAULT_COMPLETER
    options = dict(layering=Layering()) if task == 'layers' else {}
    return SegInpaintInferencer(
        model, device=str(device), show_progress=False, task=task, **options
    )


def _times(sides: tuple[int, ...], repeats: int, device: torch.device) -> Table:
    table = Table(
        'Removing five objects, from a JPEG file to files, by Telea',
        ('longer side', *(f'{stage}, ms' for stage in _STAGES), 'all, ms'),
        'Medians. Ellipses of about half of the photo together. Written: the photo as PNG, masks '
        'and JSON; draw: the picture for people, which --no-vis leaves out.',
    )
    inferencer = _inferencer('remove', device)
    for side in sides:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / 'photo.jpg'
            size = (side * 2 // 3, side)
            cv2.imwrite(str(file), photo_of(size))
            run = partial(_stages, inferencer, file, masks_of(5, size), Path(folder) / 'out')
            rounds = [run() for _ in range(repeats + 1)][1:]
        seconds = {stage: float(np.median([one[stage] for one in rounds])) for stage in _STAGES}
        row = {f'{stage}, ms': seconds[stage] * 1e3 for stage in _STAGES}
        table.rows.append({'longer side': side, **row, 'all, ms': sum(seconds.values()) * 1e3})
    return table


def _stages(
    inferencer: SegInpaintInferencer, file: Path, masks: CroppedMasks, out: Path
) -> dict[str, float]:
    """What :meth:`SegInpaintInferencer.stream` does with a photo, with a watch in the hand."""
    seconds, start = {}, time.perf_counter()

    def stop(stage: str) -> None:
        nonlocal start
        now = time.perf_counter()
        seconds[stage], start = now - start, now

    (scene,) = find_inputs(str(file))
    image = scene.read()
    stop('read')
    source = inferencer.task.source(_Marked(masks), Removal())
    objects = source.objects(scene, image)
    stop('masks and plan')
    prepared = Prepared(scene, image, objects, inferencer.task)
    prepared.begin(inferencer.pipeline)
    inferencer._run().go_through([prepared])
    sample = prepared.sample
    stop('paint')
    folder = ResultFolder(out, inferencer.task)
    folder.add(scene, image, sample, None)
    folder.close()
    stop('write')
    inferencer.visualize([image], [sample])
    stop('draw')
    return seconds


def _memory(size: tuple[int, int], device: torch.device) -> Table:
    table = Table(
        f'Memory of {OBJECTS} objects of {size[0] * size[1] / 1e6:.3g} megapixels',
        ('task', 'photo, MiB', 'masks as arrays, MiB', 'peak, MiB'),
        'The peak is of what is taken beside the model, the photo and its masks, in a process of '
        'its own; no pictures are drawn and no files written.',
    )
    for task in TASKS:
        pixels = size[0] * size[1] / 2**20
        table.rows.append(
            {
                'task': task,
                'photo, MiB': 3 * pixels,
                'masks as arrays, MiB': OBJECTS * pixels,
                'peak, MiB': in_fresh_process(_peak, task, size, device),
            }
        )
    return table


def _peak(task: str, size: tuple[int, int], device: torch.device) -> float | None:
    inferencer = _inferencer(task, device)
    _run(inferencer, photo_of((64, 96)), masks_of(4, (64, 96)))()
    return peak_mebibytes(_run(inferencer, photo_of(size), masks_of(OBJECTS, size)), device)


def _run(
    inferencer: SegInpaintInferencer, photo: np.ndarray, masks: CroppedMasks
) -> Callable[[], object]:
    return lambda: inferencer(photo, masks=_Marked(masks), draw=False)['predictions']
