"""Cityscapes' layout, with the hidden background classes where the paper's manual labels are."""

import numpy as np

from seginpaint_mm.datasets.street.labels import background_classes
from seginpaint_mm.datasets.street.scene import StreetScene
from seginpaint_mm.datasets.street.writers.layout import Layout


class CityscapesLayout(Layout):
    """`leftImg8bit`, `gtFine` and `gt_manual`, each SPLIT/street/street_SSSSSS_NNNNNN_*.png."""

    def files(self, split: str, sequence: int, number: int) -> dict[str, str]:
        """Path below the data root of each picture that `contents` returns."""
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
