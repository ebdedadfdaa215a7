"""From the pipeline's objects that may be partly hidden to ``gt_instances``."""

import numpy as np
import torch
from mmengine.structures import InstanceData

from seginpaint_mm.box_crops import tight_boxes

_IF_THERE = {
    'full_masks': 'gt_full_masks',
    'depth': 'gt_depths',
    'grown_boxes': 'gt_grown_boxes',
    'photo_masks': 'gt_photo_visible_masks',
    'photo_input_masks': 'gt_photo_input_masks',
    'photo_full_masks': 'gt_photo_full_masks',
}


def amodal_instances(results: dict) -> InstanceData:
    """Pack the keys of :class:`LoadAmodalObjects` for :class:`PackScene`."""
    given = torch.from_numpy(results['gt_input_masks'])
    instances = InstanceData(
        masks=torch.from_numpy(results['gt_visible_masks']),
        input_masks=given,
        labels=torch.from_numpy(results['gt_labels']),
        bboxes=tight_boxes(given, whole_if_empty=True),
    )
    for name, key in _IF_THERE.items():
        if key in results:
            instances.set_field(torch.from_numpy(results[key]), name)
    if 'gt_appearances' in results:
        rgb = results['gt_appearances'][..., ::-1].transpose(0, 3, 1, 2)
        instances.full_appearance = torch.from_numpy(np.ascontiguousarray(rgb))
    return instances
