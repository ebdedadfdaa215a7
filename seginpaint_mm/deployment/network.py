"""The network that is exported: tensors in, tensors out, pooling computed from shapes."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seginpaint_mm.errors import ConfigError
from seginpaint_mm.models.labels import IGNORE_INDEX
from seginpaint_mm.utils.graphs import Array, Graph


class ShapedAvgPool2d(nn.Module):
    """``nn.AdaptiveAvgPool2d`` as two matrix products, whose matrices are made from the map's size.

    In a graph for all sizes PyTorch's own is kept with the windows of the size it was recorded at,
    and is wrong at others, without an error.

    Args:
        output_size: Of the result, one number or (height, width).
    """

    def __init__(self, output_size: int | tuple[int, int]) -> None:
        super().__init__()
        self.rows, self.columns = nn.modules.utils._pair(output_size)

    def forward(self, maps: Tensor) -> Tensor:
        """N,C,H,W -> N,C,rows,columns."""
        if self.rows == self.columns == 1:
            return maps.mean(dim=(2, 3), keepdim=True)
        pooled = F.linear(maps, _windows(self.columns, maps.shape[3], maps))
        pooled = pooled.transpose(2, 3)
        return F.linear(pooled, _windows(self.rows, maps.shape[2], maps)).transpose(2, 3)


def shape_pooling(module: nn.Module) -> None:
    """Put :class:`ShapedAvgPool2d` in the place of each ``nn.AdaptiveAvgPool2d``."""
    for name, child in module.named_children():
        if isinstance(child, nn.AdaptiveAvgPool2d):
            setattr(module, name, ShapedAvgPool2d(child.output_size))
        else:
            shape_pooling(child)


def _windows(number: int, length: int, like: Tensor) -> Tensor:
    """Weights (number, length): each row the mean over its window."""
    place = torch.arange(length, device=like.device)
    window = torch.arange(number, device=like.device)[:, None]
    first, stop = window * length // number, ((window + 1) * length + number - 1) // number
    inside = ((place >= first) & (place < stop)).to(like.dtype)
    return inside / inside.sum(dim=1, keepdim=True)


RAW = ('uint8', 'normalised')  # what the input 'image' is
LEAST = 32  # side of an image below which no graph is tried
_SIDES = {'n': 2, 'k': 3, 'h': 48, 'w': 80}  # of the examples that are recorded, no two alike


class ExportedNetwork(nn.Module):
    """Runs a graph on uint8 images and masks.

    Args:
        model: The model that the graph is of.
        graph: One of ``graphs_of(model)``.
        raw: ``'uint8'``: the input ``image`` is RGB from 0 to 255, and normalised here;
            ``'normalised'``: float32, as the data preprocessor gives it.

    Raises:
        ConfigError: when ``raw`` is ``'uint8'`` and the model does not say how it normalises.
    """

    def __init__(self, model: nn.Module, graph: Graph, raw: str = 'uint8') -> None:
        super().__init__()
        # As other programs lay out their tensors; from others torch.export draws narrower sizes.
        self.model = model.to(memory_format=torch.contiguous_format)
        self.graph = graph
        self.programs = nn.ModuleList(graph.programs)  # a trace holds those of sub-modules alone
        self.input_names = tuple(graph.inputs)
        self.output_names: tuple[str, ...] = ()
        self.normalises = raw == 'uint8' and 'image' in graph.inputs
        if self.normalises:
            mean, std = normalisation(model)
            self.register_buffer('mean', torch.tensor(mean).view(3, 1, 1), persistent=False)
            self.register_buffer('std', torch.tensor(std).view(3, 1, 1), persistent=False)

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The graph's outputs, in the order of ``output_names``, which is known then."""
        given = []
        for (name, array), value in zip(self.graph.inputs.items(), inputs, strict=True):
            if name == 'image' and self.normalises:
                value = (value.to(self.mean.dtype) - self.mean) / self.std
            given.append(value > 0 if array.dtype == torch.bool else value)
        made = self.graph.function(*given)
        if not self.output_names:
            self.output_names = tuple(made)
        return tuple(made.values())

    def outer_dtype(self, name: str) -> torch.dtype:
        """The type of an input as other programs give it."""
        if name == 'image' and self.normalises:
            return torch.uint8
        dtype = self.graph.inputs[name].dtype
        return torch.uint8 if dtype == torch.bool else dtype


def normalisation(model: nn.Module) -> tuple[list[float], list[float]]:
    """Mean and standard deviation of R, G, B on the scale 0 to 255.

    Raises:
        ConfigError: when the model's data preprocessor has none.
    """
    preprocessor = getattr(model, 'data_preprocessor', None)
    if not hasattr(preprocessor, 'mean'):
        raise ConfigError(
            f'The data preprocessor of {type(model).__name__} does not normalise: take --input '
            f'normalised.'
        )
    return preprocessor.mean.flatten().tolist(), preprocessor.std.flatten().tolist()


def example_inputs(
    network: ExportedNetwork,
    sides: dict[str, int] | None = None,
    seed: int = 0,
    masks: str = 'random',
) -> tuple[Tensor, ...]:
    """Random inputs of a network.

    Args:
        network: What they are for.
        sides: Length of the sides that have names, ``n``, ``k``, ``h``, ``w``; others by default.
            Heights and widths are rounded up to what the graph takes.
        seed: Of the values.
        masks: ``'random'`` blocks, ``'empty'`` or ``'full'``.
    """
    graph = network.graph
    lengths = {**_SIDES, **(sides or {})}
    for index, name in enumerate(('h', 'w')):
        side = max(lengths[name], graph.least)
        lengths[name] = side + -side % graph.divisor if graph.size is None else graph.size[index]
    generator = torch.Generator().manual_seed(seed)
    inputs = []
    for name, array in graph.inputs.items():
        shape = [lengths.get(side, side) for side in array.shape]
        dtype = network.outer_dtype(name)
        if name == 'boxes':
            value = _boxes(shape[0], lengths)
        elif array.dtype == torch.bool:
            # inpainters refuse holes that are nothing or everything
            value = _mask(shape, 'random' if name == 'hole' else masks, generator)
        elif name == 'image' and dtype == torch.uint8:
            value = torch.randint(0, 256, shape, dtype=dtype, generator=generator)
        else:
            value = _values(shape, array, generator)
            if name == 'labels':  # some of which are not known
                value[torch.rand(shape, generator=generator) < 0.25] = IGNORE_INDEX
        inputs.append(value)
    return tuple(inputs)


def _values(shape: list[int], array: Array, generator: torch.Generator) -> Tensor:
    if array.dtype.is_floating_point:
        drawn = torch.randn if array.high is None else torch.rand
        return drawn(shape, generator=generator)
    return torch.randint(0, int(array.high or 0) + 1, shape, generator=generator)


def _mask(shape: list[int], kind: str, generator: torch.Generator) -> Tensor:
    mask = torch.zeros(shape, dtype=torch.uint8)
    if kind == 'full':
        return mask + 1
    if kind == 'random':
        height, width = shape[-2:]
        top, left = (
            int(torch.randint(0, side // 2, (1,), generator=generator)) for side in (height, width)
        )
        mask[..., top : top + height // 3, left : left + width // 3] = 1
    return mask


def _boxes(number: int, lengths: dict[str, int]) -> Tensor:
    height, width = lengths['h'], lengths['w']
    boxes = [[n, 2 * n, width - 3 * n - 4, height - n - 4] for n in range(number)]
    return torch.tensor(boxes, dtype=torch.float32)
