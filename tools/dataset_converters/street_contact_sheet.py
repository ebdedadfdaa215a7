"""Draw Street's contact sheet: ``python tools/dataset_converters/street_contact_sheet.py OUT``."""

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # runs without being installed

from seginpaint_mm.cli import one_sentence_errors
from seginpaint_mm.street import StreetScene, render_street
from seginpaint_mm.utils.files import write_bytes

_TILE = (192, 384)  # height, width
_LAYERED = (('day', 6), ('overcast', 4))  # scenes shown with all their layers
_PLAIN = (('day', (1, 2, 3, 10, 12, 17)), ('overcast', (1, 8, 13, 19, 23, 30)))
_CELLS = (2, 3)  # rows and columns of single objects in a tile
_QUALITY = 84
_COLOURS = {
    4: (0, 0, 0), 7: (128, 64, 128), 8: (232, 35, 244), 11: (70, 70, 70), 12: (156, 102, 102),
    13: (153, 153, 190), 17: (153, 153, 153), 19: (30, 170, 250), 20: (0, 220, 220),
    21: (35, 142, 107), 22: (152, 251, 152), 23: (180, 130, 70), 24: (60, 20, 220),
    25: (0, 0, 255), 26: (142, 0, 0), 27: (70, 0, 0), 28: (100, 60, 0), 33: (32, 11, 119),
}  # fmt: skip


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('out', metavar='OUT', help='the sheet, a .jpg file')
    parser.add_argument('--debug', action='store_true', help='show tracebacks')
    return parser.parse_args(argv)


@one_sentence_errors
def main(argv: list[str] | None = None) -> None:
    """Write the sheet: two scenes with all their layers, then more images of both looks."""
    args = parse_args(argv)
    rows = []
    for look, index in _LAYERED:
        rows += _layer_rows(render_street(index, look=look, size=_TILE))
    for look, indices in _PLAIN:
        pictures = [render_street(index, look=look, size=_TILE).image for index in indices]
        rows += [np.hstack(pictures[:3]), np.hstack(pictures[3:])]
    sheet = cv2.imencode('.jpg', np.vstack(rows), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1]
    write_bytes(args.out, sheet.tobytes())


def _layer_rows(scene: StreetScene) -> list[np.ndarray]:
    """The scene with objects, and without; each as image, classes, and what the objects are."""
    seen = [scene.image, _colour(scene.label_ids), _depth(scene)]
    hidden = [scene.background_image, _colour(scene.background_label_ids), _objects(scene)]
    return [np.hstack(seen), np.hstack(hidden)]


def _colour(label_ids: np.ndarray) -> np.ndarray:
    """Label ids (H, W) in Cityscapes' colours (H, W, 3)."""
    table = np.zeros((256, 3), np.uint8)
    table[list(_COLOURS)] = list(_COLOURS.values())
    return table[label_ids]


def _depth(scene: StreetScene) -> np.ndarray:
    """What can be seen of each object, the nearer the brighter (H, W, 3)."""
    tile = np.zeros(scene.image.shape, np.uint8)
    for depth, item in enumerate(scene.objects):
        tile[item.visible_mask] = 255 - 200 * depth // len(scene.objects)
    return tile


def _objects(scene: StreetScene) -> np.ndarray:
    """The largest objects, each whole and alone on white (H, W, 3)."""
    tile = np.full(scene.image.shape, 255, np.uint8)
    largest = sorted(scene.objects, key=lambda item: -np.count_nonzero(item.full_mask))
    cell_height, cell_width = _TILE[0] // _CELLS[0], _TILE[1] // _CELLS[1]
    for number, item in enumerate(largest[: _CELLS[0] * _CELLS[1]]):
        row, column = divmod(number, _CELLS[1])
        height, width = item.rgba.shape[:2]
        scale = min((cell_height - 8) / height, (cell_width - 8) / width, 1.0)
        size = max(int(width * scale), 1), max(int(height * scale), 1)
        small = cv2.resize(item.rgba, size, interpolation=cv2.INTER_AREA)
        top = row * cell_height + (cell_height - size[1]) // 2
        left = column * cell_width + (cell_width - size[0]) // 2
        place = tile[top : top + size[1], left : left + size[0]]
        place[:] = np.where(small[:, :, 3:] >= 128, small[:, :, :3], place)
    return tile


if __name__ == '__main__':
    main()
