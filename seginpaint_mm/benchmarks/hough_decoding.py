"""Instances from votes: ours against the plain loops, and growth with the number of votes."""

from functools import partial

import torch
from mmcv.ops import nms_match
from torch import Tensor

from seginpaint_mm.benchmarks.measure import Table, in_fresh_process, median_seconds, peak_mebibytes
from seginpaint_mm.models.fcrn import HoughInstanceHead
from seginpaint_mm.models.fcrn.hough_reference import hough_instances_reference
from seginpaint_mm.models.fcrn.localization_head import map_points
from seginpaint_mm.ops.box_grouping import group_boxes

SIZE = (500, 500)
NUM_THINGS = 20  # and the background, as VOC
ROWS, COLUMNS = 5, 8  # of objects
WANTED = 50  # times faster than the loops
NOISE = 0.02  # of predicted boxes, in units of 64 pixels for offsets, and relative for sizes
COMPACT, SCATTERED = 'compact', 'scattered'
# Number of votes and kind of boxes; the loops need hours for many scattered ones.
LOOP_CASES = ((15_000, COMPACT), (60_000, COMPACT), (4_000, SCATTERED))
GROWTH = (15_000, 30_000, 60_000, 120_000, 240_000)
MATCH_LIMIT = 30_000  # scattered votes that mmcv's function is given
CODER = dict(type='BoxCoder')
Scene = tuple[HoughInstanceHead, Tensor, Tensor]
DECODERS = {
    'loops': hough_instances_reference,
    'ours': HoughInstanceHead.predict,
}


def hough_tables(repeats: int, device: torch.device) -> list[Table]:
    """Measure ours against the loops, and how both grow."""
    return [_against_loops(repeats, device), _growth(repeats, device)]


def voting_scene(votes: int, kind: str, device: torch.device) -> Scene:
    """A head, scores (K, H, W) and maps (4T, H, W) of 40 objects of one class.

    Args:
        votes: Pixels of the objects, about; all of them vote.
        kind: ``'compact'``: pixels mean the box of their object, more or less; ``'scattered'``:
            each means another, anywhere, as if the net had learnt nothing.
        device: Where the tensors are.
    """
    head = HoughInstanceHead(thing_ids=range(1, NUM_THINGS + 1), box_coder=CODER)
    generator = torch.Generator().manual_seed(0)
    objects = _objects(votes)
    scores = torch.zeros(NUM_THINGS + 1, *SIZE)
    scores[1] = (objects > 0) * (0.5 + 0.5 * torch.rand(SIZE, generator=generator))
    scores[0] = 1 - scores[1]
    maps = torch.zeros(4 * NUM_THINGS, *SIZE)
    maps[:4] = _scattered(generator) if kind == SCATTERED else _compact(head, objects, generator)
    return head, scores.to(device), maps.to(device)


def _objects(votes: int) -> Tensor:
    """Number of the object at each pixel, int64 (H, W), from 1 on; 0 where there is none."""
    numbers = torch.zeros(SIZE, dtype=torch.int64)
    period = SIZE[0] // ROWS, SIZE[1] // COLUMNS
    height = round(min(period[0], (votes / (ROWS * COLUMNS) * period[0] / period[1]) ** 0.5))
    width = min(period[1], round(votes / (ROWS * COLUMNS) / height))
    for number in range(ROWS * COLUMNS):
        row, column = divmod(number, COLUMNS)
        top, left = row * period[0], column * period[1]
        numbers[top : top + height, left : left + width] = number + 1
    return numbers


def _compact(head: HoughInstanceHead, objects: Tensor, generator: torch.Generator) -> Tensor:
    boxes = torch.zeros(*SIZE, 4)
    for number in range(1, ROWS * COLUMNS + 1):
        mask = objects == number
        row, column = mask.nonzero().T
        boxes[mask] = torch.stack(
            (column.min(), row.min(), column.max() + 1, row.max() + 1)
        ).float()
    deltas = head.box_coder.encode(map_points(SIZE), boxes)
    return (deltas + NOISE * torch.randn(deltas.shape, generator=generator)).movedim(-1, 0)


def _scattered(generator: torch.Generator) -> Tensor:
    offsets = 4 * torch.randn(2, *SIZE, generator=generator)
    return torch.cat((offsets, torch.rand(2, *SIZE, generator=generator) * 3 - 2))


def _against_loops(repeats: int, device: torch.device) -> Table:
    table = Table(
        f'Instances from votes, image of {SIZE[0]}x{SIZE[1]}, {NUM_THINGS + 1} classes',
        (
            'votes',
            'loops, ms',
            'ours, ms',
            'times faster',
            'wanted',
            'loops, MiB',
            'ours, MiB',
        ),
        f'Steps 3 to 6 of Sec. 2.1. {ROWS * COLUMNS} objects of one class; compact: votes mean '
        f'boxes near that of their object; scattered: boxes anywhere. The instances are the same. '
        f'MiB is the peak of memory taken beside the inputs.',
    )
    for votes, kind in LOOP_CASES:
        scene = voting_scene(votes, kind, device)
        seconds = median_seconds(
            {name: partial(decode, *scene) for name, decode in DECODERS.items()}, repeats, device
        )
        memory = {name: _peak(name, votes, kind, device) for name in DECODERS}
        table.rows.append(
            {
                'votes': f'{_count(scene)} {kind}',
                'loops, ms': seconds['loops'] * 1e3,
                'ours, ms': seconds['ours'] * 1e3,
                'times faster': seconds['loops'] / seconds['ours'],
                'wanted': WANTED,
                'loops, MiB': memory['loops'],
                'ours, MiB': memory['ours'],
            }
        )
    return table


def _growth(repeats: int, device: torch.device) -> Table:
    table = Table(
        'Growth with the number of votes',
        (
            'votes',
            'instances',
            'ours, ms',
            'ours, us a vote',
            'ours, MiB',
            'groups',
            'grouping alone, ms',
            "mmcv's nms_match, ms",
        ),
        'The same images, with larger objects; ours alone, and its steps 4 and 5, on the CPU, '
        "beside mmcv's function for them.",
    )
    for kind in (COMPACT, SCATTERED):
        for votes in GROWTH:
            table.rows.append(_growth_row(votes, kind, repeats, device))
    return table


def _growth_row(votes: int, kind: str, repeats: int, device: torch.device) -> dict:
    scene = voting_scene(votes, kind, device)
    boxes, scores = _votes_of_one_class(scene)
    actions = {
        'all': partial(HoughInstanceHead.predict, *scene),
        'groups': partial(group_boxes, boxes.numpy(), scores.numpy(), 0.5),
    }
    if kind == COMPACT or votes <= MATCH_LIMIT:
        actions['match'] = partial(nms_match, torch.column_stack((boxes, scores)), 0.5)
    seconds = median_seconds(actions, repeats, device)
    number = _count(scene)
    return {
        'votes': f'{number} {kind}',
        'instances': len(actions['all']()),
        'ours, ms': seconds['all'] * 1e3,
        'ours, us a vote': seconds['all'] / number * 1e6,
        'ours, MiB': _peak('ours', votes, kind, device),
        'groups': len(actions['groups']()[0]),
        'grouping alone, ms': seconds['groups'] * 1e3,
        "mmcv's nms_match, ms": seconds['match'] * 1e3 if 'match' in seconds else None,
    }


def _votes_of_one_class(scene: Scene) -> tuple[Tensor, Tensor]:
    """Boxes (V, 4) and scores (V,) of the votes, on the CPU."""
    head, scores, maps = (
        part if isinstance(part, HoughInstanceHead) else part.cpu() for part in scene
    )
    votes = scores[1] > 0
    return head.box_coder.decode(map_points(SIZE)[votes], maps[:4, votes].T), scores[1, votes]


def _count(scene: Scene) -> int:
    return int((scene[1][1] > 0).sum())


def _peak(name: str, votes: int, kind: str, device: torch.device) -> float | None:
    return in_fresh_process(_peak_here, name, votes, kind, str(device))


def _peak_here(name: str, votes: int, kind: str, device: str) -> float | None:
    device = torch.device(device)
    decode = DECODERS[name]
    head, scores, maps = voting_scene(votes, kind, device)
    decode(head, scores[:, :9, :9], maps[:, :9, :9])  # what libraries take once is not counted
    return peak_mebibytes(partial(decode, head, scores, maps), device)
