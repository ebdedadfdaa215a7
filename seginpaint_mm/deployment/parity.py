"""Compare an exported file with its network, also at other sizes."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch

from seginpaint_mm.deployment.network import LEAST, ExportedNetwork, example_inputs
from seginpaint_mm.deployment.runtime import Exported

# Sides that are not those of the recording: odd ones, one image and several, every kind of mask.
CASES = (
    (dict(n=1, k=1, h=64, w=96), 'random'),
    (dict(n=3, k=5, h=LEAST + 5, w=115), 'random'),
    (dict(n=1, k=2, h=101, w=57), 'full'),
    (dict(n=2, k=2, h=48, w=80), 'empty'),
)


@dataclass(frozen=True)
class Difference:
    """How far an output of the file is from the network's.

    Args:
        output: Its name.
        shape: Of the output.
        largest: Largest absolute difference; of whole numbers the share that differs.
        is_share: Whether it is such a share.
    """

    output: str
    shape: tuple[int, ...]
    largest: float
    is_share: bool

    def __str__(self) -> str:
        what = 'share that differs' if self.is_share else 'largest difference'
        return f'{self.output} {"x".join(map(str, self.shape))}: {what} {self.largest:.2g}'


def compare(
    network: ExportedNetwork,
    run: Exported,
    cases: Iterable[tuple[dict[str, int], str]] = CASES,
) -> list[Difference]:
    """Run both on random inputs.

    Args:
        network: The network in PyTorch, with its own poolings.
        run: What :func:`load_exported` gives.
        cases: Sides and kind of masks, see :func:`example_inputs`.

    Raises:
        ValueError: when an output has another shape or type.
    """
    found = []
    for seed, (sides, masks) in enumerate(cases):
        inputs = example_inputs(network, sides, seed, masks)
        with torch.no_grad():
            expected = [each.numpy() for each in network(*inputs)]
        named = zip(network.input_names, inputs, strict=True)
        made = run({name: value.numpy() for name, value in named})
        for name, wanted in zip(network.output_names, expected, strict=True):
            found.append(_difference(name, wanted, made[name]))
    return found


def _difference(name: str, wanted: np.ndarray, made: np.ndarray) -> Difference:
    if (wanted.shape, wanted.dtype) != (made.shape, made.dtype):
        raise ValueError(
            f'{name} is {made.dtype} {made.shape}, and {wanted.dtype} {wanted.shape} in PyTorch.'
        )
    is_share = wanted.dtype.kind != 'f'
    apart = wanted != made if is_share else np.abs(wanted.astype(np.float64) - made)
    largest = apart.mean() if is_share else apart.max(initial=0)
    return Difference(name, wanted.shape, float(largest), is_share)
