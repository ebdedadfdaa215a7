"""Baselines of two finished networks: inpaint then segment, select then inpaint."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

import torch
from mmengine.model import BaseModel
from mmengine.structures import PixelData
from torch import Tensor, nn

from seginpaint_mm.checkpoint import check_checkpoint_fits, load_checkpoint_safely, load_part
from seginpaint_mm.errors import CheckpointError
from seginpaint_mm.models.abilities import Inpainter, UserImages, check_size, objection_to
from seginpaint_mm.models.holes import GIVEN, fill_holes, groups_of_a_size, grow_mask
from seginpaint_mm.registry import MODELS
from seginpaint_mm.structures import SceneSample


class FinishedModel(BaseModel):
    """Predicts, and does nothing else; ``tools/test.py`` runs it without a checkpoint."""

    @abstractmethod
    def predict(self, inputs: Tensor, data_samples: Sequence[SceneSample]) -> list[SceneSample]:
        """Add predictions to the samples of normalised images, N,3,H,W."""

    def forward(
        self,
        inputs: Tensor,
        data_samples: Sequence[SceneSample] | None = None,
        mode: str = 'predict',
    ) -> list[SceneSample]:
        """Predict; only mode ``'predict'``.

        Raises:
            ValueError: for another mode, as nothing is learnt here.
        """
        if mode != 'predict':
            raise ValueError(f"{type(self).__name__} learns nothing: its mode is 'predict'.")
        return self.predict(inputs, data_samples)


def to_uint8(normalised: Tensor, preprocessor: nn.Module) -> Tensor:
    """The uint8 RGB images that a data preprocessor has normalised, bit for bit."""
    colours = normalised.float() * preprocessor.std + preprocessor.mean
    return colours.round().clamp(0, 255).to(torch.uint8)


def set_paintings(
    data_samples: Sequence[SceneSample], pictures: Tensor, painted: Tensor, hole: Tensor
) -> None:
    """Give each sample ``pred_image``, uint8 3,h,w, RGB: outside the hole the image, bit for bit.

    Args:
        data_samples: N samples.
        pictures: uint8 N,3,h,w.
        painted: The same.
        hole: bool N,1,h,w, True = to be filled.
    """
    filled = fill_holes(pictures, painted, hole)
    for sample, picture in zip(data_samples, filled, strict=True):
        sample.pred_image = PixelData(data=picture)


_PARTS = ('inpainter', 'segmentor')


@MODELS.register_module()
class InpaintThenSegment(Inpainter, FinishedModel):
    """Any inpainter, and any segmentor of its result: SGE-Net's Table 4.

    Both are finished and each has its own checkpoint: this model has no weights, and
    ``tools/test.py`` runs it without a checkpoint.

    Args:
        inpainter: Config of a model that adds ``pred_image``; it gets what ``data_preprocessor``
            gives, so that must be the one it was trained with.
        segmentor: Config of an mmseg segmentor, or of another model that adds ``pred_sem_seg``,
            with its own data preprocessor.
        inpainter_checkpoint: File with its weights; None for an inpainter that has none.
        segmentor_checkpoint: File with its weights.
        data_preprocessor: Config of the inpainter's :class:`SceneDataPreprocessor`.

    Raises:
        CheckpointError: with the first batch, when a checkpoint is missing or another model's.
    """

    def __init__(
        self,
        *,
        inpainter: dict,
        segmentor: dict,
        inpainter_checkpoint: str | None = None,
        segmentor_checkpoint: str | None = None,
        data_preprocessor: dict | None = None,
    ) -> None:
        preprocessor = data_preprocessor or dict(type='SceneDataPreprocessor')
        super().__init__(MODELS.build(preprocessor))
        built = MODELS.build({'data_preprocessor': preprocessor, **inpainter})
        # not sub-modules, whose weights would be expected in this model's checkpoint
        self._nets = [net.requires_grad_(False).eval() for net in (built, MODELS.build(segmentor))]
        self.checkpoints = (inpainter_checkpoint, segmentor_checkpoint)
        self._is_loaded = False

    def _apply(self, fn: Callable[[Tensor], Tensor], *rest: bool) -> nn.Module:
        """Move the nets along."""
        for net in self._nets:
            net._apply(fn, *rest)
        return super()._apply(fn, *rest)

    def class_numbers(self, metainfo: Mapping) -> dict[str, dict[str, int]]:
        """Say which config values belong to a data set's classes; see :class:`ClassCountHook`."""
        count = getattr(self._nets[1], 'num_classes', None)
        if count is None:
            return {}
        return dict(most_classes={'segmentor.decode_head.num_classes': count})

    def check_size(self, height: int, width: int) -> None:
        check_size(self._nets[0], (height, width))

    def objection(self) -> str | None:
        return objection_to(self._nets[0])

    @torch.no_grad()
    def predict(self, inputs: Tensor, data_samples: Sequence[SceneSample]) -> list[SceneSample]:
        """Add ``pred_image`` and ``pred_sem_seg``, int64 1,h,w, the classes of that image."""
        self._load()
        inpainter, segmentor = self._nets
        for sample in inpainter(inputs, data_samples, mode='predict'):
            sample.pred_sem_seg = PixelData(data=_classes(segmentor, sample.pred_image.data))
        return list(data_samples)

    def _load(self) -> None:
        """Load the weights when they are first needed: a config is built without them."""
        if self._is_loaded:
            return
        for part, net, path in zip(_PARTS, self._nets, self.checkpoints, strict=True):
            if path is not None:
                _load_weights(net, path, f'model.{part}_checkpoint')
            elif net.state_dict():
                raise CheckpointError(
                    f'model.{part}_checkpoint is not set, but {type(net).__name__} has weights: '
                    f'name the checkpoint of its training.'
                )
        self._is_loaded = True


def _load_weights(net: nn.Module, path: str, where: str) -> None:
    try:
        state = check_checkpoint_fits(net, load_checkpoint_safely(path), path)
    except CheckpointError as error:
        raise CheckpointError(f'{where}: {error}') from error
    net.load_state_dict(state, strict=False)  # batch counters may be absent


def _classes(segmentor: nn.Module, picture: Tensor) -> Tensor:
    """int64 1,h,w of uint8 3,h,w, RGB."""
    size = tuple(picture.shape[-2:])
    sample = SceneSample(metainfo=dict(img_shape=size, ori_shape=size, pad_shape=size))
    batch = dict(inputs=[picture.flip(0)], data_samples=[sample])
    (segmented,) = segmentor.test_step(batch)
    return segmented.pred_sem_seg.data.long()


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
