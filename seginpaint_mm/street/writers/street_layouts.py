"""Write rendered streets in the layouts of Cityscapes, KITTI and CamVid."""

import numpy as np

from seginpaint_mm.street import labels
from seginpaint_mm.street.labels import background_classes
from seginpaint_mm.street.render import StreetScene
from seginpaint_mm.street.writers.writer import Layout


class CityscapesLayout(Layout):
    """`leftImg8bit`, `gtFine` and `gt_manual`, each SPLIT/street/street_SSSSSS_NNNNNN_*.png."""

    def files(self, split: str, sequence: int, number: int) -> dict[str, str]:
        """Path below the data root of each image that `contents` returns."""
        stem = f'{split}/street/street_{sequence:06d}_{number:06d}'
        return {
            'image': f'leftImg8bit/{stem}_leftImg8bit.png',
            'label_ids': f'gtFine/{stem}_gtFine_labelIds.png',
            'instance_ids': f'gtFine/{stem}_gtFine_instanceIds.png',
            'background': f'gt_manual/{stem}_gt_manual.png',
        }

    def contents(self, scene: StreetScene) -> dict[str, np.ndarray]:
        """Image, label ids, instance ids (id * 1000 + n), background 0 road 1 sidewalk 2 other."""
        return {
            'image': scene.image,
            'label_ids': scene.label_ids,
            'instance_ids': scene.instance_ids,
            'background': background_classes(scene.background_label_ids),
        }


class KITTILayout(Layout):
    """`training/{image_2,semantic,instance}` and `gt_manual/test`, each NNNNNN_10.png."""

    splits = ('val',)

    def files(self, split: str, sequence: int, number: int) -> dict[str, str]:
        """Path below the data root of each image that `contents` returns."""
        name = f'{number:06d}_10.png'
        return {
            'image': f'training/image_2/{name}',
            'label_ids': f'training/semantic/{name}',
            'instance_ids': f'training/instance/{name}',
            'background': f'gt_manual/test/{name}',
        }

    def contents(self, scene: StreetScene) -> dict[str, np.ndarray]:
        """Image, label ids, instance ids (id * 256 + n, n >= 1 for objects), background classes."""
        label_ids = scene.label_ids.astype(np.uint16)
        number = np.where(scene.instance_ids >= 1000, scene.instance_ids % 1000 + 1, 0)
        return {
            'image': scene.image,
            'label_ids': scene.label_ids,
            'instance_ids': (label_ids * 256 + np.minimum(number, 255)).astype(np.uint16),
            'background': background_classes(scene.background_label_ids),
        }


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
        """Path below the data root of each image that `contents` returns."""
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
