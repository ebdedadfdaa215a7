"""Objects by their outlines, and COCO's JSON of them."""

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pycocotools.mask as rle

from seginpaint_mm.datasets.coco_json import shown
from seginpaint_mm.datasets.coco_masks import decode_mask
from seginpaint_mm.datasets.image_reading import open_image
from seginpaint_mm.datasets.mask_reading import size_upright

Points = list[list[float]]  # x and y of each


@dataclass
class OutlinedImage:
    """An image and its outlined objects.

    Attributes:
        file_name: Below the folder of the images, with ``/``.
        size: (width, height), upright.
        objects: Each a label and its mask in pycocotools' run lengths.
        left_out: How many outlines have no area, by kind.
    """

    file_name: str
    size: tuple[int, int]
    objects: list[tuple[str, dict]] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    def add(self, label: str, mask: np.ndarray) -> None:
        """Add an object by its mask, (H, W)."""
        if not mask.any():
            self.left_out[f'outline of {label} without a pixel'] += 1
            return
        self.objects.append((label, rle.encode(np.asfortranarray(mask.astype(np.uint8)))))


def coco_json_of(images: Iterable[OutlinedImage], names: Sequence[str]) -> dict:
    """COCO's JSON of instances.

    Args:
        images: Of one of the readers.
        names: The categories, in order; labels that are none of them follow, by their names.

    Raises:
        ValueError: when an image stands twice, or the name of one, or of a class, cannot be stored.
    """
    images = sorted(images, key=lambda image: image.file_name)
    for image, after in itertools.pairwise([*images, None]):
        if after is not None and image.file_name == after.file_name:
            raise ValueError(
                f'{shown(image.file_name)}: the labels of this image stand twice, in two files or '
                f'entries: keep one of them.'
            )
        for name in (image.file_name, *(label for label, _ in image.objects)):
            if not name.strip() or not name.isprintable():
                raise ValueError(
                    f'{shown(image.file_name)}: a name is {shown(name)}: give images and classes '
                    f'names of characters that can be shown, in UTF-8.'
                )
    labels = {label for image in images for label, _ in image.objects}
    order = list(dict.fromkeys([*names, *sorted(labels - set(names))]))
    categories = [dict(id=number, name=name) for number, name in enumerate(order, start=1)]
    ids = {category['name']: category['id'] for category in categories}
    annotations = []
    for number, image in enumerate(images, start=1):
        for label, mask in image.objects:
            annotations.append(
                dict(
                    id=len(annotations) + 1,
                    image_id=number,
                    category_id=ids[label],
                    segmentation=dict(size=list(mask['size']), counts=mask['counts'].decode()),
                    area=int(rle.area(mask)),
                    bbox=rle.toBbox(mask).tolist(),
                    iscrowd=0,
                )
            )
    return dict(
        images=[
            dict(id=k, file_name=image.file_name, width=image.size[0], height=image.size[1])
            for k, image in enumerate(images, start=1)
        ],
        annotations=annotations,
        categories=categories,
    )


def fill_outline(size: tuple[int, int], points: Points, path: str | Path, of: str) -> np.ndarray:
    """Mask, bool (H, W), of the pixels whose centre is in an outline of n points.

    COCO's own: unlike drawing functions it puts no line of a pixel around the area.
    """
    return decode_mask(points, size[::-1], path=str(path), of=of)


def corners_of(left: float, top: float, right: float, bottom: float) -> Points:
    return [[left, top], [right, top], [right, bottom], [left, bottom]]


def ellipse(centre: Sequence[float], radii: tuple[float, float], count: int) -> Points:
    turn = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return (np.stack([np.cos(turn), np.sin(turn)], 1) * radii + centre).tolist()


def turn(points: Points, angle: float) -> Points:
    """Turn points clockwise (y points down) around their centre, by radians."""
    array = np.array(points)
    centre = (array.min(0) + array.max(0)) / 2
    rows = [[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]]
    return ((array - centre) @ np.array(rows) + centre).tolist()


def place_mask(inside: np.ndarray, left: int, top: int, size: tuple[int, int]) -> np.ndarray:
    """Lay a small mask onto one of the image's size; what is outside is cut off."""
    mask = np.zeros(size[::-1], bool)
    x, y = max(0, left), max(0, top)
    part = inside[y - top : size[1] - top, x - left : size[0] - left]
    mask[y : y + part.shape[0], x : x + part.shape[1]] = part
    return mask


def upright_size(path: Path) -> tuple[int, int]:
    try:
        with open_image(path) as image:
            return size_upright(image)[::-1]
    except Exception as error:  # Pillow lets through whatever its parsers stumble over
        if str(error).startswith(str(path)):
            raise
        raise ValueError(
            f'{path}: this is not an image, or a damaged one ({error}): fetch or write it again.'
        ) from error


def files_of(folder: Path, suffix: str) -> list[Path]:
    """Sorted, also those whose suffix is in upper case, and links that lead nowhere."""
    paths = (path for path in folder.rglob('*') if path.suffix.lower() == suffix)
    return sorted(path for path in paths if not path.is_dir())


def require_folder(folder: Path, what: str) -> None:
    if not folder.is_dir():
        raise FileNotFoundError(f'{folder}: there is no such folder: name that with {what}.')
