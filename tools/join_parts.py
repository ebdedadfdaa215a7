"""Write parts that were trained apart as one checkpoint: ``python tools/join_parts.py CONFIG OUT``.

CONFIG is that of a model which names its parts' checkpoints (``model.part_checkpoints``); OUT can
be given to tools/test.py, tools/infer.py and, as ``load_from``, to tools/train.py.
"""

import argparse
import io
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # runs without being installed

import seginpaint_mm  # noqa: F401  sets how threads wait, before torch is imported

# isort: split
import torch
from mmengine.registry import DefaultScope

from seginpaint_mm.checkpoint import check_parts_named, enable_safe_loading
from seginpaint_mm.cli import (
    add_config_arguments,
    load_config,
    locate_errors,
    one_sentence_errors,
)
from seginpaint_mm.errors import ConfigError
from seginpaint_mm.registry import MODELS
from seginpaint_mm.utils.files import write_bytes


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add_config_arguments(parser)
    parser.add_argument('out', help='checkpoint to write')
    return parser.parse_args(argv)


@one_sentence_errors
def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    enable_safe_loading()
    cfg = load_config(args.config, args.cfg_options)
    if not cfg.get('model', {}).get('part_checkpoints'):
        raise ConfigError(
            f'{args.config} names no checkpoints to join: set model.part_checkpoints.'
        )
    with locate_errors(cfg), DefaultScope.overwrite_default_scope(cfg.default_scope):
        model = MODELS.build(cfg.model)
        check_parts_named(model, cfg)
        model.init_weights()
    file = io.BytesIO()
    torch.save({'state_dict': model.state_dict()}, file)
    write_bytes(args.out, file.getvalue())
    print(f'{args.out}: {", ".join(cfg.model.part_checkpoints)}.')


if __name__ == '__main__':
    main()
