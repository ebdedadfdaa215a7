"""Turn a checkpoint of the published code of MPI (Chenyang-Lu/semantic-foreground-inpainting) into
one of ours: ``python tools/model_converters/mpi.py PUBLISHED OUT``.

Networks with a light foreground branch and with shared early layers, on ResNet-18 and ResNet-50,
are told apart by their tensors; the config to use OUT with is printed. The published network merges
where the mask itself is foreground: test with --cfg-options model.neck.merge=mask.
"""

import argparse
import io
import sys
from collections.abc import Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # runs without being installed

import seginpaint_mm  # noqa: F401  sets how threads wait, before torch is imported

# isort: split
import torch
from mmengine.registry import DefaultScope
from torch import Tensor

from seginpaint_mm.checkpoint import check_checkpoint_fits, load_checkpoint_safely
from seginpaint_mm.cli import load_config, one_sentence_errors
from seginpaint_mm.errors import CheckpointError
from seginpaint_mm.registry import MODELS
from seginpaint_mm.utils.files import write_bytes

_STATE = 'state_dict_G'  # where the published training script puts the weights
_LIGHT = 'convfore.'
_HEAD = 'convforeout.'  # of the light branch, or of the main one
_NUM_UPSAMPLED = 3
# Place in the published nn.Sequential -> name in our ForegroundHead.
_HEAD_PLACES = {
    '0': 'convs.0',
    '1': 'convs.1',
    '3': 'convs.3',
    '4': 'convs.4',
    '6': 'upsample.0',
    '7': 'upsample.1',
    '8': 'conv_seg',
}
_BLOCK_PLACES = {'conv.0': 'conv', 'conv.1': 'bn', 'conv.2': 'activation'}
_BOTTLENECK = 'layer1.0.conv3.weight'  # only ResNets of 50 and more layers have it


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('published', type=Path, help='.pth.tar of the published code')
    parser.add_argument('out', type=Path, help='checkpoint to write')
    parser.add_argument('--debug', action='store_true', help='show tracebacks')
    return parser.parse_args(argv)


def convert(published: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename the tensors of a published network.

    Args:
        published: its state dict.

    Returns:
        The state dict of a :class:`ForegroundInpainter`, the values unchanged.

    Raises:
        CheckpointError: a tensor is none of the published network's.
    """
    return {_our_name(name): value for name, value in published.items()}


def find_config_of(published: Mapping[str, Tensor]) -> str:
    """Name the config of a published network, by its tensors."""
    depth = 50 if f'feats.{_BOTTLENECK}' in published else 18
    is_shared = not any(name.startswith(_LIGHT) for name in published)
    return f'pspnet_r{depth}{"_shared" if is_shared else ""}_cityscapes'


def _our_name(name: str) -> str:
    part, _, rest = name.partition('.')
    if part in ('feats', 'convfore') and rest.startswith(_HEAD):
        place, _, inner = rest.removeprefix(_HEAD).partition('.')
        if place in _HEAD_PLACES:
            return f'foreground_head.{_HEAD_PLACES[place]}.{_in_block(inner)}'
    elif part in ('feats', 'convfore') and rest.startswith(('conv1', 'bn1', 'layer')):
        return f'{"backbone" if part == "feats" else "foreground_backbone"}.{rest}'
    elif name.startswith('psp.stages.'):
        number, _, weight = rest.removeprefix('stages.').partition('.1.')
        return f'background_head.pyramid_pooling.{number}.1.conv.{weight}'
    elif name.startswith('psp.bottleneck.'):
        return f'background_head.{rest}'
    elif part in [f'up_{number + 1}' for number in range(_NUM_UPSAMPLED)]:
        number = int(part.removeprefix('up_')) - 1
        return f'background_head.upsample.{number}.{_in_block(rest)}'
    elif name.startswith('final.0.'):
        return f'background_head.conv_seg.{rest.removeprefix("0.")}'
    raise CheckpointError(
        f'{name} is no tensor of a published MPI network: give its .pth.tar file.'
    )


def _in_block(rest: str) -> str:
    """``conv.1.weight`` of a published upsampling block is ``bn.weight`` of ours."""
    for place, ours in _BLOCK_PLACES.items():
        if rest.startswith(f'{place}.'):
            return f'{ours}{rest.removeprefix(place)}'
    return rest


@one_sentence_errors
def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    checkpoint = load_checkpoint_safely(args.published)
    published = checkpoint.get(_STATE, checkpoint)
    state = convert(published)
    config = find_config_of(published)
    with DefaultScope.overwrite_default_scope('seginpaint_mm'), torch.device('meta'):
        model = MODELS.build(load_config(f'mpi/{config}', {}).model)
    check_checkpoint_fits(model, state, str(args.published))
    content = io.BytesIO()
    torch.save(dict(state_dict=state), content)
    write_bytes(args.out, content.getvalue())
    print(f'{args.out}: {len(state)} tensors, for configs/mpi/{config}.py with')
    print('  --cfg-options model.neck.merge=mask')


if __name__ == '__main__':
    main()
