"""Turn a checkpoint into a small file that can be shipped, float16 safetensors:
``python tools/model_converters/half_precision.py CONFIG CHECKPOINT OUT.safetensors``.

Kernels become float16; norms, biases and other vectors stay float32. Optimiser, log history and
batch norm's counters are left out. The file is a checkpoint like any other, for inference, tests
and ``load_from``; beside the weights it holds the names of the classes, and the seed and epoch of
the training. What a paper or a model card reports should be measured on this file.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # runs without being installed

import seginpaint_mm  # noqa: F401  sets how threads wait, before torch is imported

# isort: split
import torch
from mmengine.registry import DefaultScope
from safetensors.torch import save
from torch import Tensor

from seginpaint_mm.checkpoint import (
    META,
    check_checkpoint_fits,
    load_checkpoint_safely,
    non_finite_tensors,
    section,
)
from seginpaint_mm.cli import load_config, one_sentence_errors
from seginpaint_mm.errors import CheckpointError
from seginpaint_mm.registry import MODELS
from seginpaint_mm.utils.files import write_bytes

_KEPT = ('dataset_meta', 'epoch', 'iter', 'seed', 'experiment_name')


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config file of the network, or its name')
    parser.add_argument('checkpoint', type=Path, help='checkpoint of a training')
    parser.add_argument('out', type=Path, help='file to write, .safetensors')
    parser.add_argument('--debug', action='store_true', help='show tracebacks')
    return parser.parse_args(argv)


def halved(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Round what has two dimensions or more to float16.

    Raises:
        CheckpointError: a value is too large for it.
    """
    small = {
        name: (value.half() if value.is_floating_point() and value.ndim > 1 else value)
        .cpu()
        .contiguous()
        for name, value in state.items()
        if 'num_batches_tracked' not in name
    }
    broken = non_finite_tensors(small)
    if broken:
        raise CheckpointError(f'{broken[0]} has values that float16 cannot hold.')
    return small


@one_sentence_errors
def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    cfg = load_config(args.config, {})
    with torch.device('meta'), DefaultScope.overwrite_default_scope(cfg.default_scope):
        model = MODELS.build(cfg.model)
    checkpoint = load_checkpoint_safely(args.checkpoint)
    state = check_checkpoint_fits(model, checkpoint, str(args.checkpoint))
    meta = section(checkpoint, 'meta')
    kept = {key: meta[key] for key in _KEPT if key in meta}
    content = save(halved(state), metadata={META: json.dumps(kept), 'format': 'pt'})
    write_bytes(args.out, content)
    print(f'{args.out}: {len(content) / 1e6:.2f} MB')


if __name__ == '__main__':
    main()
