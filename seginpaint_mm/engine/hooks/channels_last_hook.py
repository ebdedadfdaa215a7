"""Lay weights out channels-last, in which convolutions are faster on CPUs and tensor cores."""

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from seginpaint_mm.memory_layout import lay_channels_last
from seginpaint_mm.registry import HOOKS


@HOOKS.register_module()
class ChannelsLastHook(Hook):
    """Converts the model once before the run; activations follow the weights' layout.

    Values do not change but for the order of additions inside a convolution. A model that is
    wrapped for several processes is wrapped anew: DistributedDataParallel keeps the layout that
    gradients had when it was made, and would hand out those of convolutions in the wrong order.
    """

    def before_run(self, runner: Runner) -> None:
        """See :func:`lay_channels_last`."""
        if is_model_wrapper(runner.model):
            model = lay_channels_last(runner.model.module)
            runner.model = runner.wrap_model(runner.cfg.get('model_wrapper_cfg'), model)
        else:
            lay_channels_last(runner.model)
