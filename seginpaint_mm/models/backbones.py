"""A ResNet that is run one stage at a time, so that a module can stand between two stages."""

from collections.abc import Sequence

from mmseg.models.backbones import ResNet
from torch import Tensor, nn

from seginpaint_mm.registry import MODELS


@MODELS.register_module()
class StagedResNet(ResNet):
    """mmseg's ResNet with torchvision's parameter names, run stage by stage.

    A dilated stage keeps dilation 1 in its first block and dilates both convolutions of every
    later block: the rule of the published MPI network, which neither mmseg's ``dilations`` nor
    its ``contract_dilation`` gives.

    Args:
        depth: 18, 34, 50, 101 or 152.
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
