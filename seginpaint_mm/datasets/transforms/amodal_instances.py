"""From the pipeline's objects that may be partly hidden to ``gt_instances``."""

import numpy as np
import torch
from mmengine.structures import InstanceData

from seginpaint_mm.box_crops import tight_boxes


def amodal_instances(results: dict) -> InstanceData:
    """Pack the keys of :class:`LoadAmodalObjects` for :class:`PackScene`."""
    given = torch.from_numpy(results['gt_input_masks'])
    instances = InstanceData(
        masks=torch.from_numpy(results['gt_visible_masks']),
        input_masks=given,
        labels=torch.from_numpy(results['gt_labels']),
        bboxes=tight_boxes(given, whole_if_empty=True),
    )
    if 'gt_full_masks' in results:
        instances.full_masks = torch.from_numpy(results['gt_full_masks'])
    if 'gt_depths' in results:
        instances.depth = torch.from_numpy(results['gt_depths'])
    if 'gt_grown_boxes' in results:
        instances.grown_boxes = torch.from_numpy(results['gt_grown_boxes'])
    if 'gt_appearances' in results:
        rgb = results['gt_appearances'][..., ::-1].transpose(0, 3, 1, 2)
        instances.full_appearance = torch.from_numpy(np.ascontiguousarray(rgb))
    return instances
