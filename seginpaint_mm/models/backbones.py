"""Backbones in stages, and the files that start them."""

import re
from collections.abc import Mapping, Sequence

import torch
from mmengine.runner import CheckpointLoader
from mmseg.models.backbones import ResNet
from torch import Tensor, nn

from seginpaint_mm.errors import CheckpointError
from seginpaint_mm.registry import MODELS


@MODELS.register_module()
class StagedResNet(ResNet):
    """mmseg's ResNet with torchvision's parameter names, run stage by stage.

    A dilated stage keeps dilation 1 in its first block and dilates both convolutions of every
    later block: the rule of the published MPI network, which neither mmseg's ``dilations`` nor
    its ``contract_dilation`` gives.

    Args:
        depth: 18, 34, 50, 101 or 152.
        base_channels: channels of the first convolution and of the first stage's blocks, doubled by
            every later stage; 64 in the papers' networks, which all weights are for.
        strides: stride of each stage; its length is the number of stages.
        dilations: dilation of each stage's blocks after the first.
        norm_cfg: normalisation layer of all blocks.
        frozen_stages: stages up to this one are not trained; -1 trains all.
        norm_eval: keep batch norm's running statistics fixed while training.
        with_cp: trade time for memory by re-computing activations in the backward pass.
        init_cfg: e.g. ``dict(type='Pretrained', checkpoint='resnet18.pth')``.
    """

    def __init__(
        self,
        *,
        depth: int,
        base_channels: int = 64,
        strides: Sequence[int] = (1, 2, 1, 1),
        dilations: Sequence[int] = (1, 1, 2, 4),
        norm_cfg: dict | None = None,
        frozen_stages: int = -1,
        norm_eval: bool = False,
        with_cp: bool = False,
        init_cfg: dict | None = None,
    ) -> None:
        if len(strides) != len(dilations):
            raise ValueError(
                f'StagedResNet needs one dilation a stage, got strides={tuple(strides)} and '
                f'dilations={tuple(dilations)}.'
            )
        num_stages = len(strides)
        super().__init__(
            depth,
            stem_channels=base_channels,
            base_channels=base_channels,
            num_stages=num_stages,
            strides=tuple(strides),
            dilations=(1,) * num_stages,
            out_indices=(num_stages - 1,),
            norm_cfg=norm_cfg or dict(type='BN', requires_grad=True),
            frozen_stages=frozen_stages,
            norm_eval=norm_eval,
            with_cp=with_cp,
            zero_init_residual=False,
            init_cfg=init_cfg,
        )
        self.dilate(dilations)

    @property
    def num_stages_built(self) -> int:
        """Number of residual stages."""
        return len(self.res_layers)

    def dilate(self, dilations: Sequence[int]) -> None:
        """Set the dilation of each stage's blocks after the first; the weights stay."""
        for layer_name, dilation in zip(self.res_layers, dilations, strict=True):
            _dilate_after_first_block(getattr(self, layer_name), dilation)
        self.stage_dilations = tuple(dilations)

    def run_stage(self, x: Tensor, stage: int) -> Tensor:
        """Run one stage: 1 is the stem and ``layer1``, k is ``layer<k>``.

        Args:
            x: N,3,H,W image for stage 1, else N,C,h,w output of the stage before.
            stage: 1 to the number of stages.
        """
        if stage == 1:
            x = self.maxpool(self.relu(self.norm1(self.conv1(x))))
        return getattr(self, self.res_layers[stage - 1])(x)

    def forward(self, x: Tensor) -> tuple[Tensor]:
        """Run all stages on a N,3,H,W image and return the last one's N,C,h,w output."""
        for stage in range(1, self.num_stages_built + 1):
            x = self.run_stage(x, stage)
        return (x,)


def _dilate_after_first_block(stage: nn.Module, dilation: int) -> None:
    for block in list(stage)[1:]:
        for module in block.modules():
            if isinstance(module, nn.Conv2d) and module.kernel_size == (3, 3):
                module.dilation = module.padding = (dilation, dilation)


DEPTH = '{depth}'  # stands for a backbone's depth in the name of a file
# Depth -> blocks of each stage, and whether they have three convolutions.
_BLOCKS = {
    18: ((2, 2, 2, 2), False),
    34: ((3, 4, 6, 3), False),
    50: ((3, 4, 6, 3), True),
    101: ((3, 4, 23, 3), True),
    152: ((3, 8, 36, 3), True),
}
_BLOCK = re.compile(r'layer([1-4])\.(\d+)\.')
_PREFIXES = ('module.', 'backbone.')
_COUNTER = 'num_batches_tracked'  # of no consequence, and absent in older files


def find_resnets(model: nn.Module) -> dict[str, nn.Module]:
    """Find the ResNets of a model that are trained: name -> module.

    They are known by what mmseg's, mmdet's and ours have in common, ``depth`` and ``res_layers``.
    """
    return {
        name: module
        for name, module in model.named_modules()
        if hasattr(module, 'res_layers')
        and hasattr(module, 'depth')
        and any(parameter.requires_grad for parameter in module.parameters())
    }


def load_pretrained(resnet: nn.Module, name: str, checkpoint: str) -> list[str]:
    """Load ImageNet weights into a ResNet, or into the first stages of one.

    Args:
        resnet: Of mmseg, of mmdet, or a :class:`StagedResNet`.
        name: Its name in the model, for the message.
        checkpoint: File or address of a ResNet with torchvision's names. ``{depth}`` in it stands
            for the ResNet's depth.

    Returns:
        list[str]: Names of the ResNet's tensors that the file has not; they stay random.

    Raises:
        CheckpointError: The file is no ResNet, or one of another depth.
    """
    state = _read(resnet, name, checkpoint)
    missing = resnet.load_state_dict(state, strict=False).missing_keys
    return [key for key in missing if _COUNTER not in key]


def check_depth(resnet: nn.Module, name: str, checkpoint: str) -> None:
    """Check that a file is of a ResNet of the same depth; arguments as :func:`load_pretrained`."""
    _read(resnet, name, checkpoint)


def file_depths(state: Mapping[str, Tensor]) -> list[int]:
    """Depths of the ResNets that a state dict may be of; empty where it is of none.

    A file may end early, in the midst of a stage.
    """
    blocks = [0, 0, 0, 0]
    for found in filter(None, map(_BLOCK.match, state)):
        stage, block = int(found[1]) - 1, int(found[2])
        blocks[stage] = max(blocks[stage], block + 1)
    num_stages = sum(map(bool, blocks))
    has_three = any(key.endswith('conv3.weight') for key in state)
    return [
        depth
        for depth, (whole, three) in _BLOCKS.items()
        if num_stages > 1
        and three == has_three
        and list(whole[: num_stages - 1]) == blocks[: num_stages - 1]
        and blocks[num_stages - 1] <= whole[num_stages - 1]
    ]


def _read(resnet: nn.Module, name: str, checkpoint: str) -> dict[str, Tensor]:
    path = checkpoint.replace(DEPTH, str(resnet.depth))
    loaded = CheckpointLoader.load_checkpoint(path, map_location='cpu')
    state = {_without_prefix(key): value for key, value in _tensors(loaded).items()}
    depths = file_depths(state)
    if not depths:
        raise CheckpointError(
            f'{path} holds no ResNet with the names of torchvision: give the file of a '
            f'ResNet-{resnet.depth} for model.{name}.'
        )
    if resnet.depth not in depths:
        raise CheckpointError(
            f'{path} is of a ResNet-{depths[0]}, but model.{name} is a ResNet-{resnet.depth}: give '
            f'a file of that depth; {DEPTH} in its name stands for the depth of each backbone.'
        )
    return state


def _tensors(loaded: Mapping) -> dict[str, Tensor]:
    state = loaded.get('state_dict', loaded)
    return {key: value for key, value in state.items() if isinstance(value, torch.Tensor)}


def _without_prefix(key: str) -> str:
    for prefix in _PREFIXES:
        key = key.removeprefix(prefix)
    return key
