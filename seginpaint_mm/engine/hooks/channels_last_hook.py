"""Lay weights out channels-last, in which convolutions are faster on CPUs and tensor cores."""

import torch
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from seginpaint_mm.registry import HOOKS


@HOOKS.register_module()
class ChannelsLastHook(Hook):
    """Converts the model once before the run; activations follow the weights' layout.

    Values do not change but for the order of additions inside a convolution. A model that is
    wrapped for several processes is wrapped anew: DistributedDataParallel keeps the layout that
    gradients had when it was made, and would hand out those of convolutions in the wrong order.
    """

    def before_run(self, runner: Runner) -> None:
        """Convert 4-D parameters and buffers to ``torch.channels_last``."""
        if is_model_wrapper(runner.model):
            model = runner.model.module.to(memory_format=torch.channels_last)
            runner.model = runner.wrap_model(runner.cfg.get('model_wrapper_cfg'), model)
        else:
            runner.model.to(memory_format=torch.channels_last)
