"""Convolve an upsampled map without making it; the pyramid of PSP likewise."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from seginpaint_mm.ops.doubling_sums import mixed_sums, output_sums
from seginpaint_mm.utils.graphs import is_compiled, leaves_python

NAME = 'seginpaint_mm::upsampled_conv'
TAPS = 9
BAND_VALUES = 2**23  # mixed channels held at a time: 32 MiB in float32


class UpsampledConv2d(nn.Conv2d):
    """A 3x3 convolution (zero padding 1) with bias of its input doubled; :func:`upsampled_conv`.

    Args:
        in_channels: channels C of the input N,C,H,W.
        out_channels: channels K of the output N,K,2H,2W.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """N,C,H,W -> N,K,2H,2W."""
        return upsampled_conv(x, self.weight, self.bias)


def upsampled_conv(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Double a map bilinearly (``align_corners=False``), then convolve it 3x3 (zero padding 1).

    Doubling treats every channel alike, so it can as well come after the channels are mixed. On a
    CPU each of the nine taps mixes them at the small size, where there are four times fewer
    pixels; an output pixel is then a weighted sum of 36 mixed pixels. The values are those of
    :func:`upsampled_conv_plain` but for rounding; the doubled map is never held. ``torch.compile``
    sees one operator, ``torch.ops.seginpaint_mm.upsampled_conv``, which does the same.

    Args:
        x: N,C,H,W float.
        weight: K,C,3,3.
        bias: K.

    Returns:
        N,K,2H,2W, on a CPU channels-last.
    """
    if leaves_python():  # a graph that leaves Python takes standard operators alone
        return upsampled_conv_plain(x, weight, bias)
    if x.device.type == 'cpu' and x.dtype in (torch.float32, torch.float64) and x.numel():
        return (_operator if is_compiled() else _UpsampledConv.apply)(x, weight, bias)
    return upsampled_conv_plain(x, weight, bias)


def upsampled_conv_plain(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """What :func:`upsampled_conv` computes, as it reads."""
    doubled = F.interpolate(x, scale_factor=2, mode='bilinear', align_corners=False)
    return F.conv2d(doubled, weight, bias, padding=1)


class _UpsampledConv(Function):
    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        pixels, mixer = _pixels(x), _mixer(weight)
        ctx.save_for_backward(pixels, mixer)
        with torch.autocast('cpu', enabled=False):
            return _output(pixels, mixer, bias).permute(0, 3, 1, 2)

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        with torch.autocast('cpu', enabled=False):
            return _backward(gradient, *ctx.saved_tensors)


def _pixels(x: Tensor) -> Tensor:
    return x.permute(0, 2, 3, 1).contiguous()


def _mixer(weight: Tensor) -> Tensor:
    return weight.permute(2, 3, 0, 1).reshape(-1, weight.shape[1])


def _backward(gradient: Tensor, pixels: Tensor, mixer: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients for the input N,C,H,W, the weight and the bias from the output's, N,K,2H,2W."""
    gradient = _pixels(gradient)
    of_pixels, of_mixer = _gradients(gradient, pixels, mixer)
    of_weight = of_mixer.view(3, 3, -1, pixels.shape[3]).permute(2, 3, 0, 1)
    return of_pixels.permute(0, 3, 1, 2), of_weight, gradient.sum((0, 1, 2))


def _output(pixels: Tensor, mixer: Tensor, bias: Tensor) -> Tensor:
    """N,H,W,C pixels, (9 K,C) mixer and K bias -> N,2H,2W,K."""
    samples, height, width, channels = pixels.shape
    output = pixels.new_empty(samples, 2 * height, 2 * width, len(bias))
    at_centre = F.pad(bias.view(1, -1), (0, 0, TAPS // 2, TAPS // 2)).flatten()
    for band in _bands(samples, height, width * len(mixer)):
        near = pixels[band.sample, band.near].reshape(-1, channels)
        mixed = F.linear(near, mixer, at_centre).view(-1, len(bias))
        sums = output_sums(band.above, band.rows, band.below, width)
        output[band.sample, band.doubled] = sums.of(mixed).view(-1, 2 * width, len(bias))
    return output


def _gradients(gradient: Tensor, pixels: Tensor, mixer: Tensor) -> tuple[Tensor, Tensor]:
    """Gradients for the pixels and the mixer from the output's, N,2H,2W,K."""
    samples, height, width, channels = pixels.shape
    of_pixels, of_mixer = torch.empty_like(pixels), torch.zeros_like(mixer)
    for band in _bands(samples, height, width * len(mixer)):
        near = gradient[band.sample, band.doubled_near].reshape(-1, gradient.shape[3])
        sums = mixed_sums(band.above, band.rows, band.below, width)
        of_mixed = sums.of(near).view(-1, len(mixer))
        of_pixels[band.sample, band.own] = (of_mixed @ mixer).view(-1, width, channels)
        of_mixer.addmm_(of_mixed.t(), pixels[band.sample, band.own].reshape(-1, channels))
    return of_pixels, of_mixer


class _Band(NamedTuple):
    """``rows`` rows of a sample from ``top`` on, and 0 or 1 more above and below them."""

    sample: int
    top: int
    rows: int
    above: int
    below: int

    @property
    def own(self) -> slice:
        return slice(self.top, self.top + self.rows)

    @property
    def near(self) -> slice:
        return slice(self.top - self.above, self.top + self.rows + self.below)

    @property
    def doubled(self) -> slice:
        return slice(2 * self.own.start, 2 * self.own.stop)

    @property
    def doubled_near(self) -> slice:
        return slice(2 * self.near.start, 2 * self.near.stop)


def _bands(samples: int, height: int, values_per_row: int) -> Iterator[_Band]:
    most = max(1, BAND_VALUES // values_per_row)
    for sample in range(samples):
        for top in range(0, height, most):
            rows = min(most, height - top)
            yield _Band(sample, top, rows, int(top > 0), int(top + rows < height))


def _register() -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    """Make the operator that compiled graphs hold."""

    @torch.library.custom_op(
        NAME, mutates_args=(), schema='(Tensor x, Tensor weight, Tensor bias) -> Tensor'
    )
    def operator(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return _output(_pixels(x), _mixer(weight), bias).permute(0, 3, 1, 2)

    @torch.library.custom_op(
        f'{NAME}_backward',
        mutates_args=(),
        schema='(Tensor gradient, Tensor x, Tensor weight) -> (Tensor, Tensor, Tensor)',
    )
    def backward_operator(
        gradient: Tensor, x: Tensor, weight: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        of_x, of_weight, of_bias = _backward(gradient, _pixels(x), _mixer(weight))
        return of_x, of_weight.contiguous(), of_bias

    @operator.register_fake
    def fake(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        samples, _, height, width = x.shape
        return _channels_last(x, samples, len(bias), 2 * height, 2 * width)

    @backward_operator.register_fake
    def fake_backward(gradient: Tensor, x: Tensor, weight: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        of_weight = weight.new_empty(weight.shape)
        return _channels_last(x, *x.shape), of_weight, weight.new_empty(len(weight))

    def setup_context(ctx, inputs: tuple[Tensor, Tensor, Tensor], output: Tensor) -> None:
        ctx.save_for_backward(*inputs[:2])

    def backward(ctx, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return backward_operator(gradient, *ctx.saved_tensors)

    operator.register_autograd(backward, setup_context=setup_context)
    return operator


def _channels_last(like: Tensor, *shape: int) -> Tensor:
    samples, channels, height, width = shape
    return like.new_empty(samples, height, width, channels).permute(0, 3, 1, 2)


_operator = _register() if hasattr(torch.library, 'custom_op') else None  # then never called


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


class PyramidBottleneck(nn.Conv2d):
    """A 1x1 convolution with bias of a map beside its pooled versions; :func:`mixed_pyramid`.

    Args:
        in_channels: channels C of the map.
        out_channels: channels K of the output.
        num_pooled: pooled versions P; the weight is K,(P+1) C,1,1.
    """

    def __init__(self, in_channels: int, out_channels: int, num_pooled: int) -> None:
        super().__init__(in_channels * (num_pooled + 1), out_channels, 1)

    def forward(self, features: Tensor, pooled: Sequence[Tensor]) -> Tensor:
        """N,C,H,W and P maps N,C,s,s -> N,K,H,W."""
        return mixed_pyramid(features, pooled, self.weight, self.bias)


def mixed_pyramid(
    features: Tensor, pooled: Sequence[Tensor], weight: Tensor, bias: Tensor
) -> Tensor:
    """Convolve 1x1 what pooled maps, enlarged, and the map itself make when concatenated.

    The channels of a pooled map are mixed at its own small size and then enlarged: the values are
    those of :func:`mixed_pyramid_plain` but for rounding, for a fifth of its multiplications, and
    the concatenated map is never held.

    Args:
        features: N,C,H,W.
        pooled: P maps N,C,s,s.
        weight: K,(P+1) C,1,1, for the pooled maps first.
        bias: K.

    Returns:
        N,K,H,W.
    """
    *of_pooled, of_features = weight.split(features.shape[1], dim=1)
    mixed = F.conv2d(features, of_features, bias)
    for part, part_weight in zip(pooled, of_pooled, strict=True):
        mixed = mixed + _enlarged(F.conv2d(part, part_weight), features.shape[2:])
    return mixed


def mixed_pyramid_plain(
    features: Tensor, pooled: Sequence[Tensor], weight: Tensor, bias: Tensor
) -> Tensor:
    """What :func:`mixed_pyramid` computes, as it reads."""
    parts = [_enlarged(part, features.shape[2:]) for part in pooled]
    return F.conv2d(torch.cat([*parts, features], dim=1), weight, bias)


def _enlarged(maps: Tensor, size: torch.Size) -> Tensor:
    return F.interpolate(maps, size=size, mode='bilinear', align_corners=False)
