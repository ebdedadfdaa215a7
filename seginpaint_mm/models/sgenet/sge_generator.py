"""The generator: skip encoder, context inference, decoder with guidance at each scale (Fig. 2)."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from seginpaint_mm.models.labels import class_shares, complete_shares, known_share
from seginpaint_mm.models.sgenet.context_inference import SLOPE, activation
from seginpaint_mm.models.sgenet.guidance import PlainInference, outside_hole
from seginpaint_mm.registry import MODELS


@MODELS.register_module()
class SkipEncoder(BaseModule):
    """Convolutions that halve the image level by level, phi^1 to phi^L of Section 3.

    The paper does not say of what its levels are. Ours: a 3x3 convolution at full size (phi^0,
    which the decoder's last scale sees), then for each level a 3x3 convolution of stride 2 and
    another one. They are not normalised unless the config says so: a hole would shift the means
    of what is around it.

    Args:
        in_channels: Of the input; 4 are red, green, blue and the hole.
        channels: Of phi^0 to phi^L, from fine to coarse.
        norm_cfg: MMCV's config of a normalisation layer for the levels, or None.
        init_cfg: MMEngine's initialisation config.
    """

    def __init__(
        self,
        *,
        in_channels: int = 4,
        channels: Sequence[int] = (32, 64, 128, 256, 512, 512),
        norm_cfg: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.channels = tuple(channels)
        self.first = _convolution(in_channels, channels[0], 1, None)
        self.levels = nn.ModuleList(
            nn.Sequential(
                _convolution(before, after, 2, norm_cfg), _convolution(after, after, 1, norm_cfg)
            )
            for before, after in pairwise(channels)
        )

    def forward(self, inputs: Tensor) -> list[Tensor]:
        """Input N,C,H,W -> phi^0 to phi^L; phi^l is N,channels[l],H/2^l,W/2^l."""
        features = [self.first(inputs)]
        for level in self.levels:
            features.append(level(features[-1]))
        return features


def _convolution(before: int, after: int, stride: int, norm_cfg: dict | None) -> ConvModule:
    act_cfg = dict(type='LeakyReLU', negative_slope=SLOPE)
    return ConvModule(before, after, 3, stride, 1, norm_cfg=norm_cfg, act_cfg=act_cfg)


_ALL = 0.999  # of a place; sums of shares are rounded


@MODELS.register_module()
class MultiScaleDecoder(BaseModule):
    """The decoder of Fig. 2a and 3a: scales L-1 (coarsest) to 0 (full size), 4 to 0 in the paper.

    The variants of Section 4.3 are Base-Net (neither ``sgim`` nor ``scem``), SG-Net
    (``sgim=dict(type='SGIM')``) and SGE-Net (``sgim=dict(type='SGIMPlus')`` and
    ``scem=dict(type='SCEM')``). Fig. 2's branches h and g (eq. 1) are 3x3 convolutions here.

    Args:
        channels: Of the encoder's features from fine to coarse, phi^0 to phi^L; the decoder's are
            the same at each scale.
        num_classes: Channels of the segmentations.
        sgim: Config of the module that makes the next scale's features; its channels and number
            of classes are set here. None: :class:`PlainInference`.
        scem: Config of the module that tells which places are reliable, or None.
        norm_cfg: MMCV's config of another normalisation than instance norm, of all scales.
        init_cfg: MMEngine's initialisation config.

    Raises:
        ValueError: when only one of ``sgim`` and ``scem`` is made for reliability.
    """

    def __init__(
        self,
        *,
        channels: Sequence[int],
        num_classes: int,
        sgim: dict | None = None,
        scem: dict | None = None,
        norm_cfg: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.num_classes = num_classes
        self.scales = tuple(reversed(range(len(channels) - 1)))
        self.is_guided = sgim is not None
        self.scem = None if scem is None else MODELS.build(scem)
        self.inference = nn.ModuleDict()
        self.images = nn.ModuleDict()
        self.segmentations = nn.ModuleDict()
        plain = dict(type=PlainInference)
        guided = plain if sgim is None else dict(sgim, num_classes=num_classes)
        for scale in self.scales:
            step = dict(
                plain if scale == self.scales[0] else guided,
                feature_channels=channels[scale + 1],
                skip_channels=channels[scale],
                out_channels=channels[scale],
                norm_cfg=norm_cfg,
            )
            self.inference[str(scale)] = MODELS.build(step)
            self.images[str(scale)] = _branch(channels[scale], 3)
            self.segmentations[str(scale)] = _branch(channels[scale], num_classes)
        self._check_guides()

    def _check_guides(self) -> None:
        finest = self.inference['0']
        if finest.uses_reliability != (self.scem is not None):
            raise ValueError(
                f'MultiScaleDecoder: {type(finest).__name__} and '
                f'scem={type(self.scem).__name__} do not fit: SGIMPlus needs an SCEM, and nothing '
                f'else uses one.'
            )

    def forward(
        self,
        context: Tensor,
        skips: Sequence[Tensor],
        hole: Tensor,
        given: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Decode from coarse to fine.

        Each scale is guided by the segmentation of the scale before or, where one is given, by that
        (Fig. 1e, the uncorrupted map), which is reliable. The logits are the network's own, always.

        Args:
            context: N,channels[L],H/2^L,W/2^L, the completed deepest features.
            skips: phi^0 to phi^(L-1) of the encoder.
            hole: N,1,H,W float, 1 = to be filled.
            given: Classes, int64 N,H,W, 255 = not known; None where nothing is.

        Returns:
            For each scale l, whose size is H/2^l,W/2^l: ``image_l`` N,3 in [0, 1], ``logits_l``
            N,num_classes, both float32, and, with an SCEM and for l > 0, ``reliability_l`` N,1,
            1 = reliable.
        """
        results: dict[str, Tensor] = {}
        features, guides = context, ()
        shares = None if given is None else class_shares(given, self.num_classes)
        for scale in self.scales:
            key = str(scale)
            features = self.inference[key](features, skips[scale], *guides)
            logits = self.segmentations[key](features)
            results[f'image_{scale}'] = self.images[key](features).float().sigmoid()
            results[f'logits_{scale}'] = logits.float()
            if scale > 0:
                guides = self._guides(logits, hole, shares, scale)
            if self.scem is not None and scale > 0:
                results[f'reliability_{scale}'] = guides[1]
        return results

    def _guides(
        self, logits: Tensor, hole: Tensor, shares: Tensor | None, scale: int
    ) -> tuple[Tensor, ...]:
        """What the next scale is guided by: nothing, segmentation, or also its reliability."""
        if not self.is_guided:
            return ()
        found = logits.float().softmax(dim=1)  # bfloat16 would round most of them to 1
        given = None if shares is None else avg_pool2d(shares, 2**scale)
        probabilities = found if given is None else complete_shares(given, found)
        if self.scem is None:
            return (probabilities,)
        is_coarsest = scale == self.scales[0]
        reliability = outside_hole(hole, 2**scale) if is_coarsest else self.scem(found)
        if given is not None:
            reliability = torch.where(known_share(given) > _ALL, 1.0, reliability)
        return probabilities, reliability


def _branch(in_channels: int, out_channels: int) -> nn.Sequential:
    return nn.Sequential(activation(), nn.Conv2d(in_channels, out_channels, 3, padding=1))


@MODELS.register_module()
class SGEGenerator(BaseModule):
    """The network of Fig. 2a and 3a. It never receives the content of the hole.

    Args:
        encoder: Config of a :class:`SkipEncoder`.
        context: Config of what completes the deepest features, :class:`ContextInference` or
            :class:`DilatedContext`.
        decoder: Config of a :class:`MultiScaleDecoder`; its channels are the encoder's.
        init_cfg: MMEngine's initialisation config.

    Attributes:
        divisor: What heights and widths must be divisible by, 32 with five levels.
    """

    def __init__(
        self, *, encoder: dict, context: dict, decoder: dict, init_cfg: dict | None = None
    ) -> None:
        super().__init__(init_cfg)
        self.encoder = MODELS.build(encoder)
        channels = self.encoder.channels
        self.context = MODELS.build(dict(context, channels=channels[-1]))
        self.decoder = MODELS.build(dict(decoder, channels=channels))
        self.divisor = 2 ** (len(channels) - 1)

    def forward(
        self, pictures: Tensor, hole: Tensor, segmentation: Tensor | None = None
    ) -> dict[str, Tensor]:
        """Fill the hole.

        Args:
            pictures: N,3,H,W in [0, 1], RGB. What is in the hole is of no consequence.
            hole: bool N,1,H,W, True = to be filled.
            segmentation: Classes that guide it, also in the hole, int64 N,H,W, 255 = not known;
                None: the network's own guide it.

        Returns:
            See :meth:`MultiScaleDecoder.forward`.

        Raises:
            ValueError: when height or width is not divisible by ``divisor``.
        """
        self._check_size(*pictures.shape[-2:])
        mask = hole.to(pictures.dtype)
        blanked = (pictures * 2 - 1).masked_fill(hole, 0)
        *skips, deepest = self.encoder(torch.cat([blanked, mask], dim=1))
        return self.decoder(self.context(deepest), skips, mask, segmentation)

    def _check_size(self, height: int, width: int) -> None:
        if height % self.divisor or width % self.divisor:
            wanted = ' x '.join(str(side + -side % self.divisor) for side in (height, width))
            raise ValueError(
                f'Images of {height} x {width} do not fit: height and width must be divisible '
                f'by {self.divisor}; crop them, or pad them to {wanted}.'
            )
