"""``ConvexHullCompleter``: amodal completion without a network, the trivial answer."""

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
import torch
from torch import Tensor
from torchvision.ops import roi_align

from seginpaint_mm.geometry.boxes import crop_masks
from seginpaint_mm.geometry.depth_order import check_occluders, complete_behind
from seginpaint_mm.geometry.masks import CroppedMaskTensor, crop_to_box
from seginpaint_mm.models.abilities import ObjectCompleter
from seginpaint_mm.models.baselines.two_stages import FinishedModel
from seginpaint_mm.models.data_preprocessor import check_normalisation, groups_by_size
from seginpaint_mm.models.segan.objects import collect_objects, set_predictions
from seginpaint_mm.models.segan.painting import nearest_colours
from seginpaint_mm.registry import MODELS
from seginpaint_mm.structures import SceneSample


@MODELS.register_module()
class ConvexHullCompleter(ObjectCompleter, FinishedModel):
    """Completes each object by the convex hull of its visible mask, cut at objects in front of it.

    The baseline beside :class:`SeGAN` that learns nothing: ``tools/test.py`` and ``infer.py`` run
    it without a checkpoint. What is hidden has the colour of the object's nearest visible pixel.

    Args:
        data_preprocessor: Config of a :class:`SceneDataPreprocessor`; None for its defaults.
        occluders: ``'given'``: objects hide each other and nothing else does, so that the hull
            counts only where an object in front is seen, see :func:`complete_behind`; ``'any'``:
            all of the hull.
        occluder_growth: Distance in pixels up to which that reaches beyond objects in front.
        mask_size: Side of ``full_probs``.
        painter_size: Side of ``painted``.
        box_growth: As in :class:`SeGAN`, where the samples have no ``grown_boxes``.

    Raises:
        ValueError: when an argument is out of its range.
    """

    sees_photos = True  # at their own size: FrameObjects is for networks

    def __init__(
        self,
        *,
        data_preprocessor: dict | None = None,
        occluders: str = 'given',
        occluder_growth: int = 0,
        mask_size: int = 58,
        painter_size: int = 256,
        box_growth: float = 0.2,
    ) -> None:
        super().__init__(MODELS.build(data_preprocessor or dict(type='SceneDataPreprocessor')))
        check_occluders(occluders, occluder_growth)
        check_normalisation(self)
        self.occluders = occluders
        self.occluder_growth = occluder_growth
        self.mask_size = mask_size
        self.painter_size = painter_size
        self.box_growth = box_growth

    def predict(self, inputs: Tensor, data_samples: Sequence[SceneSample]) -> list[SceneSample]:
        """Add ``pred_instances`` with the fields that :meth:`SeGAN.predict` describes.

        ``full_probs`` are 0 or 1, and ``scores`` 1.

        Raises:
            ValueError: see :func:`collect_objects`.
        """
        for images, samples in groups_by_size(inputs, data_samples, self.data_preprocessor):
            for image, sample in zip(images, samples, strict=True):
                pairs = zip(self.data_preprocessor.mean, self.data_preprocessor.std, strict=True)
                rgb = (
                    channel * std + mean for channel, (mean, std) in zip(image, pairs, strict=True)
                )
                self._predict(rgb, tuple(image.shape[-2:]), sample)
        return list(data_samples)

    def test_step(self, data: dict) -> list[SceneSample]:
        """Predict images as the loader gives them, one at a time and channel by channel."""
        restored = getattr(self.data_preprocessor, 'restored_channels', None)
        if restored is None:
            return super().test_step(data)
        samples = self.data_preprocessor.cast_data(list(data['data_samples']))
        divisor = self.data_preprocessor.pad_size_divisor
        for image, sample in zip(data['inputs'], samples, strict=True):
            size = tuple(side + -side % divisor for side in image.shape[-2:])
            self._predict(restored(image), size, sample)
        return samples

    val_step = test_step

    def _predict(
        self, channels: Iterable[Tensor], size: tuple[int, int], sample: SceneSample
    ) -> None:
        """Complete the objects of an image, R, G and B, float32 (H, W) of ``size`` each."""
        objects = collect_objects([sample], size, self.box_growth, cropped=True)
        given, boxes = objects.given, objects.boxes
        hulls = CroppedMaskTensor.of_crops(
            ((box, _hull(given.crop(row))) for row, box in enumerate(given.boxes)), size
        )
        full, _ = complete_behind(given, hulls, self.occluders, self.occluder_growth)
        results = dict(
            masks=given,
            grown_boxes=boxes,
            full_masks=full,
            full_probs=crop_masks(full, boxes, self.mask_size).float(),
            scores=torch.ones_like(boxes[:, 0]),
            painted=self._paint(channels, given, full, boxes),
        )
        of_sample = sample.gt_instances.masks
        if not isinstance(of_sample, CroppedMaskTensor):  # then neither are the results
            results = {name: value[...].to(of_sample.device) for name, value in results.items()}
        image_index = objects.image_index.to(of_sample.device)
        set_predictions([sample], results, image_index, size)

    def _paint(
        self,
        channels: Iterable[Tensor],
        given: CroppedMaskTensor,
        full: CroppedMaskTensor,
        boxes: Tensor,
    ) -> Tensor:
        """RGBA, uint8 (n, 4, S, S), in the boxes."""
        side = self.painter_size
        crops = []
        for channel in channels:
            crops.append(_cropped(channel, boxes, side))
            del channel  # before the next one is made
        seen, whole = (crop_masks(masks, boxes, side) for masks in (given, full))
        painted = torch.zeros(len(boxes), 4, side, side, dtype=torch.uint8)
        for picture, crop, visible, opaque in zip(
            painted, torch.cat(crops, dim=1), seen, whole, strict=True
        ):
            picture[:3] = nearest_colours(crop, visible)
            picture[3] = opaque * 255
        return painted


def convex_hull(mask: Tensor) -> Tensor:
    """Fill the smallest convex polygon around the centres of a mask's pixels.

    Args:
        mask: bool (H, W).

    Returns:
        bool (H, W), which holds the mask; empty where it is empty.
    """
    hull = torch.zeros_like(mask)
    (left, top, right, bottom), crop = crop_to_box(mask.cpu().numpy())
    hull[top:bottom, left:right] = torch.from_numpy(_hull(crop)).to(mask.device)
    return hull


def _hull(crop: np.ndarray) -> np.ndarray:
    """The same of a mask in its tight box, bool (h, w)."""
    if not crop.size:
        return crop
    bits = np.ascontiguousarray(crop).view(np.uint8)
    corners = cv2.convexHull(cv2.findNonZero(bits))
    return (cv2.fillConvexPoly(np.zeros_like(bits), corners, 1) > 0) | crop


def _cropped(channel: Tensor, boxes: Tensor, side: int) -> Tensor:
    """What float32 (H, W) shows in the boxes, uint8 (n, 1, S, S) on the CPU."""
    crops = roi_align(channel[None, None], [boxes.to(channel.device)], side, aligned=True)
    return crops.round().clamp(0, 255).to(torch.uint8).cpu()
