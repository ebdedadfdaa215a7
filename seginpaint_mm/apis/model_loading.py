"""Load trained models, by config and checkpoint or by name, and prepare them for inference."""

import copy
import logging
from difflib import get_close_matches
from pathlib import Path

import torch
from mmengine.config import Config, ConfigDict
from mmengine.logging import print_log
from mmengine.registry import DefaultScope
from torch import nn
from torch.nn.utils import fuse_conv_bn_eval

from seginpaint_mm.checkpoint import (
    check_checkpoint_fits,
    check_parts_named,
    enable_safe_loading,
    load_checkpoint_safely,
    names_checkpoints,
    section,
)
from seginpaint_mm.cli import load_config
from seginpaint_mm.datasets import InstanceDataset
from seginpaint_mm.deployment.exported_model import exported_config
from seginpaint_mm.deployment.runtime import SUFFIXES
from seginpaint_mm.engine.hooks.resume_settings_hook import latest_checkpoint
from seginpaint_mm.errors import CheckpointError, ConfigError, UserError
from seginpaint_mm.interop.mmengine import only_log
from seginpaint_mm.registry import DATASETS, MODELS, TRANSFORMS
from seginpaint_mm.utils.config_files import find_config
from seginpaint_mm.utils.torch_modules import lay_channels_last
from seginpaint_mm.zoo import WEIGHTS, fetch
from seginpaint_mm.zoo.shipped import shipped_with

_CLASSICAL = {
    'telea': dict(type='OpenCVInpainter', method='telea'),
    'navier-stokes': dict(type='OpenCVInpainter', method='navier_stokes'),
}
_TRAINED = {name: weights.model for name, weights in WEIGHTS.items() if weights.model is not None}
INPAINTERS = (*_TRAINED, *_CLASSICAL)
DEFAULT_INPAINTER, DEFAULT_INSTANCES = 'lama', 'torchvision'
DEFAULT_COMPLETER = 'crop_r18_coco-tiny'  # in the package, and so is the next
DEFAULT_PREDICTOR = 'lean_r18_cityscapes-128x256'  # in the package


def find_inpainter(name: str | Path | Config) -> str | Path | Config:
    """Return the model that :class:`SegInpaintInferencer` takes for the name of an inpainter.

    Args:
        name: One of :data:`INPAINTERS`, whose weights are downloaded where they are not in the
            cache; anything else is returned as it is: a config, its name, or a work dir.

    Raises:
        CheckpointError: when the weights cannot be had, one sentence.
        UserError: when it is a text that names none of these.
    """
    if name not in INPAINTERS:
        if isinstance(name, str) and not Path(name).exists():
            _check_is_config(name)
        return name
    if name in _TRAINED:
        fetch(WEIGHTS[name])
    # no data set is read: its pipeline says how the model takes images
    dataset = dict(type='PairsDataset', data_root='', pipeline=[dict(type='PackScene')])
    return Config(
        dict(
            default_scope='seginpaint_mm',
            model={**_TRAINED, **_CLASSICAL}[name],
            test_dataloader=dict(dataset=dataset),
            test_cfg=dict(),
        )
    )


def is_to_be_downloaded(name: object) -> bool:
    """Return whether :func:`find_inpainter` would download weights for what it takes."""
    return isinstance(name, str) and name in _TRAINED and not WEIGHTS[name].path.is_file()


def _check_is_config(name: str) -> None:
    try:
        find_config(name)
    except ConfigError as error:
        near = get_close_matches(name, INPAINTERS, 1)
        raise UserError(
            f'{error} Inpainters by name are {", ".join(INPAINTERS)}'
            + (f'; did you mean {near[0]!r}?' if near else '.')
        ) from error


def prepare_for_inference(model: nn.Module) -> nn.Module:
    """Copy a model into a form that predicts the same, rounding aside, in less time.

    Batch norms are folded into the convolutions before them, activations overwrite their input,
    weights are channels-last. Networks in TorchScript inside it are kept as they are. Run it under
    ``torch.inference_mode()``.

    Args:
        model: Any model; it is left as it is.

    Returns:
        A model in evaluation mode, on the same device, without gradients. Its parameters are
        others: no checkpoint fits it.
    """
    with torch.no_grad():  # in which TorchScript's weights are copied as such, not as results
        model = copy.deepcopy(model).eval()
    _fold_batch_norms(model)
    _replace_prelus(model)
    return lay_channels_last(model.eval().requires_grad_(False))


def _fold_batch_norms(module: nn.Module) -> None:
    """Fold each batch norm that directly follows a convolution, transposed ones included.

    mmcv's function would fold one that follows a transposed convolution into another before it,
    as in the innermost block of a U-Net.
    """
    before, name_before = None, ''
    for name, child in list(module.named_children()):
        if isinstance(child, nn.BatchNorm2d) and _can_hold(before):
            transposed = isinstance(before, nn.ConvTranspose2d)
            fused = fuse_conv_bn_eval(before, child, transposed)
            setattr(module, name_before, fused)
            setattr(module, name, nn.Identity())
        else:
            _fold_batch_norms(child)
        before, name_before = child, name


def _can_hold(module: nn.Module | None) -> bool:
    if isinstance(module, nn.ConvTranspose2d):
        return module.groups == 1
    return isinstance(module, nn.Conv2d)


def _replace_prelus(module: nn.Module) -> None:
    """Let activations that follow a batch norm, now folded, overwrite its output."""
    before = None
    for name, child in module.named_children():
        follows_norm = isinstance(before, nn.Identity)
        if follows_norm and isinstance(child, nn.PReLU) and child.num_parameters == 1:
            setattr(module, name, nn.LeakyReLU(child.weight.item(), inplace=True))
        _replace_prelus(child)
        before = child


def find_model(
    model: str | Path | Config | dict, weights: str | Path | None
) -> tuple[Config, str | None]:
    """Return the config and the checkpoint that a user means.

    Args:
        model: A config file or the name of one of ours, and, unless ``weights`` says otherwise, the
            network that the package has for it (:data:`seginpaint_mm.zoo.SHIPPED`); a Config; a
            work dir: its config and its best checkpoint or else its last; or a file of
            ``seginpaint export`` (.onnx, .pt2, .pt), which has its weights.
        weights: A checkpoint, the name of a network in the package, or None.

    Raises:
        UserError: when there is no such file or folder, it holds no model, or the config is wrong.
    """
    weights = None if weights is None else str(weights)
    if isinstance(model, (Config, ConfigDict, dict)):
        return (model if isinstance(model, Config) else Config(model)), weights
    path = Path(model)
    if path.suffix in SUFFIXES:
        if weights is not None:
            raise UserError(f'{path} has its weights: leave the checkpoint out.')
        return exported_config(path), None
    if path.is_dir():
        return load_config(_config_in(path), {}), weights or checkpoint_in(path)
    return load_config(path, {}), weights or shipped_with(find_config(path))


def check_device(device: str | None) -> None:
    """UserError when there is no such device; None stands for any."""
    if device is None:
        return
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise UserError(
            f'Device {device!r} cannot be used here ({str(error).splitlines()[0]}): '
            f"choose 'cpu', or leave it out to take what there is."
        ) from error


def build_model(cfg: Config, weights: str | None) -> torch.nn.Module:
    """Build the model of a config, with the weights of a checkpoint.

    Without a checkpoint the weights are those that the config itself names: in
    ``model.part_checkpoints``, and in the ``init_cfg`` of modules. What is left random is logged as
    a warning.

    Raises:
        CheckpointError: when a checkpoint is not there, unsafe, of another model, or cannot be
            downloaded.
        ConfigError: when ``part_checkpoints`` names some of the parts that are needed, not all.
    """
    # parts that mmseg builds inside its own are looked up in the default scope
    with DefaultScope.overwrite_default_scope(cfg.get('default_scope', 'seginpaint_mm')):
        model = MODELS.build(cfg.model)
    if weights is None:
        _load_named(model, cfg)
        return model
    checkpoint = load_checkpoint_safely(weights)
    state = check_checkpoint_fits(model, checkpoint, weights)
    model.load_state_dict(state, strict=False)  # batch counters may be absent
    model.dataset_meta = section(checkpoint, 'meta', 'dataset_meta')
    return model


def _load_named(model: torch.nn.Module, cfg: Config) -> None:
    if not model.state_dict():  # there are models without weights
        return
    untrained = check_parts_named(model, cfg)
    reason = ''
    if cfg.model.get('part_checkpoints') or names_checkpoints(model):
        enable_safe_loading()  # MMEngine loads what init_cfg names
        try:
            with only_log(logging.WARNING):  # not how each weight was initialised
                model.init_weights()
        except CheckpointError as error:
            if not untrained:
                raise
            reason = f' {error}'
    if untrained:
        print_log(
            f'No checkpoint is given: the model is untrained ({", ".join(untrained)}), its answers '
            f'are random.{reason}',
            logger='current',
            level=logging.WARNING,
        )


def inference_pipeline(cfg: Config) -> list[dict]:
    """Take the steps of the test pipeline that an image without any truth can go through.

    A transform says so itself: ``needs_truth`` is a class attribute of ours. Of those that do not,
    the steps are left out that the libraries define among their loading transforms (annotations
    that are loaded or filtered), what is derived from these, and what is called ``Load...``.

    Raises:
        UserError: when the config has no test pipeline.
    """
    pipeline = _test_dataset(cfg).get('pipeline')
    if not pipeline:
        raise UserError('The config has no test_dataloader.dataset.pipeline: inference needs it.')
    scope = cfg.get('default_scope', 'seginpaint_mm')
    with DefaultScope.overwrite_default_scope(scope):
        return [step for step in pipeline if not _needs_truth(step['type'])]


def _needs_truth(kind: str | type) -> bool:
    cls = TRANSFORMS.get(kind) if isinstance(kind, str) else kind
    if hasattr(cls, 'needs_truth'):
        return cls.needs_truth
    parents = getattr(cls, '__mro__', ())
    name = cls.__name__ if parents else str(kind).split('.')[-1]
    is_loading = any(parent.__module__.endswith('.loading') for parent in parents)
    return is_loading or name.startswith('Load')


def dataset_meta(cfg: Config, model: torch.nn.Module | None = None) -> dict:
    """Find the classes and the palette that a model was trained with.

    Args:
        cfg: Its config names them, or the class of its test data set, which itself need not be
            there.
        model: Of :func:`build_model`: where the config names none, its checkpoint does; where that
            does not either, the files of the data set are read.

    Raises:
        UserError: when nobody names them, and the data set needs its files to do so.
    """
    dataset = _test_dataset(cfg)
    kind = DATASETS.get(dataset['type'])
    if issubclass(kind, InstanceDataset):  # its arguments may name classes
        lazily = {**dataset, 'pipeline': [], 'lazy_init': True}
        named = DATASETS.build(lazily).metainfo
    else:
        named = kind.METAINFO | dict(dataset.get('metainfo') or {})
    if named.get('classes'):
        return {'palette': ()} | named
    remembered = getattr(model, 'dataset_meta', None) or {}
    if remembered.get('classes'):
        return named | remembered
    if not issubclass(kind, InstanceDataset):
        return {'classes': (), 'palette': ()} | named  # of pairs the folder itself would tell
    try:
        return DATASETS.build({**lazily, 'lazy_init': False}).metainfo
    except FileNotFoundError as error:
        raise UserError(
            f'The config leaves the names of the classes to the files of its test data set, which '
            f'are not there ({error}); give the checkpoint of a training, which has them, or '
            f'test_dataloader.dataset.classes.'
        ) from error


def _test_dataset(cfg: Config) -> dict:
    """The innermost data set: wrappers hold it under ``dataset``."""
    dataset = cfg.get('test_dataloader') or {}
    while 'dataset' in dataset:
        dataset = dataset['dataset']
    if 'type' not in dataset:
        raise UserError('The config has no test_dataloader.dataset: inference reads its pipeline.')
    return dataset


def _config_in(work_dir: Path) -> Path:
    configs = sorted(work_dir.glob('*.py'))
    if len(configs) != 1:
        found = ', '.join(path.name for path in configs) or 'none'
        raise UserError(
            f'{work_dir}: a work dir of tools/train.py holds one config file, here: {found}; '
            f'name the config file itself.'
        )
    return configs[0]


def checkpoint_in(work_dir: Path) -> str:
    best = sorted(work_dir.glob('best_*.pth'), key=lambda path: path.stat().st_mtime)
    if best:
        return str(best[-1])
    latest = latest_checkpoint(work_dir)  # as tools/train.py --resume
    if latest is None:
        raise UserError(
            f'{work_dir}: no checkpoint was saved here yet; name one with --checkpoint.'
        )
    return latest
