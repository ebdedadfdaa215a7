"""Guidance: SGIM, SGIM+, SCEM, and their plain counterpart (Sections 3.2 and 3.3)."""

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn.functional import interpolate, max_pool2d

from seginpaint_mm.models.sgenet.context_inference import convolutions, instance_norm
from seginpaint_mm.registry import MODELS
from seginpaint_mm.utils.graphs import leaves_python

RULES = ('quantile', 'ratio')


@MODELS.register_module()
class SCEM(BaseModule):
    """Segmentation confidence evaluation (Section 3.2, eq. 4, Fig. 3b).

    A place is **reliable, 1**, where the largest of its class probabilities is above tau, and
    otherwise 0. No gradient passes. The paper says of tau that it "is decided by the proportion of
    the maximum one from the sorted probability values", which is read in two ways, each image and
    scale having a tau of its own:

    - ``('ratio', r)``: tau is r times the largest probability of the scale, so that unreliable
      places become fewer as the confidence of the segmentation grows, from scale to scale and from
      epoch to epoch. In Fig. 6 and 7 the unreliable area shrinks likewise, and lies in the hole;
    - ``('quantile', q)``: the share q of the places with the lowest confidence is unreliable,
      rounded to whole places, at every scale and in known parts of the image, too; which of equal
      ones is not defined.

    Args:
        tau: Rule and number, in [0, 1).

    Raises:
        ValueError: when the rule is another word or the number outside its range.
    """

    def __init__(self, *, tau: Sequence[str | float] = ('ratio', 0.7)) -> None:
        super().__init__()
        if len(tau) != 2 or tau[0] not in RULES or not 0 <= tau[1] < 1:
            raise ValueError(
                f'SCEM.tau must be one of {RULES} and a number from 0 to below 1, e.g. '
                f"('ratio', 0.7), not {tau!r}."
            )
        self.rule, self.number = tau

    @torch.no_grad()
    def forward(self, probabilities: Tensor) -> Tensor:
        """Reliability of places.

        Args:
            probabilities: N,K,h,w of classes, best in float32: of lower precision many are equal.

        Returns:
            Tensor: float32 N,1,h,w, 1 = reliable.
        """
        surest = confidence(probabilities.float())
        if self.rule == 'ratio':
            return (surest > self.number * surest.amax(dim=(1, 2, 3), keepdim=True)).float()
        return self._surest_places(surest.flatten(1)).view_as(surest)

    def _surest_places(self, surest: Tensor) -> Tensor:
        """Reliability of N,places by rank, so that ties do not change the share."""
        if leaves_python():
            return self._by_rank(surest)
        num_unreliable = round(self.number * surest.shape[1])
        least_sure = surest.topk(num_unreliable, dim=1, largest=False, sorted=False).indices
        return torch.ones_like(surest).scatter(1, least_sure, 0.0)

    def _by_rank(self, surest: Tensor) -> Tensor:
        """The same in a graph for all sizes, in which the number of places is not known."""
        order = surest.argsort(dim=1)
        rank = torch.ones_like(surest).cumsum(dim=1)  # from 1, of N,places
        is_reliable = rank > torch.round(self.number * rank[:, -1:])
        return torch.zeros_like(surest).scatter(1, order, is_reliable.to(surest.dtype))


def confidence(probabilities: Tensor) -> Tensor:
    """P_max of eq. (4): N,1,h,w of N,K,h,w."""
    return probabilities.amax(dim=1, keepdim=True)


def outside_hole(hole: Tensor, stride: int) -> Tensor:
    """The coarsest scale's reliability, which is the input mask (Fig. 7).

    Args:
        hole: N,1,H,W float, 1 = to be filled.
        stride: Of the result, which divides H and W.

    Returns:
        Tensor: N,1,H/stride,W/stride, 1 = reliable: no pixel of the place is in the hole.
    """
    return 1 - max_pool2d(hole, stride)


@MODELS.register_module()
class PlainInference(BaseModule):
    """:class:`SGIM` without segmentation: scales and shifts are learnt, the same everywhere.

    It makes up Base-Net (Section 4.3), and the coarsest scale, before which there is no
    segmentation, of all variants.

    Args:
        feature_channels: Of the features of the scale before.
        skip_channels: Of the encoder's features of this scale.
        out_channels: Of the result.
        norm_cfg: MMCV's config of another normalisation than instance norm.
        init_cfg: MMEngine's initialisation config.
    """

    uses_reliability = False

    def __init__(
        self,
        *,
        feature_channels: int,
        skip_channels: int,
        out_channels: int,
        norm_cfg: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        channels = feature_channels + skip_channels
        self.norm = instance_norm(channels, affine=True, norm_cfg=norm_cfg)
        self.base = convolutions(channels, out_channels)

    def forward(self, features: Tensor, skip: Tensor) -> Tensor:
        """Features of the next scale.

        Args:
            features: N,feature_channels,h/2,w/2, of the scale before.
            skip: N,skip_channels,h,w.

        Returns:
            Tensor: N,out_channels,h,w.
        """
        return self.base(self.norm(concatenate(features, skip)))


def concatenate(features: Tensor, skip: Tensor) -> Tensor:
    """The features, enlarged, beside the skip features: f_de-c of eq. (3)."""
    enlarged = interpolate(features, skip.shape[-2:], mode='bilinear', align_corners=False)
    return torch.cat([enlarged, skip], dim=1)


SCALINGS = ('1+gamma', 'gamma')
SIZES = ('fine', 'coarse')


@MODELS.register_module()
class SGIM(BaseModule):
    """Semantic-guided inference (Section 3.1, eq. 2 and 3, Fig. 2b).

    The features of the scale before, enlarged, and the encoder's are normalised channel by channel
    and then scaled and shifted place by place by gamma and beta, which convolutions make of the
    segmentation as in SPADE (a shared 3x3 convolution and ReLU, then one for each). Convolutions
    make the result of that.

    Args:
        feature_channels: Of the features of the scale before.
        skip_channels: Of the encoder's features of this scale.
        out_channels: Of the result.
        num_classes: Channels of the segmentation.
        hidden_channels: Of the shared convolution, 128 in SPADE.
        scaling: ``'1+gamma'`` as in SPADE, or ``'gamma'`` as eq. (3) is written.
        modulation_size: ``'fine'``: gamma and beta are made at the size of the result, as in SPADE;
            ``'coarse'``: at the segmentation's size, half of it, and enlarged, which takes a
            quarter of their operations.
        norm_cfg: MMCV's config of another normalisation than instance norm; it is made without
            weights of its own.
        init_cfg: MMEngine's initialisation config.

    Raises:
        ValueError: when ``scaling`` or ``modulation_size`` is another word.
    """

    uses_reliability = False

    def __init__(
        self,
        *,
        feature_channels: int,
        skip_channels: int,
        out_channels: int,
        num_classes: int,
        hidden_channels: int = 128,
        scaling: str = '1+gamma',
        modulation_size: str = 'fine',
        norm_cfg: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if scaling not in SCALINGS:
            raise ValueError(f'SGIM.scaling must be one of {SCALINGS}, not {scaling!r}.')
        if modulation_size not in SIZES:
            raise ValueError(
                f'SGIM.modulation_size must be one of {SIZES}, not {modulation_size!r}.'
            )
        channels = feature_channels + skip_channels
        self.modulation_size = modulation_size
        self.offset = 1.0 if scaling == '1+gamma' else 0.0
        self.norm = instance_norm(channels, affine=False, norm_cfg=norm_cfg)
        self.shared = nn.Sequential(
            nn.Conv2d(num_classes, hidden_channels, 3, padding=1), nn.ReLU()
        )
        self.gamma = nn.Conv2d(hidden_channels, channels, 3, padding=1)
        self.beta = nn.Conv2d(hidden_channels, channels, 3, padding=1)
        self.base = convolutions(channels, out_channels)

    def forward(self, features: Tensor, skip: Tensor, segmentation: Tensor) -> Tensor:
        """Features of the next scale.

        Args:
            features: N,feature_channels,h/2,w/2, of the scale before.
            skip: N,skip_channels,h,w.
            segmentation: N,num_classes,h/2,w/2 in [0, 1], class probabilities of the scale before.

        Returns:
            Tensor: N,out_channels,h,w.
        """
        return self.base(self.modulate(features, skip, segmentation))

    def modulate(self, features: Tensor, skip: Tensor, segmentation: Tensor) -> Tensor:
        """f_de-s of eq. (3), N,feature_channels+skip_channels,h,w."""
        size, is_fine = skip.shape[-2:], self.modulation_size == 'fine'
        shared = self.shared(_enlarge(segmentation, size) if is_fine else segmentation)
        gamma, beta = self.gamma(shared), self.beta(shared)
        if not is_fine:
            gamma, beta = _enlarge(gamma, size), _enlarge(beta, size)
        normalised = self.norm(concatenate(features, skip))
        return normalised * (self.offset + gamma) + beta


def _enlarge(maps: Tensor, size: Sequence[int]) -> Tensor:
    return interpolate(maps, size, mode='bilinear', align_corners=False)


@MODELS.register_module()
class SGIMPlus(SGIM):
    """SGIM+ (Section 3.2, eq. 5 and 6, Fig. 3c).

    The result is F_ba(f) + F_bi([f, F(M)]): the base net is SGIM's, and the bias net corrects it
    where the reliability M of :class:`SCEM` tells it to. F is a 3x3 convolution.

    Args: see :class:`SGIM`.
        mask_channels: Of F(M).
    """

    uses_reliability = True

    def __init__(
        self,
        *,
        feature_channels: int,
        skip_channels: int,
        out_channels: int,
        num_classes: int,
        hidden_channels: int = 128,
        mask_channels: int = 32,
        scaling: str = '1+gamma',
        modulation_size: str = 'fine',
        norm_cfg: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(
            feature_channels=feature_channels,
            skip_channels=skip_channels,
            out_channels=out_channels,
            num_classes=num_classes,
            hidden_channels=hidden_channels,
            scaling=scaling,
            modulation_size=modulation_size,
            norm_cfg=norm_cfg,
            init_cfg=init_cfg,
        )
        channels = feature_channels + skip_channels
        self.mask = nn.Conv2d(1, mask_channels, 3, padding=1)
        self.bias = convolutions(channels + mask_channels, out_channels)

    def forward(
        self, features: Tensor, skip: Tensor, segmentation: Tensor, reliability: Tensor
    ) -> Tensor:
        """Features of the next scale.

        Args: see :meth:`SGIM.forward`.
            reliability: N,1,h/2,w/2, 1 = reliable, of the scale before.

        Returns:
            Tensor: N,out_channels,h,w.
        """
        modulated = self.modulate(features, skip, segmentation)
        mask = self.mask(interpolate(reliability, skip.shape[-2:], mode='nearest'))
        return self.base(modulated) + self.bias(torch.cat([modulated, mask], dim=1))
