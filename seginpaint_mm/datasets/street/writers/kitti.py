"""KITTI's semantics layout, with the hidden background classes where the manual labels are."""

import numpy as np

from seginpaint_mm.datasets.street.labels import background_classes
from seginpaint_mm.datasets.street.scene import StreetScene
from seginpaint_mm.datasets.street.writers.layout import Layout


class KITTILayout(Layout):
    """`training/{image_2,semantic,instance}` and `gt_manual/test`, each NNNNNN_10.png."""

    splits = ('val',)

    def files(self, split: str, sequence: int, number: int) -> dict[str, str]:
        """Path below the data root of each picture that `contents` returns."""
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
