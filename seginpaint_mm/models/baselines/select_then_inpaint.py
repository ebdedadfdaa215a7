"""``SelectThenInpaint``: any inpainter behind a mask that it was not trained with (Tables I, V)."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from mmengine.structures import PixelData
from torch import Tensor, nn

from seginpaint_mm.checkpoint import load_part
from seginpaint_mm.models.abilities import UserImages, check_size, objection_to
from seginpaint_mm.models.baselines.finished_model import FinishedModel
from seginpaint_mm.models.baselines.pictures import to_uint8
from seginpaint_mm.models.holes import GIVEN, groups_of_a_size, grow_mask
from seginpaint_mm.registry import MODELS
from seginpaint_mm.structures import SceneSample

_SELECTOR = 'selector'


@MODELS.register_module()
class SelectThenInpaint(UserImages, FinishedModel):
    """Finds the object that overlaps ``hole``, M_G, and fills its mask by an inpainter.

    Maskopt's Table V compares with inpainters that get the mask of a panoptic network trained
    alone; its Table I, which needs no selector, with true masks that are grown or shrunk. All parts
    are finished: ``tools/test.py`` takes their checkpoints from ``part_checkpoints``.

    Args:
        inpainter: Config of a model that adds ``pred_image``, with its data preprocessor.
        selector: Config of a :class:`PanopticMaskSelector`; None for the true mask.
        grow: Pixels by which the mask is grown, or shrunk where it is negative.
        part_checkpoints: Part name -> checkpoint of its training: ``selector``, unless its
            detector's ``init_cfg`` names one, and the inpainter's generators.
    """

    task: ClassVar[str] = 'remove'

    def __init__(
        self,
        *,
        inpainter: dict,
        selector: dict | None = None,
        grow: int = 0,
        part_checkpoints: Mapping[str, str] | None = None,
    ) -> None:
        checkpoints = dict(part_checkpoints or {})
        of_selector = checkpoints.pop(_SELECTOR, None)
        if checkpoints:
            inpainter = {**inpainter, 'part_checkpoints': checkpoints}
        built = MODELS.build(inpainter)
        super().__init__(built.data_preprocessor)
        self.inpainter = built
        self.selector = selector and MODELS.build(selector)
        self.grow = grow
        self._selector_checkpoint = of_selector

    def init_weights(self) -> None:
        """Take the weights of the checkpoints.

        Raises:
            CheckpointError: when one is missing or does not fit.
        """
        super().init_weights()
        if self._selector_checkpoint is not None:
            load_part(self.selector, _SELECTOR, self._selector_checkpoint)

    def generators(self) -> dict[str, nn.Module]:
        """Name -> part that needs a checkpoint: not a detector whose config names one."""
        parts = self.inpainter.generators() if self.inpainter.state_dict() else {}
        if self.selector is None or self.selector.detector.init_cfg:
            return parts
        return {_SELECTOR: self.selector, **parts}

    def check_size(self, height: int, width: int) -> None:
        check_size(self.inpainter, (height, width))

    def objection(self) -> str | None:
        return objection_to(self.inpainter)

    @torch.no_grad()
    def predict(self, inputs: Tensor, data_samples: Sequence[SceneSample]) -> list[SceneSample]:
        """Add ``pred_image`` and ``pred_mask``, uint8 1,h,w, 1 = removed, to each sample.

        An image in which nothing overlaps the hole, or nothing is left of a shrunk mask, stays as
        it is. ``hole`` remains the true one, by which the results are sorted. With the metainfo
        ``remove='hole'`` it is what is filled.
        """
        for normalised, truth, samples in groups_of_a_size(inputs, data_samples):
            pictures = to_uint8(normalised, self.data_preprocessor)
            masks = grow_mask(self._select(pictures, truth, samples), self.grow)
            for sample, picture, mask in zip(samples, pictures, masks, strict=True):
                sample.pred_mask = PixelData(data=mask.to(torch.uint8))
                sample.pred_image = PixelData(data=picture)
            chosen = masks.flatten(1).any(dim=1).nonzero().flatten().tolist()
            if chosen:
                self._fill(normalised[chosen], [samples[number] for number in chosen])
        return list(data_samples)

    def _select(self, pictures: Tensor, truth: Tensor, samples: Sequence[SceneSample]) -> Tensor:
        """The mask to be filled, bool N,1,h,w."""
        if self.selector is None or all(sample.get('remove') == GIVEN for sample in samples):
            return truth
        scaled = pictures.float() / 255
        found = self.selector.segments(scaled, self.selector.look(scaled), samples)
        probability, unmatched = self.selector.select_by_overlap(found, truth)
        return (probability >= 0.5) & ~unmatched[:, None, None, None]

    def _fill(self, inputs: Tensor, samples: Sequence[SceneSample]) -> None:
        """Fill ``pred_mask``: inpainters look at ``hole``."""
        truths = [sample.hole for sample in samples]
        for sample in samples:
            sample.hole = sample.pred_mask
        try:
            self.inpainter(inputs, samples, mode='predict')
        finally:
            for sample, truth in zip(samples, truths, strict=True):
                sample.hole = truth
