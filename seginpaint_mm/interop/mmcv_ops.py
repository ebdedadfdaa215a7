"""Provide ``mmcv._ext`` from torchvision where mmcv was installed without compiled operators.

``mmcv.ops`` imports its compiled operators from ``mmcv._ext``. An installation without them fails
at that import, and mmdet with it. The finder below answers the import with operators of
torchvision and PyTorch; it stands last in ``sys.meta_path``, so compiled operators, where there
are any, are used untouched.
"""

import importlib.machinery
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

NAME = 'mmcv._ext'


class OperatorFinder:
    """Answer ``import mmcv._ext`` when no other finder did."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> Any:
        if name != NAME:
            return None
        return importlib.machinery.ModuleSpec(name, OperatorFinder)

    @staticmethod
    def create_module(spec: Any) -> ModuleType:
        return _Operators(spec.name)

    @staticmethod
    def exec_module(module: ModuleType) -> None:
        pass


class _Operators(ModuleType):
    """The module: known operators, and for any other name a function that raises."""

    def __getattr__(self, name: str) -> Callable:
        if name.startswith('__'):
            raise AttributeError(name)
        return OPERATORS.get(name) or _missing(name)


def install() -> None:
    """Make ``mmcv._ext`` importable; calling it again changes nothing."""
    if not any(finder is OperatorFinder for finder in sys.meta_path):
        sys.meta_path.append(OperatorFinder)


def _missing(name: str) -> Callable:
    def missing(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError(
            f'mmcv was installed without its compiled operator {name}, and torchvision has none: '
            'compile it with OPS=compiled make setup'
        )

    return missing


def _nms(boxes: Any, scores: Any, iou_threshold: float, offset: int = 0) -> Any:
    import torchvision

    if offset:
        boxes = boxes.clone()
        boxes[:, 2:] += offset
    return torchvision.ops.nms(boxes, scores, float(iou_threshold))


def _roi_align_forward(
    features: Any,
    rois: Any,
    output: Any,
    argmax_y: Any,
    argmax_x: Any,
    aligned_height: int,
    aligned_width: int,
    spatial_scale: float,
    sampling_ratio: int,
    pool_mode: int,
    aligned: bool,
) -> None:
    import torch

    output.copy_(
        torch.ops.torchvision.roi_align(
            features, rois, spatial_scale, aligned_height, aligned_width, sampling_ratio, aligned
        )
    )


def _roi_align_backward(
    grad_output: Any,
    rois: Any,
    argmax_y: Any,
    argmax_x: Any,
    grad_input: Any,
    aligned_height: int,
    aligned_width: int,
    spatial_scale: float,
    sampling_ratio: int,
    pool_mode: int,
    aligned: bool,
) -> None:
    import torch

    grad_input.copy_(
        torch.ops.torchvision._roi_align_backward(
            grad_output,
            rois,
            spatial_scale,
            aligned_height,
            aligned_width,
            *grad_input.shape,
            sampling_ratio,
            aligned,
        )
    )


def _nms_match(dets: Any, iou_threshold: float) -> list:
    import torchvision

    boxes, left, groups = dets[:, :4], dets[:, 4].argsort(descending=True, stable=True), []
    while len(left):
        overlaps = torchvision.ops.box_iou(boxes[left[:1]], boxes[left])[0] >= iou_threshold
        overlaps[0] = True
        groups.append(left[overlaps].tolist())
        left = left[~overlaps]
    return groups


OPERATORS: dict[str, Callable] = {
    'nms': _nms,
    'nms_match': _nms_match,
    'roi_align_forward': _roi_align_forward,
    'roi_align_backward': _roi_align_backward,
}
