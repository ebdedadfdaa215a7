"""Says when a segmentor has another number of classes than its data set."""

from mmengine.hooks import Hook
from mmengine.model import BaseTTAModel, is_model_wrapper
from mmengine.runner import Runner
from torch import nn
from torch.utils.data import Dataset

from seginpaint_mm.errors import ConfigError
from seginpaint_mm.registry import HOOKS


@HOOKS.register_module()
class ClassCountHook(Hook):
    """Compares ``decode_head.num_classes`` of mmseg's segmentors with the data set's classes.

    Otherwise a label that the head has no score for ends a training on a GPU with an error that
    does not say so, and predictions of classes that the data set has not are not evaluated.
    Other models, and data sets that name no classes, are left alone.

    Raises:
        ConfigError: the numbers differ.
    """

    def before_train(self, runner: Runner) -> None:
        _check(runner.model, runner.train_dataloader.dataset)

    def before_test(self, runner: Runner) -> None:
        _check(runner.model, runner.test_dataloader.dataset)


def unwrapped(model: nn.Module) -> nn.Module:
    """The model inside the wrappers of several processes or several views."""
    while is_model_wrapper(model) or isinstance(model, BaseTTAModel):
        model = model.module
    return model


def _check(model: nn.Module, dataset: Dataset) -> None:
    num_classes = getattr(getattr(unwrapped(model), 'decode_head', None), 'num_classes', None)
    classes = getattr(dataset, 'metainfo', {}).get('classes')
    if num_classes is None or classes is None or num_classes == len(classes):
        return
    raise ConfigError(
        f'model.decode_head.num_classes is {num_classes}, but {type(dataset).__name__} has '
        f'{len(classes)} classes ({classes[0]} to {classes[-1]}): set it to {len(classes)}.'
    )
