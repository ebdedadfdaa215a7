"""The layout of SBD, which holds VOC's classes in Matlab's files."""

from io import BytesIO

import numpy as np
from scipy.io import savemat

from seginpaint_mm.datasets.street.scene import StreetScene
from seginpaint_mm.datasets.street.writers.layout import Layout
from seginpaint_mm.datasets.street.writers.voc import list_of_scenes, scene_name, voc_maps

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
