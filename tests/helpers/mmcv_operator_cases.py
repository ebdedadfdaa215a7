"""Inputs of mmcv's operators whose results with the compiled ones are recorded in the repository.

    python -m tests.helpers.mmcv_operator_cases

writes the record, ``tests/test_interop/mmcv_operators.npz``, where mmcv's operators are compiled
(``OPS=compiled make setup``); it was made with onedl-mmcv 2.3.6 for the CPU. Operators that mmcv
has for the GPU only (RoIPool, the focal losses and deformable attention) are compared with
``mmcv_reference.py`` instead.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import mmcv.ops
import numpy as np
import torch
from torch import Tensor

from tests.helpers import mmcv_reference

RECORD = Path(__file__).parents[1] / 'test_interop' / 'mmcv_operators.npz'


def floats(seed: int, *shape: int, low: float = -1, high: float = 1) -> Tensor:
    """Return random float32 that are the same on every machine."""
    values = np.random.default_rng(seed).random(shape) * (high - low) + low
    return torch.from_numpy(values.astype(np.float32))


def boxes_with_ties(seed: int, number: int) -> Tensor:
    """Return boxes and scores (N, 5) on a coarse grid, so that IoUs and scores are equal often.

    Boxes of equal scores are in the order given here; mmcv's compiled operators have them in one
    that depends on the processor.
    """
    whole = floats(seed, number, 5, low=0, high=12).floor()
    whole[:, 2:4] += whole[:, :2] + 1
    whole[:, 4] /= 12
    return whole


def boxes_with_equal_overlaps(seed: int, number: int) -> Tensor:
    """Return boxes (N, 5) as :func:`boxes_with_ties`, and scores that differ."""
    boxes = boxes_with_ties(seed, number)
    boxes[:, 4] = torch.from_numpy(np.random.default_rng(seed).permutation(number)) / number
    return boxes


def boxes_apart(seed: int, number: int) -> Tensor:
    """Return boxes and scores (N, 5) without equal ones."""
    boxes = floats(seed, number, 5, low=0, high=40)
    boxes[:, 2:4] += boxes[:, :2]
    boxes[:, 4] /= 40
    return boxes


def _nms(dets: Tensor, threshold: float, offset: int) -> list[Tensor]:
    return [mmcv.ops.nms(dets[:, :4], dets[:, 4], threshold, offset)[1]]


def _soft_nms(dets: Tensor, method: str, offset: int) -> list[Tensor]:
    boxes, scores = dets[:, :4].contiguous(), dets[:, 4].contiguous()
    return list(mmcv.ops.soft_nms(boxes, scores, 0.3, 0.5, 0.05, method, offset))


def _nms_match(dets: Tensor, threshold: float) -> list[Tensor]:
    groups = mmcv.ops.nms_match(dets, threshold)
    return [torch.cat(groups), torch.tensor([len(group) for group in groups])]


def _bbox_overlaps(mode: str, aligned: bool, offset: int) -> list[Tensor]:
    one, other = boxes_with_ties(1, 12)[:, :4], boxes_with_ties(2, 12)[:, :4]
    return [mmcv.ops.bbox_overlaps(one, other, mode, aligned, offset)]


def _roi_align(pool_mode: str, aligned: bool, sampling_ratio: int) -> list[Tensor]:
    features = floats(3, 2, 3, 9, 11).requires_grad_()
    rois = boxes_apart(4, 7)[:, [4, 0, 1, 2, 3]]
    rois[:, 0] = torch.arange(7) % 2
    return mmcv_reference.outcome(
        mmcv.ops.roi_align, features, rois, (4, 3), 0.25, sampling_ratio, pool_mode, aligned
    )


def _deform_conv(modulated: bool, moved: bool, geometry: tuple) -> list[Tensor]:
    stride, padding, dilation, groups, deform_groups = geometry
    outputs = [(size + 2 * padding - 2 * dilation - 1) // stride + 1 for size in (7, 8)]
    features = floats(5, 2, 4, 7, 8).requires_grad_()
    weight = floats(6, 6, 4 // groups, 3, 3).requires_grad_()
    offset = floats(7, 2, 18 * deform_groups, *outputs, low=-3, high=3) * moved
    offset.requires_grad_()
    if not modulated:
        return mmcv_reference.outcome(
            mmcv.ops.deform_conv2d, features, offset, weight, *geometry, False, 2
        )
    mask = floats(8, 2, 9 * deform_groups, *outputs).requires_grad_()
    bias = floats(9, 6).requires_grad_()
    return mmcv_reference.outcome(
        mmcv.ops.modulated_deform_conv2d, features, offset, mask, weight, bias, *geometry
    )


def _cases() -> dict[str, Callable[[], list[Tensor]]]:
    cases = {}
    for kind, dets in {
        'tied': boxes_with_equal_overlaps(0, 60),
        'apart': boxes_apart(0, 60),
    }.items():
        for threshold in (0.3, 0.5, 0.7):
            cases[f'nms_match {kind} {threshold}'] = partial(_nms_match, dets, threshold)
            for offset in (0, 1):
                cases[f'nms {kind} {threshold} {offset}'] = partial(_nms, dets, threshold, offset)
        for method in ('naive', 'linear', 'gaussian'):
            for offset in (0, 1):
                name = f'soft_nms {kind} {method} {offset}'
                cases[name] = partial(_soft_nms, dets, method, offset)
    for aligned in (False, True):
        for offset in (0, 1):
            for mode in ('iou', 'iof'):
                name = f'bbox_overlaps {mode} {aligned} {offset}'
                cases[name] = partial(_bbox_overlaps, mode, aligned, offset)
        for pool_mode in ('avg', 'max'):
            for ratio in (0, 2):
                name = f'roi_align {pool_mode} {aligned} {ratio}'
                cases[name] = partial(_roi_align, pool_mode, aligned, ratio)
    for geometry in ((1, 1, 1, 1, 1), (2, 0, 1, 2, 2), (1, 2, 2, 1, 4)):
        for moved in (False, True):
            for modulated in (False, True):
                name = f'deform_conv {modulated} {moved} {geometry}'
                cases[name] = partial(_deform_conv, modulated, moved, geometry)
    return cases


CASES = _cases()


def main() -> None:
    if not mmcv_reference.IS_COMPILED:
        raise SystemExit(mmcv_reference.NOT_COMPILED)
    arrays = {
        f'{name}/{number}': tensor.numpy()
        for name, case in CASES.items()
        for number, tensor in enumerate(case())
    }
    np.savez_compressed(RECORD, **arrays)
    print(f'{len(CASES)} cases, {RECORD.stat().st_size / 1000:.0f} kB: {RECORD}')


if __name__ == '__main__':
    main()
