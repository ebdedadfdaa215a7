"""Write a network as a file that runs without Python: ``seginpaint export CONFIG CHECKPOINT OUT``.

The suffix of OUT says the format: .onnx (ONNX Runtime, TensorRT, OpenVINO), .pt2 (torch.export) or
.pt (TorchScript, for C++). Batch, height and width stay open where the network takes any. Images
are RGB, uint8, normalised inside; masks are uint8, 1 = foreground or to be filled. The
metadata name inputs and outputs, the classes, and the checkpoint. It is run at
several sizes and compared with PyTorch at once.
"""

import argparse
import hashlib
import logging
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

from torch import nn

from seginpaint_mm import __version__
from seginpaint_mm.apis.model_loading import (
    build_model,
    dataset_meta,
    find_model,
    prepare_for_inference,
)
from seginpaint_mm.cli import one_sentence_errors
from seginpaint_mm.datasets.scene_dataset import list_images
from seginpaint_mm.deployment import (
    RAW,
    ExportedNetwork,
    compare,
    example_inputs,
    export_graph,
    load_exported,
    read_note,
)
from seginpaint_mm.deployment.int8 import changes, check_takes_images, quantise
from seginpaint_mm.deployment.network import normalisation
from seginpaint_mm.deployment.runtime import SUFFIXES, Exported
from seginpaint_mm.errors import ConfigError, UserError
from seginpaint_mm.interop.mmengine import only_log
from seginpaint_mm.models.abilities import task_of
from seginpaint_mm.utils.graphs import NETWORK, graphs_of

_CALIBRATION = '--int8 names a folder of images like those that the network will see.'
_TOLERANCE = 1e-3  # of values in [0, 1] or logits; what rounds differently is far below


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        'config', help='config file, the name of one, or the work dir of a training'
    )
    parser.add_argument(
        'files',
        nargs='+',
        metavar='[CHECKPOINT] OUT',
        help='a work dir brings its own checkpoint; OUT ends in .onnx, .pt2 or .pt',
    )
    parser.add_argument('--part', help='of models that have several, e.g. painter')
    parser.add_argument(
        '--input',
        choices=RAW,
        default=RAW[0],
        help='what images are: uint8 RGB, or normalised float32 RGB (default: %(default)s)',
    )
    parser.add_argument(
        '--int8',
        metavar='FOLDER',
        help='convolutions in 8 bits, in the range that activations have on these images; 64 are '
        'used (ONNX; networks that take images alone)',
    )
    parser.add_argument('--no-check', action='store_true', help='do not compare it with PyTorch')
    parser.add_argument('--debug', action='store_true', help='show tracebacks')
    return parser


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = make_parser()
    args = parser.parse_intermixed_args(argv)
    if len(args.files) > 2:
        parser.error(f'give one checkpoint and one output, not {" ".join(args.files)}')
    *checkpoint, args.out = args.files
    args.checkpoint = checkpoint[0] if checkpoint else None
    if Path(args.out).suffix not in SUFFIXES:
        parser.error(f'{args.out} must end in {", ".join(SUFFIXES)}')
    if args.int8 and suffix(args.out) != '.onnx':
        parser.error(f'--int8 is for ONNX, but {args.out} ends in {suffix(args.out)}')
    return args


@one_sentence_errors
def main(argv: Sequence[str] | None = None) -> None:
    """Export and compare; exits with status 1 where the results are not the same."""
    args = parse_args(argv)
    images = list_images(Path(args.int8), '**/*', _CALIBRATION) if args.int8 else []
    cfg, checkpoint = find_model(args.config, args.checkpoint)
    model = build_model(cfg, checkpoint).eval()
    part = find_part(model, args.part)
    network = exported_network(model, part, args.input)
    network(*example_inputs(network))  # which names its outputs
    try:
        classes = dataset_meta(cfg, model)
    except UserError:  # the data set's files, which alone would tell, are not here
        classes = {}
    note = describe(network, part, checkpoint) | {
        key: list(classes.get(key, ())) for key in ('classes', 'palette')
    }
    if images:
        check_takes_images(note)
    out = Path(args.out)
    # in 8 bits the exact file is written beside OUT, so that OUT is never one of 32 bits
    with TemporaryDirectory(dir=folder_of(out)) if images else nullcontext() as folder:
        path = Path(folder, out.name) if folder else out
        with only_log(logging.ERROR):
            export_graph(
                exported_network(model, part, args.input), path, SUFFIXES[suffix(args.out)], note
            )
        print(f'{out}: {part} of {type(model).__name__}')
        for name in network.input_names:
            print(f'  in  {name}: {described_input(network, name)}')
        print(f'  out {", ".join(network.output_names)}')
        exact = load_exported(path) if images or not args.no_check else None
        if not args.no_check:
            check(network, exact)
        if images:
            quantise(path, images, out)
    if images:
        print(f'  convolutions in 8 bits; on {args.int8}:')
        for difference in changes(exact, load_exported(out), images, read_note(out)):
            print(f'  {difference}')


def check(network: ExportedNetwork, run: Exported) -> None:
    """Compare a file with its network; exits with status 1 where the results are not the same."""
    differences = compare(network, run)
    for difference in differences:
        print(f'  {difference}')
    if any(difference.largest > _TOLERANCE for difference in differences):
        print('error: the file does not give what PyTorch gives.', file=sys.stderr)
        sys.exit(1)


def find_part(model: nn.Module, name: str | None) -> str:
    """Return the name of the graph that is meant.

    Raises:
        ConfigError: when it is not there, or there are several and none is the network.
    """
    graphs = graphs_of(model)
    if name is None and (NETWORK in graphs or len(graphs) == 1):
        return NETWORK if NETWORK in graphs else next(iter(graphs))
    if name not in graphs:
        what = 'is not a part' if name else 'must be given by --part'
        raise ConfigError(
            f'{name or "The part"} {what} of {type(model).__name__}: choose from '
            f'{", ".join(graphs)}.'
        )
    return name


def exported_network(model: nn.Module, part: str, raw: str) -> ExportedNetwork:
    """A part of a copy of the model that is as fast as can be: its batch norms are folded."""
    fast = prepare_for_inference(model)
    return ExportedNetwork(fast, graphs_of(fast)[part], raw).eval()


def folder_of(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.parent


def suffix(path: str) -> str:
    return Path(path).suffix


def described_input(network: ExportedNetwork, name: str) -> str:
    shape = 'x'.join(map(str, network.graph.inputs[name].shape))
    return f'{str(network.outer_dtype(name)).removeprefix("torch.")} {shape}'


def describe(network: ExportedNetwork, part: str, checkpoint: str | None) -> dict:
    """Describe the file in its own metadata."""
    graph = network.graph
    note = dict(
        model=type(network.model).__name__,
        task=task_of(network.model),
        part=part,
        version=__version__,
        inputs={
            name: dict(
                shape=list(array.shape),
                dtype=str(network.outer_dtype(name)).removeprefix('torch.'),
            )
            for name, array in graph.inputs.items()
        },
        outputs=list(network.output_names),
        divisor=graph.divisor,
        least=graph.least,
        size=graph.size and list(graph.size),
        colours='RGB',
        normalises=network.normalises,
    )
    if 'image' in graph.inputs:
        note['mean'], note['std'] = normalisation(network.model)
    if checkpoint is not None and Path(checkpoint).is_file():
        digest = hashlib.sha256(Path(checkpoint).read_bytes()).hexdigest()
        note |= dict(checkpoint=Path(checkpoint).name, checkpoint_sha256=digest)
    return note


if __name__ == '__main__':
    main()
