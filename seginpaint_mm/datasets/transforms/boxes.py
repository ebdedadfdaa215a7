"""Grow the boxes of objects, and frame images around them."""

from collections.abc import Iterable

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from seginpaint_mm.datasets.transforms.packing import resize_smoothly
from seginpaint_mm.geometry.boxes import grow_boxes, tight_boxes
from seginpaint_mm.geometry.masks import mask_tensor
from seginpaint_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class GrowBoxes(BaseTransform):
    """Grow the box of each object's input mask, each side by its own random share.

    The box of an empty mask, where a network predicted nothing of the object, is the whole image.

    SeGAN draws shares from 0.1 to 0.3 of the box's width or height in training (Section 5.1); its
    published code takes 0.2 in tests. Boxes are rounded outwards and cut off at the image's
    border. Call it when the geometry of the image does not change any more.

    Required key: ``gt_input_masks`` bool (n, H, W). Added: ``gt_grown_boxes`` float32 (n, 4),
    (x1, y1, x2, y2) in whole pixels, x2 and y2 exclusive.

    Args:
        share: Least and greatest share; (0.2, 0.2) is not random.

    Raises:
        ValueError: when the shares are out of their range.
    """

    def __init__(self, share: tuple[float, float] = (0.1, 0.3)) -> None:
        if not 0 <= share[0] <= share[1]:
            raise ValueError(
                f'GrowBoxes: share must be (least, greatest) with 0 <= least <= greatest, not '
                f'{share!r}.'
            )
        self.share = share

    def transform(self, results: dict) -> dict:
        masks = mask_tensor(results['gt_input_masks'])
        boxes = tight_boxes(masks, whole_if_empty=True)
        shares = torch.from_numpy(self._draw(len(boxes)))
        results['gt_grown_boxes'] = grow_boxes(boxes, shares, masks.shape[1:]).numpy()
        return results

    @cache_randomness
    def _draw(self, number: int) -> np.ndarray:
        return np.random.uniform(*self.share, (number, 4)).astype(np.float32)


_MASKS = ('gt_visible_masks', 'gt_input_masks', 'gt_full_masks', 'gt_unknown_masks')
_IN_PHOTO = tuple(key.replace('gt_', 'gt_photo_') for key in _MASKS)
_OF_OBJECTS = (*_MASKS, *_IN_PHOTO, 'gt_labels', 'gt_depths', 'gt_appearances')
_COVERED = 0.5  # share of a pixel that must be in a mask
_FULL = 255


@TRANSFORMS.register_module()
class FrameObjects(BaseTransform):
    """Cut a window out of an image with objects, perhaps mirror it, and resize it.

    The window's height and width are the same random share of the image's; its place is random.
    It is resized to exactly ``size``, whatever its shape: SeGAN takes 500x500 (Section 5.1).
    A pixel of a resized mask is set if half of it was. Objects of which nothing is left in the
    window, of what can be seen or of what the network is given (unless it was given nothing of the
    object before), are left out; where none is left,
    the result is None, and a training data set gives another image. With ``keep_all`` none is
    left out: one that nowhere covers half a pixel keeps all that it touches.

    Changed keys: ``img``, ``img_shape`` and those of :class:`LoadAmodalObjects`. Added:
    ``scale_factor`` (width, height) and, with ``keep_photo``, ``gt_photo_visible_masks``,
    ``gt_photo_input_masks`` and ``gt_photo_full_masks``, the masks as they were.

    Args:
        size: (height, width) of the result in pixels.
        window: Least and greatest share of the image's sides; (1, 1) takes all of it.
        flip_prob: Probability that it is mirrored, left to right.
        keep_all: Keep each object, and images without objects, as inference needs them; the
            window is all of the image.
        keep_photo: Keep the masks at the photo's size, for metrics; the window is all of the image,
            which is not mirrored.

    Raises:
        ValueError: when a share or the probability is out of its range, or all objects or the
            photo's masks are to be kept in a part of the image.
    """

    def __init__(
        self,
        size: tuple[int, int],
        window: tuple[float, float] = (1.0, 1.0),
        flip_prob: float = 0.0,
        keep_all: bool = False,
        keep_photo: bool = False,
    ) -> None:
        if not 0 < window[0] <= window[1] <= 1:
            raise ValueError(
                f'FrameObjects: window must be (least, greatest) with 0 < least <= greatest <= 1, '
                f'not {window!r}.'
            )
        if not 0 <= flip_prob <= 1:
            raise ValueError(f'FrameObjects: flip_prob must be from 0 to 1, not {flip_prob!r}.')
        if keep_all and window[0] < 1:
            raise ValueError(
                'FrameObjects: keep_all needs window=(1.0, 1.0): other windows cut objects off.'
            )
        if keep_photo and (window[0] < 1 or flip_prob):
            raise ValueError(
                'FrameObjects: keep_photo needs window=(1.0, 1.0) and flip_prob=0: else the masks '
                'at the size of the photo would be of another image.'
            )
        self.size = tuple(size)
        self.window = window
        self.flip_prob = flip_prob
        self.keep_all = keep_all
        self.keep_photo = keep_photo

    def transform(self, results: dict) -> dict | None:
        height, width = results['img'].shape[:2]
        top, left, bottom, right = self._draw_window(height, width)
        mirrored = slice(None, None, -1 if self._draw_flip() else None)
        is_missed = np.array([not mask.any() for mask in results['gt_input_masks']], bool)
        for key, in_photo in zip(_MASKS, _IN_PHOTO, strict=True):
            if key in results:
                if self.keep_photo:
                    results[in_photo] = results[key]
                cut = (mask[top:bottom, left:right][:, mirrored] for mask in results[key])
                results[key] = self._resize_masks(cut, len(results[key]))
        if 'gt_appearances' in results:
            cut = results['gt_appearances'][:, top:bottom, left:right][:, :, mirrored]
            results['gt_appearances'] = np.stack(
                [resize_smoothly(picture, self.size) for picture in cut]
            )
        cut = results['img'][top:bottom, left:right][:, mirrored]
        results['img'] = resize_smoothly(cut, self.size)
        results['img_shape'] = self.size
        results['scale_factor'] = (self.size[1] / (right - left), self.size[0] / (bottom - top))
        return results if self.keep_all else _without_lost_objects(results, is_missed)

    def _resize_masks(self, masks: Iterable[np.ndarray], count: int) -> np.ndarray:
        """So many masks bool (h, w) to bool (n, *size)."""
        resized = np.zeros((count, *self.size), bool)
        for number, mask in enumerate(masks):
            shares = resize_smoothly(np.where(mask, np.uint8(_FULL), np.uint8(0)), self.size)
            resized[number] = shares > _COVERED * _FULL
            if self.keep_all and not resized[number].any() and mask.any():
                rows, columns = np.nonzero(mask)
                height, width = self.size
                touched = rows * height // len(mask), columns * width // mask.shape[1]
                resized[number][touched] = True
        return resized

    @cache_randomness
    def _draw_window(self, height: int, width: int) -> tuple[int, int, int, int]:
        """Top, left, bottom, right."""
        share = np.random.uniform(*self.window)
        rows, columns = max(1, round(share * height)), max(1, round(share * width))
        top = np.random.randint(height - rows + 1)
        left = np.random.randint(width - columns + 1)
        return top, left, top + rows, left + columns

    @cache_randomness
    def _draw_flip(self) -> bool:
        return bool(np.random.random() < self.flip_prob)


def _without_lost_objects(results: dict, is_missed: np.ndarray) -> dict | None:
    """Leave objects out; ``is_missed`` bool (n,) are those of which nothing was given."""
    seen, given = (results[key].any(axis=(1, 2)) for key in ('gt_visible_masks', 'gt_input_masks'))
    kept = seen & (given | is_missed)
    for key in _OF_OBJECTS:
        if key in results:
            results[key] = results[key][kept]
    return results if kept.any() else None
