"""Data sets of a few tiny images in the layouts that the loaders read, for tests."""

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

SIZE = (16, 32)  # height, width


def write_map(path: Path, ids: np.ndarray) -> Path:
    """Write an image or a map of ids, with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), ids)
    return path


def add_persons(folder: Path) -> None:
    """Draw a person into each of VOC's label maps of Street, which may have none."""
    for path in folder.iterdir():
        classes = Image.open(path)
        classes.paste(15, (20, 40, 50, 90))
        classes.save(path)


def write_palette_map(path: Path, ids: np.ndarray) -> Path:
    """Write ids, uint8 (H, W), as VOC does: a PNG whose palette colours them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(ids)
    image.putpalette(np.random.default_rng(0).integers(0, 256, 768, np.uint8).tobytes())
    image.save(path)
    return path


def picture(size: tuple[int, int] = SIZE, seed: int = 0) -> np.ndarray:
    """Random BGR uint8 (H, W, 3)."""
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)


def street_labels(
    *, road: int, sidewalk: int, other: int, car: int, size: tuple[int, int] = SIZE
) -> np.ndarray:
    """Other above, sidewalk on the left, road below, and a car away from the border."""
    height, width = size
    labels = np.full(size, other, np.uint8)
    labels[height // 2 :] = road
    labels[height // 2 :, : width // 4] = sidewalk
    labels[height // 4 : 3 * height // 4, width // 2 : 3 * width // 4] = car
    return labels


def background_truth(size: tuple[int, int] = SIZE) -> np.ndarray:
    """The classes of :func:`street_labels` without the car."""
    truth = street_labels(road=0, sidewalk=1, other=2, car=255, size=size)
    upper = slice(size[0] // 2)
    truth[upper][truth[upper] == 255] = 2
    truth[truth == 255] = 0
    return truth


def write_cityscapes(
    root: Path,
    names: list[str],
    *,
    split: str = 'val',
    labels: np.ndarray | None = None,
    kind: str = 'labelIds',
    instances: np.ndarray | None = None,
    manual: bool = True,
    suffix: str = '.png',
) -> Path:
    """Cityscapes' layout; a name is ``CITY/NAME``."""
    if labels is None:
        labels = street_labels(road=7, sidewalk=8, other=11, car=26)
    for seed, name in enumerate(names):
        image = picture(labels.shape, seed)
        write_map(root / f'leftImg8bit/{split}/{name}_leftImg8bit{suffix}', image)
        write_map(root / f'gtFine/{split}/{name}_gtFine_{kind}.png', labels)
        if instances is not None:
            write_map(root / f'gtFine/{split}/{name}_gtFine_instanceIds.png', instances)
        if manual:
            truth = background_truth(labels.shape)
            write_map(root / f'gt_manual/{split}/{name}_gt_manual.png', truth)
    return root


def write_camvid(
    root: Path, names: list[str], *, split: str = 'val', suffix: str = '.png', truth: bool = False
) -> Path:
    """CamVid in the SegNet layout, with ``SPLITbackground`` where ``truth`` is wanted."""
    for seed, name in enumerate(names):
        write_map(root / f'{split}/{name}{suffix}', picture(seed=seed))
        labels = street_labels(road=3, sidewalk=4, other=1, car=8)
        write_map(root / f'{split}annot/{name}.png', labels)
        if truth:
            write_map(root / f'{split}background/{name}.png', background_truth())
    return root


def write_kitti(root: Path, names: list[str], *, with_truth: list[str]) -> Path:
    """KITTI semantics; the hidden truth of ``with_truth`` only."""
    for seed, name in enumerate(names):
        write_map(root / f'training/image_2/{name}.png', picture(seed=seed))
        labels = street_labels(road=7, sidewalk=8, other=23, car=26)
        write_map(root / f'training/semantic/{name}.png', labels)
    for name in with_truth:
        write_map(root / f'gt_manual/test/{name}.png', background_truth())
    return root
