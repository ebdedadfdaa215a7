"""Give a ResNet whose batch norms were folded into its convolutions their statistics back:
``python tools/model_converters/unfold_batch_norm.py FOLDED IMAGES OUT``.

In such a file every norm has mean 0, variance 1 and weight 1, so that training, which normalises
by the batch, begins with another network than the file's. The statistics are measured on the images
of a folder; weight and bias are set such that the network computes what it did.
"""

import argparse
import io
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # runs without being installed

import seginpaint_mm  # noqa: F401  sets how threads wait, before torch is imported

# isort: split
import torch
from torch import Tensor, nn

from seginpaint_mm.checkpoint import load_checkpoint_safely
from seginpaint_mm.cli import one_sentence_errors
from seginpaint_mm.datasets.image_reading import read_colour
from seginpaint_mm.datasets.scene_dataset import list_images
from seginpaint_mm.errors import CheckpointError
from seginpaint_mm.models.backbones import StagedResNet, file_depths
from seginpaint_mm.utils.files import write_bytes

MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)  # of ImageNet, RGB


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('folded', type=Path, help='ResNet with the names of torchvision')
    parser.add_argument('images', type=Path, help='folder of images; those below it count')
    parser.add_argument('out', type=Path, help='file to write')
    parser.add_argument('--stages', type=int, default=3, help='stages to keep, from the first on')
    parser.add_argument('--num-images', type=int, default=200, help='of the folder, evenly spread')
    parser.add_argument('--debug', action='store_true', help='show tracebacks')
    return parser.parse_args(argv)


@torch.inference_mode()
def unfold(resnet: nn.Module, images: list[Tensor]) -> None:
    """Replace the statistics of every norm of a network by those of its inputs.

    Args:
        resnet: Any network; it computes the same before and after.
        images: Normalised, each 1,3,H,W.
    """
    norms = [module for module in resnet.modules() if isinstance(module, nn.BatchNorm2d)]
    sums = {norm: torch.zeros(3, norm.num_features, dtype=torch.float64) for norm in norms}

    def count(norm: nn.Module, inputs: tuple[Tensor]) -> None:
        maps = inputs[0].double()
        sums[norm] += torch.stack(
            [
                maps.sum((0, 2, 3)),
                maps.square().sum((0, 2, 3)),
                torch.full((maps.shape[1],), maps[:, 0].numel()),
            ]
        )

    handles = [norm.register_forward_pre_hook(count) for norm in norms]
    resnet.eval()
    for image in images:
        resnet(image)
    for handle in handles:
        handle.remove()
    for norm in norms:
        total, squares, number = sums[norm]
        mean = total / number
        variance = (squares / number - mean.square()).clamp(min=0)
        scale = norm.weight.double() / (norm.running_var.double() + norm.eps).sqrt()
        shift = norm.bias.double() - norm.running_mean.double() * scale
        norm.weight.copy_(scale * (variance + norm.eps).sqrt())
        norm.bias.copy_(shift + mean * scale)
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)


@one_sentence_errors
def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    state = load_checkpoint_safely(args.folded)
    depths = file_depths(state)
    if not depths:
        raise CheckpointError(f'{args.folded} holds no ResNet with the names of torchvision.')
    ones = (1,) * args.stages
    resnet = StagedResNet(depth=depths[0], strides=(1, 2, 2, 2)[: args.stages], dilations=ones)
    missing = resnet.load_state_dict(state, strict=False).missing_keys
    missing = [name for name in missing if 'num_batches_tracked' not in name]
    if missing:
        raise CheckpointError(
            f'{args.folded} lacks {missing[0]} of its {args.stages} first stages: keep fewer '
            f'(--stages).'
        )
    paths = list_images(args.images, '**/*', 'Give a folder of images.')
    paths = paths[:: max(1, len(paths) // args.num_images)][: args.num_images]
    unfold(resnet, [_normalised(path) for path in paths])
    content = io.BytesIO()
    torch.save(resnet.state_dict(), content)
    write_bytes(args.out, content.getvalue())
    print(f'{args.out}: norms of {args.stages} stages, measured on {len(paths)} images.')


def _normalised(path: Path) -> Tensor:
    """Read an image as 1,3,H,W, RGB, normalised as ImageNet."""
    image = torch.from_numpy(read_colour(path)[..., ::-1].copy()).permute(2, 0, 1)[None]
    return (image - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)


if __name__ == '__main__':
    main()
