"""Canny edges of pictures, as EdgeConnect uses them."""

import cv2
import numpy as np
import torch
from torch import Tensor

_SIGMA = 2.0  # of the smoothing, in pixels
_LOW, _HIGH = 0.1, 0.2  # gradients, of grey values in [0, 1], by the Sobel operator
_FINE = 1000  # OpenCV takes gradients as integers: in thousandths
_LUMINANCE = (0.299, 0.587, 0.114)


def to_grey(pictures: Tensor) -> Tensor:
    """N,1,H,W of N,3,H,W RGB."""
    return (pictures * pictures.new_tensor(_LUMINANCE)[:, None, None]).sum(dim=1, keepdim=True)


def canny_edges(pictures: Tensor, valid: Tensor | None = None) -> Tensor:
    """Edges of grey pictures, smoothed with sigma 2, with hysteresis from 0.1 to 0.2.

    These are scikit-image's defaults, which EdgeConnect takes. OpenCV, which is needed anyway,
    computes them (about a millisecond for 256x256); scikit-image would be one more dependency.

    Args:
        pictures: N,3,H,W float in [0, 1], RGB.
        valid: bool N,1,H,W: what is seen. Elsewhere, and beside it, there are no edges, and what
            is there has no influence.

    Returns:
        Tensor: float32 N,1,H,W of 0 and 1, without gradient.
    """
    grey = to_grey(pictures.detach().float()).cpu().numpy()
    masks = [None] * len(grey) if valid is None else valid.cpu().numpy()[:, 0]
    edges = [_edges(picture, mask) for (picture,), mask in zip(grey, masks, strict=True)]
    return torch.from_numpy(np.stack(edges)[:, None]).to(pictures.device)


def _edges(grey: np.ndarray, valid: np.ndarray | None) -> np.ndarray:
    if valid is None:
        return _canny(_smooth(grey))
    weight = valid.astype(np.float32)
    smoothed = _smooth(grey * weight) / np.maximum(_smooth(weight), np.finfo(np.float32).eps)
    inner = cv2.erode(valid.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=1)
    return _canny(smoothed) * inner


def _smooth(grey: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(grey, (0, 0), _SIGMA, borderType=cv2.BORDER_REPLICATE)


def _canny(smoothed: np.ndarray) -> np.ndarray:
    """float32 (H, W) of 0 and 1."""
    gradients = [
        np.rint(cv2.Sobel(smoothed, cv2.CV_32F, *way) * _FINE).astype(np.int16)
        for way in ((1, 0), (0, 1))
    ]
    edges = cv2.Canny(*gradients, _LOW * _FINE, _HIGH * _FINE, L2gradient=True)
    return (edges > 0).astype(np.float32)
