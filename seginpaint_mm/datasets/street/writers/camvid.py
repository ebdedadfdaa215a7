"""CamVid's layout as SegNet's authors made it, with the hidden background classes beside it."""

import numpy as np

from seginpaint_mm.datasets.street import labels
from seginpaint_mm.datasets.street.scene import StreetScene
from seginpaint_mm.datasets.street.writers.layout import Layout

_UNLABELLED = 11
_CAMVID = {
    labels.SKY: 0,
    labels.BUILDING: 1,
    labels.WALL: 1,
    labels.POLE: 2,
    labels.ROAD: 3,
    labels.SIDEWALK: 4,
    labels.VEGETATION: 5,
    labels.TERRAIN: 5,
    labels.TRAFFIC_SIGN: 6,
    labels.TRAFFIC_LIGHT: 6,
    labels.FENCE: 7,
    labels.CAR: 8,
    labels.TRUCK: 8,
    labels.BUS: 8,
    labels.PERSON: 9,
    labels.RIDER: 10,
    labels.BICYCLE: 10,
}


def _table() -> np.ndarray:
    table = np.full(256, _UNLABELLED, np.uint8)
    table[list(_CAMVID)] = list(_CAMVID.values())
    return table


_TABLE = _table()


class CamVidLayout(Layout):
    """`SPLIT`, `SPLITannot` and `SPLITbackground`, each street_NNNNNN.png."""

    def files(self, split: str, sequence: int, number: int) -> dict[str, str]:
        """Path below the data root of each picture that `contents` returns."""
        name = f'street_{number:06d}.png'
        return {
            'image': f'{split}/{name}',
            'label_ids': f'{split}annot/{name}',
            'background': f'{split}background/{name}',
        }

    def contents(self, scene: StreetScene) -> dict[str, np.ndarray]:
        """Image, labels 0-11 of SegNet's CamVid, background 0 road 1 sidewalk 2 other 255 void."""
        return {
            'image': scene.image,
            'label_ids': _TABLE[scene.label_ids],
            'background': labels.background_classes(scene.background_label_ids),
        }
