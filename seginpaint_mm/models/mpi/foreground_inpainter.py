"""The segmentor of semantic foreground inpainting (Fig. 2), and of its two-stage baseline [6]."""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseModel
from mmengine.structures import PixelData
from torch import Tensor

from seginpaint_mm.models.backbones import StagedResNet
from seginpaint_mm.models.data_preprocessor import (
    groups_by_size,
    pad_bottom_right,
    padding_mask,
)
from seginpaint_mm.models.mpi.mpi_neck import POSITIONS
from seginpaint_mm.registry import MODELS
from seginpaint_mm.structures import SceneSample
from seginpaint_mm.utils.graphs import HOLE, IMAGE, NETWORK, Graph, leaves_python

MASKS = ('predicted', 'truth')
# Of the light foreground branch: as published, and as in version 0.1.
LIGHT_DILATIONS = (2, 2)
EARLIER_LIGHT_DILATIONS = (1, 2)


@MODELS.register_module()
class ForegroundInpainter(BaseModel):
    """Finds the foreground and the background's classes, also behind the foreground.

    The main branch is ``backbone`` and ``background_head``; ``neck`` fills the foreground's
    features at ``neck.position`` on the way. The mask comes from the foreground branch, whose
    features are its own (``foreground_backbone``) or the main branch's ``layer2`` (the paper's
    "ours-faster"). No gradient goes from the background's loss into the foreground branch.

    With the neck at the input, blacking out, and a foreground network of its own that is trained
    apart from it (``train_mask='truth'``) it is the two-stage baseline [6].

    Args:
        backbone: config of a :class:`StagedResNet`; it may have fewer than four stages.
        neck: config of an :class:`MPINeck`.
        background_head: config of an mmseg decode head, its loss reads ``gt_sem_seg``.
        foreground_head: config of a head that gives N,1,H,W logits and learns ``gt_foreground``;
            None where only true masks are used.
        foreground_backbone: config of the foreground branch's own backbone; None shares
            ``layer2``.
        train_mask: the neck's mask in training, ``'predicted'`` (the paper's) or ``'truth'``.
        test_mask: the same for testing.
        data_preprocessor: config of the data preprocessor.
        init_cfg: MMEngine's initialisation config.

    Raises:
        ValueError: when a mask is to be predicted without a foreground head, the shared features
            come after the place where the mask is needed, or the neck stands behind a stage that
            the backbone does not have.
    """

    shared_position = 'layer2'

    def __init__(
        self,
        *,
        backbone: dict,
        neck: dict,
        background_head: dict,
        foreground_head: dict | None = None,
        foreground_backbone: dict | None = None,
        train_mask: str = 'predicted',
        test_mask: str = 'predicted',
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(_build_optional(data_preprocessor), init_cfg)
        self.backbone = MODELS.build(backbone)
        # a user's own backbone need not say so
        self.num_stages = getattr(self.backbone, 'num_stages', len(POSITIONS) - 2)
        self.neck = MODELS.build(neck)
        self.background_head = MODELS.build(background_head)
        self.foreground_head = _build_optional(foreground_head)
        self.foreground_backbone = _build_optional(foreground_backbone)
        self.train_mask = train_mask
        self.test_mask = test_mask
        self._check_masks()

    def _check_masks(self) -> None:
        for name in ('train_mask', 'test_mask'):
            mask = getattr(self, name)
            if mask not in MASKS:
                raise ValueError(f'ForegroundInpainter.{name} must be one of {MASKS}, got {mask!r}')
        predicts = 'predicted' in (self.train_mask, self.test_mask)
        if predicts and self.foreground_head is None:
            raise ValueError(
                'ForegroundInpainter predicts its masks only with a foreground_head: add one, or '
                "set train_mask='truth' and test_mask='truth'."
            )
        shares = self.foreground_head is not None and self.foreground_backbone is None
        too_early = POSITIONS.index(self.neck.position) < POSITIONS.index(self.shared_position)
        if predicts and shares and too_early:
            raise ValueError(
                f'The neck at {self.neck.position!r} needs the mask before the shared features of '
                f'{self.shared_position!r} exist: give the foreground branch a foreground_backbone.'
            )
        missing = POSITIONS[self.num_stages + 1 : -1]
        if self.neck.position in missing:
            raise ValueError(
                f'The neck cannot stand at {self.neck.position!r}: the backbone has '
                f'{self.num_stages} stages.'
            )

    def class_numbers(self, metainfo: Mapping) -> dict[str, dict[str, int]]:
        """Say which config values belong to a data set's classes; see :class:`ClassCountHook`."""
        return dict(num_classes={'background_head.num_classes': self.background_head.num_classes})

    def earlier_form(self, state: Mapping[str, object], prefix: str) -> dict[str, object]:
        """Say which arguments make this the network of an earlier version's checkpoint.

        In version 0.1 the light branch was not dilated in ``layer1``. The weights do not show that,
        but the bias of the foreground logit, which was dropped in the same version, does.

        Args:
            state: the checkpoint's state dict.
            prefix: put before this model's names there.

        Returns:
            The dilations of ``foreground_backbone``, where they were others.
        """
        branch, head = self.foreground_backbone, self.foreground_head
        if not isinstance(branch, StagedResNet) or branch.stage_dilations != LIGHT_DILATIONS:
            return {}
        is_earlier = hasattr(head, 'earlier_form') and head.earlier_form(
            state, f'{prefix}foreground_head.'
        )
        return {'foreground_backbone.dilations': EARLIER_LIGHT_DILATIONS} if is_earlier else {}

    def take_earlier_form(self, form: Mapping[str, object]) -> None:
        """Become the network of what :meth:`earlier_form` returned."""
        self.foreground_backbone.dilate(form['foreground_backbone.dilations'])

    def forward(
        self,
        inputs: Tensor,
        data_samples: Sequence[SceneSample] | None = None,
        mode: str = 'tensor',
    ) -> dict[str, Tensor] | list[SceneSample] | tuple[Tensor, Tensor | None]:
        """Run the network on normalised images.

        Args:
            inputs: N,3,H,W float32, from the data preprocessor.
            data_samples: the N samples; may be None in mode ``'tensor'`` with predicted masks.
            mode: ``'loss'``, ``'predict'`` or ``'tensor'``.

        Returns:
            The losses; or the samples with predictions added; or background logits N,K,H,W and
            foreground logits N,1,H,W (None without a foreground head).
        """
        if mode == 'loss':
            return self.loss(inputs, data_samples)
        if mode == 'predict':
            return self.predict(inputs, data_samples)
        if mode == 'tensor':
            true_foreground = self._mask_truth(self.test_mask, data_samples, inputs)
            return self.segment(inputs, true_foreground, padding_mask(inputs, data_samples))
        raise ValueError(f"mode must be 'loss', 'predict' or 'tensor', got {mode!r}.")

    def graphs(self) -> dict[str, Graph]:
        """The network: ``background``, its logits, and ``foreground_prob``, all at full size.

        With ``test_mask='truth'`` the mask is an input, ``foreground``. Images are padded inside,
        as the data preprocessor pads them.
        """
        given = {} if self.test_mask == 'predicted' else dict(foreground=HOLE)

        divisor = getattr(self.data_preprocessor, 'pad_size_divisor', 1)

        def network(image: Tensor, foreground: Tensor | None = None) -> dict[str, Tensor]:
            height, width = image.shape[-2:]
            padding = None
            if divisor > 1:
                image, padding = _padded(image, divisor)
                if foreground is not None:
                    foreground, _ = _padded(foreground.to(image.dtype), divisor)
            background, logits = self.segment(image, foreground, padding)
            background = _cut(background, (height, width))
            made = dict(
                background=background.argmax(dim=1, keepdim=True), background_logits=background
            )
            if logits is not None:
                made['foreground_prob'] = _cut(logits, (height, width)).sigmoid()
            return made

        return {NETWORK: Graph(network, dict(image=IMAGE, **given))}

    def segment(
        self, images: Tensor, true_foreground: Tensor | None, padding: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Background logits N,K,H,W and foreground logits N,1,H,W of N,3,H,W images.

        Args:
            images: normalised.
            true_foreground: N,1,H,W, 1 = foreground, used for the mask; None predicts it.
            padding: bool N,1,H,W, 1 = padding of smaller images, which the neck neither fills nor
                fills from; None where there is none.
        """
        foreground_logits = None
        if self.foreground_backbone is not None:
            foreground_logits = self._foreground_logits(self.foreground_backbone(images), images)
        x, maps = images, ()
        for number, position in enumerate(POSITIONS):
            x = self._advance(x, maps, position, images.shape[-2:])
            if self._shares_features_of(position):
                foreground_logits = self._foreground_logits((x,), images)
            if position == self.neck.position:
                mask = true_foreground
                if mask is None:
                    mask = foreground_logits.detach() > 0  # sigmoid > 0.5
                x = self.neck.fill(x, mask, padding)
            maps = (*maps, x) if number > POSITIONS.index(self.neck.position) else (x,)
        return x, foreground_logits

    def _advance(
        self, x: Tensor, maps: Sequence[Tensor], position: str, image_size: torch.Size
    ) -> Tensor:
        """From the output of the position before to that of ``position``.

        The background head may read, beside the last map, those from the neck on (``maps``).
        """
        if position == 'input':
            return x
        if position == 'logits':
            return _resize_logits(self.background_head(maps), image_size)
        stage = int(position.removeprefix('layer'))
        return self.backbone.run_stage(x, stage) if stage <= self.num_stages else x

    def _shares_features_of(self, position: str) -> bool:
        shares = self.foreground_head is not None and self.foreground_backbone is None
        return shares and position == self.shared_position

    def _foreground_logits(self, features: Sequence[Tensor], images: Tensor) -> Tensor:
        return _resize_logits(self.foreground_head(features), images.shape[-2:])

    def loss(self, inputs: Tensor, data_samples: Sequence[SceneSample]) -> dict[str, Tensor]:
        """L = L_f + L_b, eq. (3): ``foreground.loss_*`` and ``background.loss_*``."""
        true_foreground = self._mask_truth(self.train_mask, data_samples, inputs)
        padding = padding_mask(inputs, data_samples)
        background, foreground = self.segment(inputs, true_foreground, padding)
        losses = self.background_head.loss_by_feat(background, data_samples)
        losses = {f'background.{name}': value for name, value in losses.items()}
        if foreground is not None:
            for name, value in self.foreground_head.loss_by_feat(foreground, data_samples).items():
                losses[f'foreground.{name}'] = value
        return losses

    def predict(self, inputs: Tensor, data_samples: Sequence[SceneSample]) -> list[SceneSample]:
        """Add to each sample, at its ``img_shape`` (the batch's padding is cut off):

        ``pred_background`` int64 1,h,w (also read as ``pred_sem_seg``), ``pred_foreground`` uint8
        1,h,w, 1 = foreground (the true mask where ``test_mask='truth'``), and
        ``pred_foreground_prob`` float32 1,h,w in [0, 1] where there is a foreground head.

        Images of each size are predicted apart: larger ones beside them change nothing.
        """
        for images, samples in groups_by_size(inputs, data_samples, self.data_preprocessor):
            self._predict(images, samples)
        return list(data_samples)

    def _predict(self, inputs: Tensor, data_samples: Sequence[SceneSample]) -> None:
        """Predict images of one size."""
        true_foreground = self._mask_truth(self.test_mask, data_samples, inputs)
        padding = padding_mask(inputs, data_samples)
        background, logits = self.segment(inputs, true_foreground, padding)
        classes = background.argmax(dim=1, keepdim=True)
        foreground = (logits > 0) if true_foreground is None else true_foreground
        for index, sample in enumerate(data_samples):
            height, width = sample.img_shape[:2]
            window = (index, slice(None), slice(height), slice(width))
            sample.pred_background = PixelData(data=classes[window])
            sample.pred_sem_seg = PixelData(data=classes[window])
            sample.pred_foreground = PixelData(data=foreground[window].to(torch.uint8))
            if logits is not None:
                probability = logits[window].float().sigmoid()
                sample.pred_foreground_prob = PixelData(data=probability)

    @staticmethod
    def _mask_truth(
        mask: str, data_samples: Sequence[SceneSample] | None, inputs: Tensor
    ) -> Tensor | None:
        if mask == 'predicted':
            return None
        if not data_samples or any('gt_foreground' not in sample for sample in data_samples):
            raise ValueError(
                'This model takes true masks: every sample needs gt_foreground; to run on images '
                "without labels set test_mask='predicted'."
            )
        size = inputs.shape[-2:]
        masks = [pad_bottom_right(sample.gt_foreground.data, size, 0) for sample in data_samples]
        return torch.stack(masks)


def _build_optional(config: dict | None) -> torch.nn.Module | None:
    return None if config is None else MODELS.build(config)


def _padded(maps: Tensor, divisor: int) -> tuple[Tensor, Tensor]:
    """Pad N,C,h,w with 0 at the bottom and right, and say where, bool N,1,H,W.

    By reading pixels: ``F.pad`` records whether there is anything to pad.
    """
    outside = []
    for dim in (2, 3):
        length = maps.shape[dim]
        places = torch.arange((length + divisor - 1) // divisor * divisor, device=maps.device)
        maps = maps.index_select(dim, places.clamp(max=length - 1))
        outside.append(places >= length)
    padding = outside[0].unsqueeze(1) | outside[1].unsqueeze(0)
    padding = padding.unsqueeze(0).unsqueeze(0).expand(maps.shape[0], -1, -1, -1)
    return maps.masked_fill(padding, 0), padding


def _cut(maps: Tensor, size: Sequence[int]) -> Tensor:
    """Undo :func:`_padded`; a slice, too, would ask which size is larger."""
    for dim, length in zip((2, 3), size, strict=True):
        maps = maps.index_select(dim, torch.arange(length, device=maps.device))
    return maps


def _resize_logits(logits: Tensor, size: torch.Size) -> Tensor:
    """Undo the rounding of sizes that eight does not divide."""
    if not leaves_python() and logits.shape[-2:] == size:  # a graph is for all sizes
        return logits
    return F.interpolate(logits, size=size, mode='bilinear', align_corners=False)
