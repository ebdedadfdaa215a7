"""Lay weights out channels-last, in which convolutions are faster on CPUs and tensor cores."""

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from seginpaint_mm.registry import HOOKS


@HOOKS.register_module()
class ChannelsLastHook(Hook):
    """Converts the model once before the run; activations follow the weights' layout.

    Values do not change but for the order of additions inside a convolution.
    """

    def before_run(self, runner: Runner) -> None:
        """Convert 4-D parameters and buffers to ``torch.channels_last``."""
        runner.model.to(memory_format=torch.channels_last)
