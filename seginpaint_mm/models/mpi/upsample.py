"""The upsampling block of both heads: twice the size by bilinear interpolation, then a 3x3 conv."""

from torch import Tensor, nn

from seginpaint_mm.models.mpi.upsampled_conv import UpsampledConv2d


class UpsampleBlock(nn.Module):
    """x2 bilinear, 3x3 convolution, batch norm, PReLU.

    Args:
        in_channels: channels of the N,C,H,W input.
        out_channels: channels of the N,C',2H,2W output.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = UpsampledConv2d(in_channels, out_channels)
        self.bn = nn.BatchNorm2d(out_channels)
        self.activation = nn.PReLU()

    def forward(self, x: Tensor) -> Tensor:
        """N,C,H,W -> N,C',2H,2W."""
        return self.activation(self.bn(self.conv(x)))
