"""``SGIM``: the next scale's features, guided by this scale's segmentation."""

from collections.abc import Sequence

from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn.functional import interpolate

from seginpaint_mm.models.sgenet.layers import convolutions, instance_norm
from seginpaint_mm.models.sgenet.plain_inference import concatenate
from seginpaint_mm.registry import MODELS

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
