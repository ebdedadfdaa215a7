"""Tiny data sets of objects that are partly hidden, in DYCE's and COCOA's layouts, for tests."""

import json
from pathlib import Path

import numpy as np
from pycocotools import mask as coco_masks

from tests.helpers.dataset_folders import SIZE, picture, write_map

# Of a 16x32 image: a box in front of another, which is in front of a third. Rows, columns.
FULL = (np.s_[4:12, 4:14], np.s_[6:14, 10:20], np.s_[2:10, 16:28])


def full_masks() -> np.ndarray:
    """bool (3, 16, 32), front first."""
    masks = np.zeros((3, *SIZE), bool)
    for mask, box in zip(masks, FULL, strict=True):
        mask[box] = True
    return masks


def visible_masks() -> np.ndarray:
    """bool (3, 16, 32): what the objects before it leave of each."""
    masks = full_masks()
    for number in range(1, len(masks)):
        masks[number] &= ~masks[:number].any(axis=0)
    return masks


def input_masks() -> np.ndarray:
    """bool (3, 16, 32): as a network might see them, without their last column."""
    masks = visible_masks()
    return masks & np.roll(masks, -1, axis=2)


def write_dyce(root: Path, names: list[str], *, split: str = 'train') -> Path:
    """DYCE's layout: three objects an image, the first tag of two words."""
    tags = ['coffee table', 'cup', 'wall']
    lists: dict[str, list[str]] = {'': [], '_multipath': []}
    folders = dict(modal=visible_masks(), amodal=full_masks(), multipath_masks=input_masks())
    for seed, name in enumerate(names):
        write_map(root / f'Images/{name}.png', picture(seed=seed))
        for number, tag in enumerate(tags):
            stem = f'{name}_{number}'
            for folder, masks in folders.items():
                write_map(root / f'{folder}/{stem}_{folder}.png', 255 * masks[number])
            whole = np.where(full_masks()[number, ..., None], picture(seed=seed + 1), 0)
            write_map(root / f'FullObj/{stem}.png', whole.astype(np.uint8))
            for suffix, folder in (('', 'modal'), ('_multipath', 'multipath_masks')):
                lists[suffix].append(
                    f'{name}.png {stem}_{folder}.png {stem}_amodal.png 10 20 300 400 {tag} '
                    f'{stem}.png'
                )
    for suffix, lines in lists.items():
        path = root / f'annotations/{split}{suffix}.txt'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('\n'.join(lines) + '\n')
    return root


def write_dyce_real(root: Path, name: str, *, split: str = 'test') -> Path:
    """The real-image variant: full masks are black inside."""
    write_map(root / f'realImage/{name}.png', picture())
    lines = []
    for number, (visible, given, full) in enumerate(
        zip(visible_masks(), input_masks(), full_masks(), strict=True)
    ):
        write_map(root / f'realimage_modal/{number}.png', 255 * given)
        write_map(root / f'gt_modal_real/{number}.png', 255 * visible)
        write_map(root / f'gt_amodal_real/{number}.png', np.where(full, 0, 255).astype(np.uint8))
        lines.append(f'{name}.png {number}.png {number}.png {number}.png diningtable')
    path = root / f'annotations/{split}_real.txt'
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('\n'.join(lines))
    return root


def run_lengths(mask: np.ndarray) -> dict:
    encoded = coco_masks.encode(np.asfortranarray(mask.astype(np.uint8)))
    return dict(size=list(encoded['size']), counts=encoded['counts'].decode())


def cocoa_annotation() -> dict:
    """Two regions listed back to front, and one that is stuff and cannot be seen."""
    full, visible = full_masks(), visible_masks()
    return dict(
        image_id=7,
        url='https://example.org/val/street.jpg',
        regions=[
            dict(
                segmentation=_polygon(FULL[1]),
                name='table ',
                isStuff=0,
                order=2,
                occlude_rate=0.2,
                visible_mask=run_lengths(visible[1]),
                invisible_mask=run_lengths(full[1] & ~visible[1]),
            ),
            dict(segmentation=_polygon(FULL[0]), name='cup', isStuff=0, order=1, occlude_rate=0),
            dict(
                segmentation=_polygon(FULL[2]),
                name='grass',
                isStuff=1,
                order=3,
                visible_mask=run_lengths(np.zeros(SIZE, bool)),
            ),
            dict(segmentation=_polygon(FULL[2]), name='wall', isStuff=1, order=4),
        ],
    )


def write_cocoa(root: Path, annotation: dict, name: str = 'street') -> Path:
    """An image with its annotation beside it."""
    write_map(root / f'{name}.jpg', picture())
    (root / f'{name}.json').write_text(json.dumps(annotation))
    return root


def _polygon(box: tuple[slice, slice]) -> list[float]:
    rows, columns = box
    left, top, right, bottom = columns.start, rows.start, columns.stop, rows.stop
    return [left, top, right, top, right, bottom, left, bottom]
