"""Samples with instances drawn by hand or by chance, for tests of what learns or finds them."""

import numpy as np
import torch
from mmengine.structures import InstanceData, PixelData

from seginpaint_mm.structures import SceneSample


def instances_of(masks: np.ndarray, labels: list[int]) -> InstanceData:
    """Masks bool (n, H, W), none empty, with their tight boxes, as ``PackScene`` makes them."""
    boxes = []
    for mask in masks:
        rows, columns = np.nonzero(mask)
        boxes.append([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
    return InstanceData(
        masks=torch.from_numpy(masks),
        labels=torch.tensor(labels, dtype=torch.int64),
        bboxes=torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4),
    )


def instance_sample(
    masks: np.ndarray, labels: list[int], thing_ids: tuple[int, ...]
) -> SceneSample:
    """A sample whose classes are 0 and, on the masks, the semantic ids of their things."""
    height, width = masks.shape[1:]
    classes = torch.zeros(1, height, width, dtype=torch.int64)
    for mask, label in zip(masks, labels, strict=True):
        classes[0][torch.from_numpy(mask)] = thing_ids[label]
    sample = SceneSample(
        metainfo=dict(img_shape=(height, width), ori_shape=(height, width), img_path='drawn.png')
    )
    sample.gt_sem_seg = PixelData(data=classes)
    sample.gt_instances = instances_of(masks, labels)
    return sample


def rectangles(
    size: tuple[int, int], num: int, num_things: int, seed: int = 0
) -> tuple[np.ndarray, list[int]]:
    """Masks and labels of up to ``num`` rectangles, later ones in front, without hidden ones."""
    random = np.random.default_rng(seed)
    front = np.zeros(size, dtype=np.int64)
    for number in range(1, num + 1):
        top, left = (random.integers(0, length) for length in size)
        height, width = (random.integers(1, max(length // 2, 2)) for length in size)
        front[top : top + height, left : left + width] = number
    seen = np.unique(front[front > 0])
    labels = random.integers(0, num_things, len(seen)).tolist()
    return front == seen[:, None, None], labels
