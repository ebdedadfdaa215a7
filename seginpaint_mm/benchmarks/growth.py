"""How far masks should grow before an object is removed, and whether shadows should go with it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
import torch

from seginpaint_mm.apis import Removal, SegInpaintInferencer, find_inpainter
from seginpaint_mm.apis.inferencer import only_sample
from seginpaint_mm.apis.inputs import find_inputs
from seginpaint_mm.apis.mask_sources import MaskSource, find_mask_source
from seginpaint_mm.apis.one_call import painted_image
from seginpaint_mm.benchmarks.measure import Table
from seginpaint_mm.geometry.masks import CroppedMasks, crop_to_box, grow_mask
from seginpaint_mm.street import LOOKS, render_street

GROWTHS = (0, 1, 2, 4, 8, 16, '0.6%', '2%')
Painters: TypeAlias = dict[str, SegInpaintInferencer]
INPAINTERS = ('telea', 'navier-stokes')
RIM = 16  # pixels around the true masks in which results are compared
HEAD = 28  # side of the masks of a detector's head
_FIRST_INSTANCE = 1000
_LEAST = 64  # pixels of an object, and share of an image
_MOST = 0.2


@dataclass(frozen=True)
class Case:
    """An image with objects, and without them.

    Attributes:
        image: BGR uint8 (H, W, 3).
        truth: The same without its objects and their shadows.
        masks: bool (n, H, W), the objects.
    """

    image: np.ndarray
    truth: np.ndarray
    masks: np.ndarray


def growth_tables(quick: bool, coco: Path | None, device: torch.device) -> list[Table]:
    """Measure the PSNR of the true masks with 16 pixels around, against the true background.

    Args:
        quick: Few images, to try it.
        coco: Folder of COCO (``val2017``, ``annotations/instances_val2017.json``), whose objects
            are pasted over its other images; None for Street alone.
        device: Where the inpainters run.
    """
    number = 1 if quick else 4
    size = (128, 256) if quick else (256, 512)
    names = INPAINTERS[:1] if quick else INPAINTERS
    painters = {name: _inferencer(name, device) for name in names}
    streets = [case for look in LOOKS for case in street_cases(look, number, size)]
    tables = [_growths('Street, all objects', streets, painters, quick)]
    if coco is not None:
        pasted = list(pasted_cases(coco, 2 if quick else 8))
        tables.append(_growths('COCO, one pasted object', pasted, painters, quick))
    return [*tables, _shadows(number, size, painters)]


def street_cases(look: str, number: int, size: tuple[int, int]) -> Iterator[Case]:
    """Streets of (height, width) with their objects."""
    for index in range(number):
        scene = render_street(index, seed=21, look=look, size=size)
        ids = scene.instance_ids
        found = [ids == value for value in np.unique(ids) if value >= _FIRST_INSTANCE]
        masks = [mask for mask in found if mask.sum() >= _LEAST]
        if masks:
            yield Case(scene.image, scene.background_image, np.stack(masks))


def pasted_cases(coco: Path, number: int) -> Iterator[Case]:
    """Photos with an object of the next photo, at its place there."""
    source = find_mask_source(coco / 'annotations/instances_val2017.json')
    photos = sorted((coco / 'val2017').glob('*.jpg'))
    dice = np.random.default_rng(0)
    made = 0
    for below, above in zip(photos, photos[1:] + photos[:1], strict=True):
        truth, other = cv2.imread(str(below)), cv2.imread(str(above))
        mask = _an_object(source, above, other, dice)
        if made == number:
            return
        if mask is None:
            continue
        height, width = (min(pair) for pair in zip(truth.shape[:2], other.shape[:2], strict=True))
        truth, other, mask = (item[:height, :width] for item in (truth, other, mask))
        if mask.sum() < _LEAST:
            continue
        soft = cv2.GaussianBlur(mask.astype(np.float32), (3, 3), 0)[..., None]
        image = (soft * other + (1 - soft) * truth).round().astype(np.uint8)
        made += 1
        yield Case(image, truth, mask[None])


def _an_object(
    source: MaskSource, path: Path, image: np.ndarray, dice: np.random.Generator
) -> np.ndarray | None:
    """One of a photo that is neither tiny nor most of it, bool (H, W)."""
    (scene,) = find_inputs(str(path))
    masks = source.objects(scene, image).masks
    sizes = np.array([masks.area(index) for index in range(len(masks))])
    fit = np.flatnonzero((sizes >= 16 * _LEAST) & (sizes <= _MOST * image[..., 0].size))
    return masks[int(dice.choice(fit))] if len(fit) else None


def as_detected(mask: np.ndarray) -> np.ndarray:
    """The best mask, bool (H, W), that a detector's head of 28 x 28 pixels can give."""
    (left, top, right, bottom), inside = crop_to_box(mask)
    way = cv2.INTER_AREA if min(inside.shape) > HEAD else cv2.INTER_LINEAR
    small = cv2.resize(inside.astype(np.float32), (HEAD, HEAD), interpolation=way)
    size = (right - left, bottom - top)
    found = np.zeros_like(mask)
    found[top:bottom, left:right] = cv2.resize(small, size, interpolation=cv2.INTER_LINEAR) >= 0.5
    return found


def _growths(name: str, cases: Sequence[Case], painters: Painters, quick: bool) -> Table:
    columns = [f'{kind} masks, {painter}' for kind in ('true', 'found') for painter in painters]
    table = Table(
        f'Growing masks: {name}',
        ('grow', *(f'{column}, dB' for column in columns), 'of the object left, %'),
        f'Means over {len(cases)} images of the PSNR in the true masks and {RIM} pixels around, '
        f'against the image without objects. Found: the best masks that a head of {HEAD} x {HEAD} '
        f'pixels can give; what is left of the objects is of those.',
    )
    for grow in GROWTHS[::5] if quick else GROWTHS:
        row: dict = {'grow': str(grow)}
        for kind in ('true', 'found'):
            for painter, inferencer in painters.items():
                values = [_remove(inferencer, case, kind, grow=grow) for case in cases]
                row[f'{kind} masks, {painter}, dB'] = float(np.mean([v[0] for v in values]))
        row['of the object left, %'] = 100 * float(np.mean([left for _, left in values]))
        table.rows.append(row)
    return table


def _shadows(number: int, size: tuple[int, int], painters: Painters) -> Table:
    table = Table(
        'Shadows: Street, all objects',
        ('look', 'inpainter', 'without, dB', 'with, dB', 'shadow filled, %', 'of it shadow, %'),
        'True masks and 2 pixels more; PSNR where the true background differs from the image, and '
        f'{RIM} pixels around. Shadow: what differs beside the objects and 2 pixels more.',
    )
    for look in LOOKS:
        for painter, inferencer in painters.items():
            rows = []
            for case in street_cases(look, number, size):
                # the sensor's noise is the same in both, so that any difference is a shadow
                differs = np.abs(case.image.astype(int) - case.truth).max(axis=2) > 4
                beside = differs & ~grow_mask(case.masks.any(axis=0), 2)
                region = grow_mask(differs | case.masks.any(axis=0), RIM)
                plain, dark = (
                    _run(inferencer, case, case.masks, Removal(grow=2, shadow=shadow))
                    for shadow in (False, True)
                )
                added = dark[1] & ~plain[1]
                rows.append(
                    (
                        _psnr(plain[0], case.truth, region),
                        _psnr(dark[0], case.truth, region),
                        100 * np.sum(added & beside) / max(beside.sum(), 1),
                        100 * np.sum(added & beside) / max(added.sum(), 1),
                    )
                )
            values = dict(zip(table.columns[2:], np.mean(rows, axis=0).tolist(), strict=True))
            table.rows.append({'look': look, 'inpainter': painter, **values})
    return table


def _inferencer(painter: str, device: torch.device) -> SegInpaintInferencer:
    return SegInpaintInferencer(
        find_inpainter(painter), device=str(device), show_progress=False, task='remove'
    )


def _remove(
    inferencer: SegInpaintInferencer, case: Case, kind: str, grow: int | str
) -> tuple[float, float]:
    """PSNR, and the share of the objects that is left."""
    masks = np.stack([as_detected(mask) for mask in case.masks]) if kind == 'found' else case.masks
    masks = masks[masks.any(axis=(1, 2))]
    picture, hole = _run(inferencer, case, masks, Removal(grow=grow))
    every = case.masks.any(axis=0)
    left = np.count_nonzero(every & ~hole) / np.count_nonzero(every)
    return _psnr(picture, case.truth, grow_mask(every, RIM)), left


def _run(
    inferencer: SegInpaintInferencer, case: Case, masks: np.ndarray, how: Removal
) -> tuple[np.ndarray, np.ndarray]:
    """The result, BGR uint8 (H, W, 3), and what was filled, bool (H, W)."""
    packed = CroppedMasks.pack(masks, masks.shape[1:])
    sample = only_sample(inferencer(case.image, masks=packed, removal=how, draw=False))
    return painted_image(sample)[..., ::-1], sample.hole.data[0].numpy() > 0


def _psnr(found: np.ndarray, truth: np.ndarray, region: np.ndarray) -> float:
    error = (found[region].astype(float) - truth[region]) ** 2
    return float(10 * np.log10(255**2 / max(error.mean(), 1e-9)))
