"""Max-pooling inpainting (Algorithm 1): the fast operator, and the loop that it equals."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.nn.functional import max_pool2d

from seginpaint_mm.ops.dense_fill import DenseFill, exported_loop, looped_inpainting, scripted_loop
from seginpaint_mm.ops.sparse_fill import SparseFill, dense_copy, memory_format
from seginpaint_mm.utils.graphs import is_compiled, is_exported, is_recorded, leaves_python


def max_pool_inpainting_reference(
    features: Tensor,
    foreground: Tensor,
    *,
    padding: Tensor | None = None,
    merge: str = 'dilated',
    detach: bool = False,
) -> Tensor:
    """Algorithm 1 of the paper (section III-C), step by step.

    Arguments, result and errors are those of :func:`max_pool_inpainting`, except that nothing is
    checked here. It takes one pooling of the whole map for every pixel of the largest distance
    to the background: use it to test and to compare, not to train.
    """
    foreground = foreground > 0.5
    outside = torch.zeros_like(foreground) if padding is None else padding > 0.5
    foreground = (foreground & ~outside).to(features.dtype)
    grown = _pool(foreground)
    covered = (1 - grown) * ~outside  # nothing comes from what was padded
    fillable = covered.flatten(1).any(dim=1).view(-1, 1, 1, 1)
    hole = (foreground if merge == 'mask' else grown).bool() & ~outside

    pooled = torch.where(covered.bool(), features, torch.zeros_like(features))
    patch = torch.zeros_like(features)
    while not (covered.bool() | ~fillable).all():
        pooled = _pool(pooled)
        newly_covered = _pool(covered) - covered
        patch = torch.where(newly_covered.bool(), pooled, patch)
        covered = covered + newly_covered

    if detach:
        patch = patch.detach()
    return torch.where(hole & fillable, patch, features)


def _pool(maps: Tensor) -> Tensor:
    return max_pool2d(maps, kernel_size=3, stride=1, padding=1)


MERGES = ('dilated', 'mask')
NAME = 'seginpaint_mm::max_pool_inpainting'


def max_pool_inpainting(
    features: Tensor,
    foreground: Tensor,
    *,
    padding: Tensor | None = None,
    merge: str = 'dilated',
    detach: bool = False,
) -> Tensor:
    """Fill the foreground with the strongest features of the nearest background.

    The result is the one of Algorithm 1 (paper, section III-C; here
    :func:`max_pool_inpainting_reference`), bit by bit, without its loop. The loop grows the
    foreground by one pixel, blacks it out and then pools features and mask, 3x3, until all is
    covered; a pixel that is covered in iteration ``d`` takes the pooled feature of that iteration.
    So ``d`` is its Chebyshev distance to the background, and its value the maximum over the
    window of radius ``d`` around it, where blacked-out pixels count as 0: the maximum of 0 and
    the nearest background pixels. For ``d >= 2`` four windows of radius ``d - s``, with
    ``s = d // 2`` and their centres moved by ``s`` along the diagonals (and clamped to the map),
    make up that window; one whose centre is nearer than that to no background is all 0, and each
    other is what its own centre is filled with. A pixel is thus filled once, from at most four
    filled before, in ``log2`` of the largest distance steps.

    On a CPU only the foreground is worked on; elsewhere the whole map is, so that the number of
    steps depends on shapes alone and nothing ever waits for the device. ``torch.compile`` sees one
    operator, ``torch.ops.seginpaint_mm.max_pool_inpainting``, which does the same; in an exported
    or traced graph it is a loop of standard operators (:mod:`looped_fill`).

    Args:
        features: float tensor (N, C, H, W) of any sign, type and memory format.
        foreground: tensor (N, 1, H, W) of any type; **1 marks the foreground, to be filled**
            (above 0.5 counts as 1).
        padding: tensor (N, 1, H, W) of any type, above 0.5 where a sample's map was padded to the
            batch's size: neither background nor foreground, its features stay. The rest, a
            rectangle, is filled as if the map ended there. None: nothing was padded.
        merge: where the patch replaces the features: in the grown foreground (``'dilated'``, the
            paper), or in the foreground as given (``'mask'``, the paper's public code, in which
            the ring around the foreground keeps its features).
        detach: whether to pass no gradient through the patch to the background it came from. (The
            paper passes it, its public code does not.) Where several pixels hold the maximum, one
            of them takes the gradient; where the patch is 0, nothing does, because it is the
            blacked-out pixels' 0.

    Returns:
        Tensor like ``features``. A sample without any background beside its grown foreground (see
        :func:`unfillable`) keeps its features.

    Raises:
        ValueError: for shapes or devices that do not fit, features that are not floats, an unknown
            ``merge``, or NaN in the foreground (checked on a CPU only, as looking would wait for
            the device, and not while a graph is recorded).

    Example:
        The foreground and the ring around it take the nearest background.

        >>> features = torch.tensor([[[[3.0, 1.0, 9.0, 1.0, 5.0]]]])
        >>> foreground = torch.tensor([[[[0, 0, 1, 0, 0]]]])
        >>> max_pool_inpainting(features, foreground)
        tensor([[[[3., 3., 5., 5., 5.]]]])
    """
    _check(features, foreground, 'foreground')
    if merge not in MERGES:
        raise ValueError(f'merge must be one of {MERGES}, got {merge!r}.')
    if padding is not None:
        _check(features, padding, 'padding')
        padding = padding > 0.5
    foreground, fill_ring = foreground > 0.5, merge == 'dilated'
    if leaves_python():
        loop = exported_loop if is_exported() else scripted_loop
        return looped_inpainting(features, foreground, padding, fill_ring, loop)
    if is_compiled():
        return _operator(features, foreground, padding, fill_ring, detach)
    if features.numel() == 0:
        return features.clone()
    return _Inpainting.apply(features, _fill(features, foreground, padding, fill_ring), detach)


def unfillable(foreground: Tensor, padding: Tensor | None = None) -> Tensor:
    """Find the samples that cannot be filled: nothing of them is left when the foreground grows.

    Args:
        foreground: tensor (N, 1, H, W) of any type, 1 = foreground.
        padding: the same, 1 = padding, which is no background; None: nothing was padded.

    Returns:
        bool tensor (N,) on the same device.
    """
    foreground = foreground > 0.5
    padding = torch.zeros_like(foreground) if padding is None else padding > 0.5
    grown = max_pool2d((foreground & ~padding).float(), 3, stride=1, padding=1) > 0
    return (grown | padding).flatten(1).all(dim=1)


def _fill(
    features: Tensor, foreground: Tensor, padding: Tensor | None, fill_ring: bool
) -> DenseFill | SparseFill:
    fill_type = SparseFill if features.device.type == 'cpu' else DenseFill
    return fill_type(foreground, fill_ring, padding)


class _Inpainting(Function):
    @staticmethod
    def forward(ctx, features: Tensor, fill: DenseFill | SparseFill, detach: bool) -> Tensor:
        output, values = fill.forward(features)
        ctx.fill = fill
        ctx.detach = detach
        ctx.save_for_backward(values)
        return output

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None, None]:
        (values,) = ctx.saved_tensors
        if ctx.detach:
            return ctx.fill.backward_kept(gradient), None, None
        return ctx.fill.backward(gradient, values), None, None


def _check(features: Tensor, mask: Tensor, name: str) -> None:
    if features.dim() != 4 or not features.is_floating_point():
        raise ValueError(
            f'features must be a float tensor (N, C, H, W), got {features.dtype} of shape '
            f'{tuple(features.shape)}.'
        )
    expected = (features.shape[0], 1, *features.shape[2:])
    if mask.shape != expected:
        raise ValueError(
            f'{name} must have shape {expected} for features of shape {tuple(features.shape)}, got '
            f'{tuple(mask.shape)}.'
        )
    if mask.device != features.device:
        raise ValueError(
            f'{name} must be on the device of the features, {features.device}, got {mask.device}.'
        )
    if not is_recorded() and mask.device.type == 'cpu' and mask.isnan().any():
        raise ValueError(f'{name} holds NaN: it must be 1 in the {name} and 0 elsewhere.')


def _register() -> Callable[..., Tensor]:
    """Make the operator that compiled graphs hold; it keeps nothing for the backward pass.

    Which pixels come from where is data, of a size that a compiler does not know: backward finds
    it again.
    """
    arguments = 'Tensor foreground, Tensor? padding, bool fill_ring, bool detach'

    @torch.library.custom_op(
        NAME, mutates_args=(), schema=f'(Tensor features, {arguments}) -> Tensor'
    )
    def operator(
        features: Tensor,
        foreground: Tensor,
        padding: Tensor | None,
        fill_ring: bool,
        detach: bool,
    ) -> Tensor:
        if features.numel() == 0:
            return dense_copy(features)
        output = _fill(features, foreground, padding, fill_ring).forward(features)[0]
        return output.contiguous(memory_format=memory_format(features))

    @torch.library.custom_op(
        f'{NAME}_backward',
        mutates_args=(),
        schema=f'(Tensor gradient, Tensor features, {arguments}) -> Tensor',
    )
    def backward_operator(
        gradient: Tensor,
        features: Tensor,
        foreground: Tensor,
        padding: Tensor | None,
        fill_ring: bool,
        detach: bool,
    ) -> Tensor:
        if features.numel() == 0:
            return dense_copy(gradient)
        fill = _fill(features, foreground, padding, fill_ring)
        if detach:
            result = fill.backward_kept(gradient)
        else:
            result = fill.backward(gradient, fill.forward(features)[1])
        return result.contiguous(memory_format=memory_format(gradient))

    def setup_context(ctx, inputs: tuple, output: Tensor) -> None:
        features, foreground, padding, *ctx.options = inputs
        ctx.save_for_backward(features, foreground, padding)

    def backward(ctx, gradient: Tensor) -> tuple[Tensor | None, ...]:
        return backward_operator(gradient, *ctx.saved_tensors, *ctx.options), *[None] * 4

    operator.register_fake(lambda features, *_: dense_copy(features))
    backward_operator.register_fake(lambda gradient, *_: dense_copy(gradient))
    operator.register_autograd(backward, setup_context=setup_context)
    return operator


_operator = _register() if hasattr(torch.library, 'custom_op') else None  # never called
