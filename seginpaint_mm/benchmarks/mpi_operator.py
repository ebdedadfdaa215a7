"""Max-pooling as inpainting against the paper's loop: time, memory, growth with the hole."""

from collections.abc import Callable

import torch
from torch import Tensor

from seginpaint_mm.benchmarks.measure import Table, in_fresh_process, median_seconds, peak_mebibytes
from seginpaint_mm.models.mpi import max_pool_inpainting, max_pool_inpainting_reference

Shape = tuple[int, int, int, int]
# Shape, largest distance R to the background, and how many times faster we want to be.
CASES: tuple[tuple[Shape, int, float, float | None], ...] = (
    ((4, 128, 32, 64), 8, 12, None),
    ((4, 128, 64, 128), 16, 30, 10),
    ((2, 128, 128, 256), 31, 50, 10),
    ((1, 512, 128, 256), 31, 40, 10),
)
GROWTH_SHAPE: Shape = (2, 128, 128, 256)
GROWTH_RADII = (2, 4, 8, 16, 31, 63)
GROWTH_AREA = 125 * 125  # the largest hole of the largest radius
OPERATORS = {'loop': max_pool_inpainting_reference, 'ours': max_pool_inpainting}


def squares(shape: Shape, radius: int, area: int) -> Tensor:
    """Foreground of square objects that are ``radius`` pixels deep once they are grown.

    Args:
        shape: N,C,H,W of the features.
        radius: Largest distance to the background, at least 2: what has grown is 3 pixels wide.
        area: Objects are added until this many pixels of a sample are to be filled.

    Returns:
        Tensor: uint8 N,1,H,W, 1 = foreground.
    """
    side, period = 2 * radius - 3, 2 * radius
    foreground = torch.zeros(shape[0], 1, *shape[2:], dtype=torch.uint8)
    wanted = max(1, round(area / (side + 2) ** 2))
    for number in range(wanted):
        row, column = divmod(number, (shape[3] - 1) // period)
        top, left = row * period + 2, column * period + 2
        foreground[..., top : top + side, left : left + side] = 1
    return foreground


def operator_tables(repeats: int, device: torch.device) -> list[Table]:
    """Measure all cases, forward and backward, and the growth with the radius."""
    return [_cases(repeats, device), _growth(repeats, device)]


def _cases(repeats: int, device: torch.device) -> Table:
    table = Table(
        'Operator against the loop',
        (
            'features',
            'R',
            'loop, ms',
            'ours, ms',
            'times faster',
            'wanted',
            'loop, MiB',
            'ours, MiB',
        ),
        'One square object a sample; R is the largest distance to the background, the number of '
        'iterations of the loop. MiB is the peak of memory taken beside the inputs.',
    )
    for shape, radius, wanted_forward, wanted_both in CASES:
        for backward, wanted in ((False, wanted_forward), (True, wanted_both)):
            seconds = _times(shape, radius, 0, backward, repeats, device)
            memory = {name: _peak(name, shape, radius, backward, device) for name in OPERATORS}
            table.rows.append(
                {
                    'features': f'{shape} forward{" + backward" if backward else ""}',
                    'R': radius,
                    'loop, ms': seconds['loop'] * 1e3,
                    'ours, ms': seconds['ours'] * 1e3,
                    'times faster': seconds['loop'] / seconds['ours'],
                    'wanted': wanted,
                    'loop, MiB': memory['loop'],
                    'ours, MiB': memory['ours'],
                }
            )
    return table


def _growth(repeats: int, device: torch.device) -> Table:
    table = Table(
        f'Growth with the radius, {GROWTH_SHAPE}, forward',
        ('R', 'share to be filled', 'loop, ms', 'ours, ms'),
        'About the same number of pixels is to be filled, in objects of different depth. (R = 1 '
        'cannot be: an object that has grown by a pixel is at least 3 wide.)',
    )
    for radius in GROWTH_RADII:
        seconds = _times(GROWTH_SHAPE, radius, GROWTH_AREA, False, repeats, device)
        grown = torch.nn.functional.max_pool2d(
            squares(GROWTH_SHAPE, radius, GROWTH_AREA).float(), 3, 1, 1
        )
        table.rows.append(
            {
                'R': radius,
                'share to be filled': grown.mean().item(),
                'loop, ms': seconds['loop'] * 1e3,
                'ours, ms': seconds['ours'] * 1e3,
            }
        )
    return table


def _times(
    shape: Shape, radius: int, area: int, backward: bool, repeats: int, device: torch.device
) -> dict[str, float]:
    actions = {name: _action(name, shape, radius, area, backward, device) for name in OPERATORS}
    return median_seconds(actions, repeats, device)


def _action(
    name: str, shape: Shape, radius: int, area: int, backward: bool, device: torch.device
) -> Callable[[], None]:
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(shape, generator=generator).to(device)
    weights = torch.randn(shape, generator=generator).to(device)
    foreground = squares(shape, radius, area).to(device)
    operator = OPERATORS[name]

    def forward() -> None:
        with torch.no_grad():
            operator(features, foreground)

    def forward_and_backward() -> None:
        torch.autograd.grad(operator(features, foreground), features, weights)

    if not backward:
        return forward
    features.requires_grad_()
    return forward_and_backward


def _peak(
    name: str, shape: Shape, radius: int, backward: bool, device: torch.device
) -> float | None:
    return in_fresh_process(_peak_here, name, shape, radius, backward, str(device))


def _peak_here(name: str, shape: Shape, radius: int, backward: bool, device: str) -> float | None:
    device = torch.device(device)
    _action(name, (1, 1, 8, 8), 2, 0, backward, device)()  # what libraries take once is not counted
    return peak_mebibytes(_action(name, shape, radius, 0, backward, device), device)
