"""The config's ``pretrained``: one start from ImageNet for every backbone of a model."""

from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import nn

from seginpaint_mm.engine.hooks.class_count_hook import unwrapped
from seginpaint_mm.models.pretrained import check_depth, find_resnets, load_pretrained
from seginpaint_mm.registry import HOOKS

KEY = 'pretrained'


@HOOKS.register_module()
class PretrainedHook(Hook):
    """Load the ImageNet weights that ``pretrained`` names into the ResNets of a model.

    ``pretrained`` is a key of the config, beside ``model``: a file or an address, in which
    ``{depth}`` stands for the depth of each backbone, as ``torchvision://resnet{depth}``. All
    ResNets that are trained take it, those of foreground branches and first networks too, except
    those that have an ``init_cfg`` or ``part_checkpoints`` of their own. Nothing is loaded where a
    training is resumed or starts from a checkpoint.

    ``pretrained=None`` starts from random weights, with a warning: a config that has the key is a
    paper's, whose results need ImageNet. Configs without the key are meant for random weights.

    Raises:
        CheckpointError: A file, also one that an ``init_cfg`` names, is of another depth.
    """

    def before_train(self, runner: Runner) -> None:
        """Load before the first step; every process loads the same."""
        cfg = runner.cfg
        if cfg.get('load_from') or cfg.get('resume'):
            return
        loaded = {}
        for name, resnet in _without_parts(runner).items():
            own = _own_start(resnet)
            if own is not None:
                if not own.get('prefix'):  # with one it is part of a whole model's file
                    check_depth(resnet, name, own['checkpoint'])
            elif cfg.get(KEY):
                loaded[name] = load_pretrained(resnet, name, cfg[KEY])
            elif KEY in cfg:
                loaded[name] = None
        _report(runner, loaded)


def _without_parts(runner: Runner) -> dict[str, nn.Module]:
    """The ResNets outside of the parts that have checkpoints of their own."""
    parts = tuple(f'{part}.' for part in runner.cfg.model.get('part_checkpoints') or {})
    resnets = find_resnets(unwrapped(runner.model))
    return {name: resnet for name, resnet in resnets.items() if not f'{name}.'.startswith(parts)}


def _own_start(resnet: nn.Module) -> dict | None:
    """The ``init_cfg`` that names a file for this whole module."""
    init_cfg = getattr(resnet, 'init_cfg', None)
    if isinstance(init_cfg, dict) and init_cfg.get('type') == 'Pretrained':
        return init_cfg
    return None


def _report(runner: Runner, loaded: dict[str, list[str] | None]) -> None:
    random = [f'model.{name}' for name, missing in loaded.items() if missing is None]
    if random:
        runner.logger.warning(
            f'{", ".join(random)}: RANDOM WEIGHTS, in a config of a paper whose results start from '
            f'ImageNet: expect much lower ones, or set pretrained=torchvision://resnet{{depth}}.'
        )
    for name, missing in loaded.items():
        if missing:
            runner.logger.warning(
                f'model.{name} starts from {runner.cfg[KEY]}, which lacks {len(missing)} of its '
                f'tensors (first: {missing[0]}): these are random.'
            )
        elif missing is not None:
            runner.logger.info(f'model.{name} starts from {runner.cfg[KEY]}.')
