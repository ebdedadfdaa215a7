"""Hooks that stop a training that cannot work: classes, labels, losses."""

import difflib
from collections.abc import Iterator, Mapping, Sequence

import torch
import torch.distributed as dist
from mmengine.dataset import InfiniteSampler
from mmengine.dist import is_distributed
from mmengine.hooks import Hook
from mmengine.model import BaseTTAModel, is_model_wrapper
from mmengine.runner import Runner
from torch import nn
from torch.utils.data import DataLoader

from seginpaint_mm.checkpoint import non_finite_tensors
from seginpaint_mm.errors import ConfigError, DataError, DivergenceError
from seginpaint_mm.registry import HOOKS

# Heads of mmseg and of mmdet, below the model.
_SEMANTIC_HEADS = ('decode_head', 'auxiliary_head')
_THING_HEADS = ('bbox_head', 'mask_head', 'roi_head.bbox_head', 'roi_head.mask_head')
_FEW = 4


@HOOKS.register_module()
class ClassCountHook(Hook):
    """Compare a model's numbers of classes and things with those of each data set that it meets.

    Otherwise a label that the head has no score for ends a training on a GPU with an error that
    does not say so, and predictions of classes that the data set has not are not evaluated.

    A model says which of its config's values belong to the data set's classes by a method
    ``class_numbers(metainfo)``. It returns a dictionary with one or several of the keys below, each
    with a dictionary from the config key below ``model`` to its value:

    - ``'num_classes'``: the number of the data set's ``classes``;
    - ``'most_classes'``: at most that;
    - ``'num_things'``: the number of its ``thing_ids``;
    - ``'thing_ids'``: these themselves, in their order.

    Of models without such a method the heads that mmseg and mmdet have are compared, except those
    with ``has_own_classes = True``. Data sets that name no classes are left alone.

    Raises:
        ConfigError: when a value differs; the sentence names all keys that differ, and both values.
    """

    def before_train(self, runner: Runner) -> None:
        _check(runner.model, runner.train_dataloader, 'train_dataloader')
        if runner.val_loop is not None:
            _check(runner.model, runner.val_loop.dataloader, 'val_dataloader')

    def before_val(self, runner: Runner) -> None:
        _check(runner.model, runner.val_loop.dataloader, 'val_dataloader')

    def before_test(self, runner: Runner) -> None:
        _check(runner.model, runner.test_dataloader, 'test_dataloader')


def unwrapped(model: nn.Module) -> nn.Module:
    """The model inside the wrappers of several processes or several views."""
    while is_model_wrapper(model) or isinstance(model, BaseTTAModel):
        model = model.module
    return model


def _check(model: nn.Module, loader: DataLoader, place: str) -> None:
    dataset = loader.dataset
    metainfo = getattr(dataset, 'metainfo', None) or {}
    if not metainfo.get('classes'):
        return
    model = unwrapped(model)
    if hasattr(model, 'class_numbers'):
        numbers = model.class_numbers(metainfo)
    else:
        numbers = _numbers_of_heads(model)
    faults = [*_faults(numbers, metainfo)]
    if faults:
        raise ConfigError(
            f'{" and ".join(f"{key} is {found}" for key, found, _ in faults)}, but '
            f'{type(dataset).__name__} has {_described(metainfo)} in {place}: set '
            f'{_wanted(faults)}, or take the data set that the model is for.'
        )


def _faults(
    numbers: Mapping[str, Mapping[str, object]], metainfo: Mapping
) -> Iterator[tuple[str, object, object]]:
    """The keys whose values differ, their values, and what they should be."""
    expected: dict[str, object] = dict(num_classes=len(metainfo['classes']))
    things = metainfo.get('thing_ids')
    if things is not None:
        expected |= dict(num_things=len(things), thing_ids=tuple(things))
    elif 'num_things' in numbers:  # data sets of mmdet
        expected['num_things'] = len(metainfo.get('thing_classes') or metainfo['classes'])
    for kind, values in numbers.items():
        for key, value in values.items():
            if kind == 'most_classes':
                if value > expected['num_classes']:
                    yield f'model.{key}', value, f'at most {expected["num_classes"]}'
            elif kind in expected and value != expected[kind]:
                yield f'model.{key}', value, expected[kind]


def _numbers_of_heads(model: nn.Module) -> dict[str, dict[str, int]]:
    """The numbers of models of mmseg and mmdet."""
    return dict(
        num_classes=_of_heads(model, _SEMANTIC_HEADS), num_things=_of_heads(model, _THING_HEADS)
    )


def _of_heads(model: nn.Module, places: Sequence[str]) -> dict[str, int]:
    numbers = {}
    for place in places:
        head = model
        for name in place.split('.'):
            head = getattr(head, name, None)
        several = isinstance(head, nn.ModuleList)
        for number, part in enumerate(head if several else [head]):
            count = getattr(part, 'num_classes', None)
            if isinstance(count, int) and not getattr(part, 'has_own_classes', False):
                key = f'{place}[{number}]' if several else place
                numbers[f'{key}.num_classes'] = count
    return numbers


def _described(metainfo: Mapping) -> str:
    classes, things = metainfo['classes'], metainfo.get('thing_ids')
    names = classes[0] if len(classes) == 1 else f'{classes[0]} to {classes[-1]}'
    text = f'{len(classes)} classes ({names})'
    if things is None:
        return text
    return f'{text}, {len(things)} of them with objects (thing_ids {_short(tuple(things))})'


def _wanted(faults: Sequence[tuple[str, object, object]]) -> str:
    if len(faults) == 1:
        return f'it to {faults[0][2]}'
    return ', '.join(f'{key} to {wanted}' for key, _, wanted in faults)


def _short(numbers: tuple[int, ...]) -> str:
    if len(numbers) <= _FEW:
        return str(numbers)
    return f'{numbers[0]}, {numbers[1]}, ... {numbers[-1]}'


_CHECK_LABELS = 'check the label files, and that the data set class is the one that they belong to'


@HOOKS.register_module()
class LabelPresenceHook(Hook):
    """Checks, until both were found once, for background and foreground in the training labels.

    At the end of the first epoch labels without any background (``gt_sem_seg`` is 255 everywhere)
    stop the training; labels without any foreground are only warned of.

    Raises:
        DataError: there is no batch, or no image of the first epoch has a pixel of a background
            class.
    """

    def before_train(self, runner: Runner) -> None:
        _check_batches(runner.train_dataloader)
        self._missing = {'background', 'foreground'}

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict,
        outputs: object = None,
    ) -> None:
        if not self._missing:
            return
        if not data_batch.get('data_samples'):
            self._missing.clear()  # labels in another form: not this hook's business
            return
        for sample in data_batch['data_samples']:
            if 'gt_sem_seg' not in sample or (sample.gt_sem_seg.data != 255).any():
                self._missing.discard('background')
            if 'gt_foreground' not in sample or sample.gt_foreground.data.any():
                self._missing.discard('foreground')

    def after_train_epoch(self, runner: Runner) -> None:
        missing, self._missing = _in_all_processes(self._missing), set()
        if 'background' in missing:
            raise DataError(
                f'No training image of epoch {runner.epoch + 1} has a labelled background pixel, '
                f'so nothing can be learnt: {_CHECK_LABELS}.'
            )
        if 'foreground' in missing:
            runner.logger.warning(
                f'No training image of epoch {runner.epoch + 1} has a foreground object: the '
                f'foreground branch learns to see none; {_CHECK_LABELS}.'
            )


def _check_batches(loader: DataLoader) -> None:
    """See that an epoch has a batch; a sampler without end fills batches in any case."""
    if len(loader) > 0 or isinstance(loader.sampler, InfiniteSampler):
        return
    raise DataError(
        f'There is no batch to train on: of {len(loader.dataset)} images in train_dataloader, '
        f'{len(loader.sampler)} are taken per epoch and process, which is less than '
        f'train_dataloader.batch_size={loader.batch_size}, and drop_last=True leaves incomplete '
        f'batches out: lower batch_size, or set train_dataloader.drop_last=False.'
    )


def _in_all_processes(missing: set[str]) -> set[str]:
    if not is_distributed():
        return missing
    gathered: list[set[str]] = [set()] * dist.get_world_size()
    dist.all_gather_object(gathered, missing)
    return set.intersection(*gathered)


class RunGuardHook(Hook):
    """Raise where batches or metrics lack what the run reads of them; every training has it.

    Raises:
        ConfigError: a batch has no ``inputs`` (the pipeline packs nothing), or a schedule or early
            stopping monitors a metric that the validation does not give.
    """

    priority = 'VERY_HIGH'  # before the schedules and the model read them

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: object = None) -> None:
        _check_packed(data_batch, 'train_dataloader')

    def before_val_iter(self, runner: Runner, batch_idx: int, data_batch: object = None) -> None:
        _check_packed(data_batch, 'val_dataloader')

    def before_test_iter(self, runner: Runner, batch_idx: int, data_batch: object = None) -> None:
        _check_packed(data_batch, 'test_dataloader')

    def after_val_epoch(self, runner: Runner, metrics: Mapping[str, float] | None = None) -> None:
        schedules = runner.param_schedulers or []
        lists = schedules.values() if isinstance(schedules, Mapping) else [schedules]
        readers = [*(schedule for part in lists for schedule in part), *runner.hooks]
        for reader in readers:
            name = getattr(reader, 'monitor', None)
            if isinstance(name, str) and name not in (metrics or {}):
                close = difflib.get_close_matches(name, list(metrics or {}), n=1)
                advice = f'did you mean {close[0]!r}? It gives' if close else 'it gives'
                raise ConfigError(
                    f'{type(reader).__name__}.monitor: there is no metric {name!r} in the '
                    f'validation; {advice} {", ".join(metrics or {}) or "none"}.'
                )


def _check_packed(batch: object, loader: str) -> None:
    if isinstance(batch, Mapping) and 'inputs' not in batch:
        raise ConfigError(
            f'{loader}.dataset.pipeline: its last step must pack the sample into inputs and '
            f'data_samples, e.g. dict(type="PackScene"); it gives {", ".join(batch)}.'
        )


_LOWER_RATE = (
    'lower optim_wrapper.optimizer.lr, train without --amp, or look for damaged images and '
    'labels; the checkpoints written so far are finite'
)


@HOOKS.register_module()
class FiniteLossHook(Hook):
    """Raise when a loss is NaN or infinite, or when a checkpoint would hold such weights.

    On a GPU looking at a loss waits for it, so losses are collected and looked at every
    ``interval`` iterations and before a checkpoint is written; on the CPU at every iteration.

    Raises:
        DivergenceError: names the first iteration and the losses, and what to try.
    """

    priority = 'VERY_HIGH'

    def __init__(self, *, interval: int = 50) -> None:
        self._interval = interval
        self._pending: list[tuple[int, int, dict[str, torch.Tensor]]] = []

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: object = None,
        outputs: Mapping[str, torch.Tensor] | None = None,
    ) -> None:
        losses = {
            name: value.detach()
            for name, value in (outputs or {}).items()
            if isinstance(value, torch.Tensor) and 'loss' in name
        }
        if losses:
            self._pending.append((runner.epoch + 1, runner.iter + 1, losses))
        on_cpu = all(value.device.type == 'cpu' for value in losses.values())
        if on_cpu or len(self._pending) >= self._interval:
            self._check_losses()

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        self._check_losses()
        broken = non_finite_tensors(checkpoint['state_dict'])
        if broken:
            raise DivergenceError(
                f'The weights have become NaN or infinite by iteration {runner.iter + 1} '
                f'({len(broken)} tensors, first {broken[0]}): {_LOWER_RATE}.'
            )

    def _check_losses(self) -> None:
        pending, self._pending = self._pending, []
        if not pending:
            return
        finite = torch.stack(
            [
                torch.stack([v.float().sum() for v in losses.values()]).isfinite().all()
                for _, _, losses in pending
            ]
        ).tolist()
        if not all(finite):
            epoch, iteration, losses = pending[finite.index(False)]
            values = ', '.join(f'{name} {float(value.sum()):.4g}' for name, value in losses.items())
            raise DivergenceError(
                f'The loss is not finite in epoch {epoch}, iteration {iteration} ({values}): '
                f'{_LOWER_RATE}.'
            )
