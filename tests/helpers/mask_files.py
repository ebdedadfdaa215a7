"""Masks of two rectangles in every form, for tests of what reads masks."""

import json
from pathlib import Path

import cv2
import numpy as np
from pycocotools import mask as coco_masks

from seginpaint_mm.apis.inputs import SceneInput
from seginpaint_mm.apis.mask_sources import VisibleObjects, find_mask_source

SIZE = (12, 16)  # height, width
IMAGE = np.zeros((*SIZE, 3), np.uint8)


def two_masks() -> np.ndarray:
    """Two rectangles side by side, bool (2, 12, 16)."""
    masks = np.zeros((2, *SIZE), bool)
    masks[0, 2:8, 3:9] = True
    masks[1, 4:10, 10:15] = True
    return masks


POLYGONS = [[3, 2, 9, 2, 9, 8, 3, 8], [[10, 4], [15, 4], [15, 10], [10, 10]]]


def runs(mask: np.ndarray, compressed: bool) -> dict:
    encoded = coco_masks.encode(np.asfortranarray(mask.astype(np.uint8)))
    if compressed:
        return dict(encoded, counts=encoded['counts'].decode())
    values = np.concatenate([[False], mask.ravel(order='F')])
    borders = np.flatnonzero(np.diff(values)).tolist()
    return dict(size=list(SIZE), counts=np.diff([0, *borders, mask.size]).tolist())


def annotations(**more: object) -> list[dict]:
    return [
        dict(id=7, category_id=3, segmentation=[POLYGONS[0]], bbox=[3, 2, 6, 6], **more),
        dict(id=8, category_id=1, segmentation=runs(two_masks()[1], True), **more),
    ]


def coco_file(**image: object) -> dict:
    images = [dict(id=5, file_name='a.jpg', **image), dict(id=6, file_name='b.jpg')]
    crowd = dict(segmentation=[POLYGONS[0]], category_id=3, iscrowd=1, image_id=5)
    categories = [dict(id=1, name='dog'), dict(id=3, name='cat')]
    listed = [*annotations(image_id=5), crowd]
    return dict(images=images, annotations=listed, categories=categories)


def write(path: Path, content: np.ndarray | object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, np.ndarray):
        assert cv2.imwrite(str(path), content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def objects_of(masks: object, name: str = 'a', size: tuple[int, int] = SIZE) -> VisibleObjects:
    scene = SceneInput(name, Path('pictures', f'{name}.jpg'))
    source = find_mask_source(masks)
    assert source.objection([scene]) is None
    return source.objects(scene, np.zeros((*size, 3), np.uint8))


def white(mask: np.ndarray) -> np.ndarray:
    return mask.astype(np.uint8) * 255


def numbered() -> np.ndarray:
    return (two_masks() * np.array([4, 9])[:, None, None]).sum(axis=0)
