"""Write natural images with full masks in DYCE's real layout (SeGAN, Table 3):
``python tools/dataset_converters/pascal3d.py PASCAL3D VOC2012 OUT --split val``.

A full mask is the object's CAD model, projected as PASCAL3D+ annotates it; the visible mask is
that object's in VOC's SegmentationObject, or in SBD's inst/*.mat where VOC2012 is the folder of
SBD. PASCAL3D+ is release 1.1 (https://cvgl.stanford.edu/projects/pascal3d.html): Annotations/
CATEGORY_pascal/NAME.mat, Images/CATEGORY_pascal/NAME.jpg and CAD/CATEGORY.mat. Objects without a
viewpoint, or that no visible mask fits, are left out and counted.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # runs without being installed

import seginpaint_mm  # noqa: F401  sets how threads wait

# isort: split
import cv2
import numpy as np
from scipy.io import loadmat
from tqdm import tqdm

from seginpaint_mm.cli import one_sentence_errors
from seginpaint_mm.datasets.image_reading import read_colour
from seginpaint_mm.datasets.instance_dataset import read_sbd, read_voc
from seginpaint_mm.datasets.splits import read_text_list
from seginpaint_mm.datasets.voc import VOC_METAINFO
from seginpaint_mm.errors import UserError
from seginpaint_mm.geometry.masks import crop_to_box
from seginpaint_mm.utils.files import write_image, write_text

CATEGORIES = ('bottle', 'chair', 'diningtable', 'sofa', 'tvmonitor')  # Section 5.2
_LEAST_BOX_IOU = 0.5
_HOW_TO_GET = 'Get VOC 2012 (host.robots.ox.ac.uk/pascal/VOC) or SBD.'


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('pascal3d', type=Path, help='folder of PASCAL3D+')
    parser.add_argument('voc', type=Path, help='folder of VOC2012 or of SBD')
    parser.add_argument('out', type=Path, help='folder to write')
    parser.add_argument('--split', default='val', help="VOC's or SBD's list (default: val)")
    parser.add_argument('--debug', action='store_true', help='show tracebacks')
    return parser.parse_args(argv)


def project(points: np.ndarray, viewpoint: object) -> tuple[np.ndarray, np.ndarray]:
    """Project points of a CAD model as PASCAL3D+'s own ``project_3d`` does.

    Args:
        points: float (n, 3).
        viewpoint: With ``azimuth``, ``elevation`` and ``theta`` in degrees, ``distance``,
            ``focal``, ``viewport`` in pixels, and the principal point ``px``, ``py``.

    Returns:
        float (n, 2), x and y in pixels counted from 1, and float (n,), the depths.
    """
    azimuth, elevation, theta = np.radians(
        [float(viewpoint.azimuth), float(viewpoint.elevation), float(viewpoint.theta)]
    )
    distance = float(viewpoint.distance)
    centre = distance * np.array(
        [
            np.cos(elevation) * np.sin(azimuth),
            -np.cos(elevation) * np.cos(azimuth),
            np.sin(elevation),
        ]
    )
    turn, tilt = -azimuth, elevation - np.pi / 2
    around_z = np.array(
        [[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]]
    )
    around_x = np.array(
        [[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]]
    )
    seen = (points - centre) @ (around_x @ around_z).T
    depths = -seen[:, 2]
    flat = float(viewpoint.viewport) * float(viewpoint.focal) * seen[:, :2] / depths[:, None]
    rotation = np.array([[np.cos(theta), -np.sin(theta)], [np.sin(theta), np.cos(theta)]])
    flat = flat @ rotation.T * (1, -1)
    return flat + np.array([viewpoint.px, viewpoint.py], float), depths


def silhouette(model: object, viewpoint: object, size: tuple[int, int]) -> np.ndarray:
    """Draw a CAD model: bool (H, W), all pixels that one of its faces covers."""
    points, depths = project(np.asarray(model.vertices, float).reshape(-1, 3), viewpoint)
    faces = np.asarray(model.faces, int).reshape(-1, 3) - 1
    corners = np.round((points - 1) * 16).astype(np.int64)  # 4 bits of a pixel
    drawn = np.zeros(size, np.uint8)
    for face in faces[(depths[faces] > 0).all(axis=1)]:
        triangle = np.clip(corners[face], -(2**20), 2**20).astype(np.int32)
        cv2.fillConvexPoly(drawn, triangle, 1, shift=4)
    return drawn > 0


def objects_of(path: Path, category: str) -> list:
    """The annotated objects of a category that have a viewpoint."""
    record = loadmat(path, squeeze_me=True, struct_as_record=False)['record']
    return [
        item
        for item in np.atleast_1d(record.objects)
        if getattr(item, 'class', getattr(item, 'cls', '')) == category
        and float(getattr(getattr(item, 'viewpoint', None), 'distance', 0) or 0) > 0
    ]


class VisibleMasks:
    """Reads the objects of an image, of VOC's layout or SBD's."""

    def __init__(self, root: Path, split: str) -> None:
        self.root = root
        self.is_sbd = (root / 'inst').is_dir()
        self.list = root / (
            f'{split}.txt' if self.is_sbd else f'ImageSets/Segmentation/{split}.txt'
        )

    def names(self) -> list[str]:
        return read_text_list(self.list, 'list of images', _HOW_TO_GET).split()

    def read(self, name: str, size: tuple[int, int], category: str) -> list[np.ndarray]:
        """Visible masks of a category, each bool (H, W)."""
        paths = (
            dict(instance_path=str(self.root / f'inst/{name}.mat'))
            if self.is_sbd
            else dict(
                label_path=str(self.root / f'SegmentationClass/{name}.png'),
                instance_path=str(self.root / f'SegmentationObject/{name}.png'),
            )
        )
        sample = dict(img_path=name, **paths)
        classes, objects = (read_sbd if self.is_sbd else read_voc)(sample, size)
        is_category = classes == VOC_METAINFO['classes'].index(category)
        masks = (is_category & (objects == number) for number in np.unique(objects) if number)
        return [mask for mask in masks if mask.any()]


def best_fit(bbox: np.ndarray, masks: list[np.ndarray]) -> np.ndarray | None:
    """The mask whose box has the largest IoU, of a half or more, with an annotated one."""
    left, top, right, bottom = bbox - (1, 1, 0, 0)  # counted from 1, both ends inclusive
    best, found = _LEAST_BOX_IOU, None
    for mask in masks:
        (x1, y1, x2, y2), _ = crop_to_box(mask)
        across, down = min(right, x2) - max(left, x1), min(bottom, y2) - max(top, y1)
        shared = max(across, 0) * max(down, 0)
        overlap = shared / ((right - left) * (bottom - top) + (x2 - x1) * (y2 - y1) - shared)
        if overlap >= best:
            best, found = overlap, mask
    return found


@one_sentence_errors
def main(argv: list[str] | None = None) -> None:
    """Write the images, the masks and, when all are there, the list."""
    args = parse_args(argv)
    source = VisibleMasks(args.voc, args.split)
    wanted, lines, left_out = set(source.names()), [], Counter()
    for category in CATEGORIES:
        cad_path = args.pascal3d / f'CAD/{category}.mat'
        annotations = args.pascal3d / f'Annotations/{category}_pascal'
        if not cad_path.is_file() or not annotations.is_dir():
            raise UserError(f'{cad_path} or {annotations} is not there: name the PASCAL3D+ folder.')
        cad = loadmat(cad_path, squeeze_me=True, struct_as_record=False)[category]
        paths = [path for path in sorted(annotations.glob('*.mat')) if path.stem in wanted]
        for path in tqdm(paths, desc=category, unit='image', disable=None):
            image_path = args.pascal3d / f'Images/{category}_pascal/{path.stem}.jpg'
            image = read_colour(image_path)
            visible = source.read(path.stem, image.shape[:2], category)
            for item in objects_of(path, category):
                seen = best_fit(np.asarray(item.bbox, float), visible)
                model = np.atleast_1d(cad)[int(item.cad_index) - 1]
                full = silhouette(model, item.viewpoint, image.shape[:2])
                if seen is None or not full.any():
                    left_out['no visible mask' if seen is None else 'outside'] += 1
                    continue
                name = f'{category}_{path.stem}_{len(lines):05d}.png'
                black_inside = np.where(full | seen, 0, 255).astype(np.uint8)
                write_image(args.out / f'gt_amodal_real/{name}', black_inside)
                for folder in ('gt_modal_real', 'realimage_modal'):
                    write_image(args.out / f'{folder}/{name}', seen.astype(np.uint8) * 255)
                lines.append(f'{path.stem}.png {name} {name} {name} {category}')
            if lines and lines[-1].startswith(path.stem):
                write_image(args.out / f'realImage/{path.stem}.png', image)
    if not lines:
        raise UserError(f'{args.pascal3d}: no object of {source.list} has a viewpoint and a mask.')
    write_text(args.out / 'annotations/test_real.txt', '\n'.join(lines) + '\n')
    print(f'{len(lines)} objects: {args.out}; left out: {dict(left_out) or "none"}')


if __name__ == '__main__':
    main()
