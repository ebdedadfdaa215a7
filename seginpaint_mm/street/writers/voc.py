"""Write rendered streets in the layouts of VOC and SBD."""

from io import BytesIO

import numpy as np
from PIL import Image
from scipy.io import savemat

from seginpaint_mm.street import labels
from seginpaint_mm.street.render import StreetScene
from seginpaint_mm.street.writers.writer import Layout

_VOC = {labels.BICYCLE: 2, labels.BUS: 6, labels.CAR: 7, labels.PERSON: 15, labels.RIDER: 15}


class VOCLayout(Layout):
    """`JPEGImages`, `Segmentation{Class,ClassAug,Object}` and `ImageSets/Segmentation/SPLIT.txt`.

    The two class maps are the same. There are no void borders: the maps are exact.
    """

    def files(self, split: str, sequence: int, number: int) -> dict[str, str]:
        """Path below the data root of each file that `contents` returns."""
        name = scene_name(sequence, number)
        return {
            'image': f'JPEGImages/{name}.jpg',
            'classes': f'SegmentationClass/{name}.png',
            'classes_aug': f'SegmentationClassAug/{name}.png',
            'objects': f'SegmentationObject/{name}.png',
        }

    def contents(self, scene: StreetScene) -> dict[str, np.ndarray | bytes]:
        """Image, classes 0-20 twice, objects 1, 2, ...; the maps as PNGs with VOC's palette."""
        classes, objects, _ = voc_maps(scene)
        coloured_classes = _with_palette(classes)
        return {
            'image': scene.image,
            'classes': coloured_classes,
            'classes_aug': coloured_classes,
            'objects': _with_palette(objects),
        }

    def lists(self, split: str, sequence: int, count: int) -> dict[str, str]:
        """The names of the split's scenes."""
        return {f'ImageSets/Segmentation/{split}.txt': list_of_scenes(sequence, count)}


def scene_name(sequence: int, number: int) -> str:
    """Name of a scene's files."""
    return f'street_{sequence:06d}_{number:06d}'


def list_of_scenes(sequence: int, count: int) -> str:
    """The names of the scenes 0 to `count` - 1, one per line."""
    return ''.join(f'{scene_name(sequence, number)}\n' for number in range(count))


def voc_maps(scene: StreetScene) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """VOC's classes uint8 (H, W), objects uint8 (H, W) and the class of each object, uint8 (n,)."""
    table = np.zeros(256, np.uint8)
    table[list(_VOC)] = list(_VOC.values())
    classes = table[scene.label_ids]
    ids, numbers = np.unique(np.where(classes, scene.instance_ids, 0), return_inverse=True)
    objects = numbers.reshape(classes.shape).astype(np.uint8)
    if ids[0]:
        objects += 1  # nothing of the scene is background
    return classes, objects, table[ids[ids > 0] // 1000]


def _with_palette(ids: np.ndarray) -> bytes:
    image = Image.fromarray(ids)
    image.putpalette(_PALETTE)
    file = BytesIO()
    image.save(file, 'PNG')
    return file.getvalue()


def _voc_palette() -> bytes:
    """VOC's 256 colours: bit k of an id is in colour k % 3, the lower the more significant."""
    bits = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1, bitorder='little')
    weights = 128 >> np.arange(3)
    colours = [bits[:, start::3] @ weights[: len(range(start, 8, 3))] for start in range(3)]
    return np.stack(colours, axis=1).astype(np.uint8).tobytes()


_PALETTE = _voc_palette()


_HEADER = b'MATLAB 5.0 MAT-file, Street'.ljust(116)


class SBDLayout(Layout):
    """`img/*.jpg`, `cls/*.mat` (GTcls), `inst/*.mat` (GTinst) and `SPLIT.txt`.

    SBD's `Boundaries` are not written.
    """

    def files(self, split: str, sequence: int, number: int) -> dict[str, str]:
        """Path below the data root of each file that `contents` returns."""
        name = scene_name(sequence, number)
        return {
            'image': f'img/{name}.jpg',
            'classes': f'cls/{name}.mat',
            'objects': f'inst/{name}.mat',
        }

    def contents(self, scene: StreetScene) -> dict[str, np.ndarray | bytes]:
        """Image, classes 0-20 and those present, objects 1, 2, ... and the class of each."""
        classes, objects, categories = voc_maps(scene)
        present = np.unique(categories)
        return {
            'image': scene.image,
            'classes': _matlab('GTcls', classes, CategoriesPresent=present[:, None]),
            'objects': _matlab('GTinst', objects, Categories=categories[:, None]),
        }

    def lists(self, split: str, sequence: int, count: int) -> dict[str, str]:
        """The names of the split's scenes."""
        return {f'{split}.txt': list_of_scenes(sequence, count)}


def _matlab(name: str, segmentation: np.ndarray, **columns: np.ndarray) -> bytes:
    file = BytesIO()
    savemat(file, {name: dict(Segmentation=segmentation, **columns)}, do_compression=True)
    return _HEADER + file.getvalue()[len(_HEADER) :]  # without the time, so that bytes are equal
