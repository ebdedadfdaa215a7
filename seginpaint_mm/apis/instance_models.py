"""Networks that find the objects of a picture, as a source of masks."""

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path

import mmdet.models  # noqa: F401  registers mmdet's networks
import numpy as np
import torch
from mmcv.transforms import Compose
from mmdet.registry import MODELS as MMDET_MODELS
from mmdet.registry import TRANSFORMS as MMDET_TRANSFORMS
from mmdet.utils import get_test_pipeline_cfg
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.model.utils import revert_sync_batchnorm
from mmengine.registry import DefaultScope
from mmengine.structures import InstanceData

from seginpaint_mm.apis.fast_inference import prepare_for_inference
from seginpaint_mm.apis.inferencer import SegInpaintInferencer
from seginpaint_mm.apis.instance_source import InstanceModel
from seginpaint_mm.apis.selected_objects import LOOK_SIZE, reduce_to, selected_objects
from seginpaint_mm.apis.trained_model import build_model, check_device, find_model
from seginpaint_mm.checkpoint import check_checkpoint_fits, load_checkpoint_safely
from seginpaint_mm.config_files import find_config
from seginpaint_mm.errors import ConfigError, UserError
from seginpaint_mm.models.maskopt import PanopticMaskSelector

_SCOPE = 'mmdet'


def find_instance_model(
    model: str | Path | Config,
    weights: str | Path | None = None,
    device: str | None = None,
    min_score: float | None = None,
    look_size: int = LOOK_SIZE,
) -> InstanceModel:
    """Load an instance model of mmdet, or one of ours.

    Ours are :class:`HoughInstanceSegmentor`, and :class:`ObjectRemover` for its panoptic network.

    Args:
        model: A config file, ours (its name suffices) or, where its ``default_scope`` is another,
            mmdet's; or the work dir of one of our trainings.
        weights: Its checkpoint, loaded without running code from it; our work dirs bring theirs.
        device: As in :class:`SegInpaintInferencer`.
        min_score: What is found with a lower score is left out. Without it that is 0.5, and of an
            :class:`ObjectRemover` what its selector leaves out.
        look_size: Greatest side, in pixels, at which a network sees pictures; larger ones are
            reduced, and the masks found are brought to their size.

    Raises:
        UserError: when the model or the weights are not there or do not fit, or the model gives no
            masks of instances.
    """
    cfg = model if isinstance(model, Config) else _read_config(Path(model))
    if cfg is None or cfg.get('default_scope', _SCOPE) == 'seginpaint_mm':
        cfg, weights = find_model(model, weights)
        if cfg.model.get('selector'):
            selector = _load_selector(cfg, weights, device)
            return selected_objects(selector, look_size, min_score or 0.0)
        inferencer = SegInpaintInferencer(cfg, weights, device, show_progress=False)
        meta = inferencer.visualizer.dataset_meta
        classes = [meta['classes'][thing] for thing in meta.get('thing_ids', ())]
        return InstanceModel(_Predicted(inferencer, look_size), classes, _or_half(min_score))
    check_device(device)
    if weights is None:
        raise UserError('The model that finds the objects needs a checkpoint: give it.')
    least = _or_half(min_score)
    detector = _Detected(cfg, str(weights), device or get_device(), look_size, least)
    return InstanceModel(detector, detector.classes, least)


def _or_half(min_score: float | None) -> float:
    return 0.5 if min_score is None else min_score


def _load_selector(cfg: Config, weights: str | None, device: str | None) -> PanopticMaskSelector:
    check_device(device)
    return prepare_for_inference(build_model(cfg, weights).selector.to(device or get_device()))


class _Predicted:
    """Instances of a model of ours."""

    def __init__(self, inferencer: SegInpaintInferencer, look_size: int) -> None:
        self.inferencer = inferencer
        self.look_size = look_size

    def __call__(self, image: np.ndarray) -> InstanceData:
        reduced = reduce_to(image, self.look_size)
        (sample,) = self.inferencer(reduced, draw=False)['predictions']
        if 'pred_instances' not in sample:
            raise UserError(_gives_no_masks(self.inferencer.model))
        return sample.pred_instances


class _Detected:
    """Instances of a model of mmdet, with masks of the size that it sees a picture in."""

    def __init__(
        self, cfg: Config, weights: str, device: str, look_size: int, min_score: float
    ) -> None:
        self.look_size = look_size
        cfg = copy.deepcopy(cfg)
        _leave_out(cfg.model.get('test_cfg'), min_score)
        checkpoint = load_checkpoint_safely(weights)
        with DefaultScope.overwrite_default_scope(_SCOPE):
            model = revert_sync_batchnorm(MMDET_MODELS.build(cfg.model))
            steps = get_test_pipeline_cfg(cfg)
            steps[0] = dict(type='LoadImageFromNDArray')
            self.pipeline = Compose([MMDET_TRANSFORMS.build(step) for step in steps])
        model.load_state_dict(check_checkpoint_fits(model, checkpoint, weights), strict=False)
        self.model = model.to(device).eval()
        self.classes = _classes(cfg, checkpoint)

    def __call__(self, image: np.ndarray) -> InstanceData:
        data = self.pipeline(dict(img=reduce_to(image, self.look_size), img_id=0))
        batch = dict(inputs=[data['inputs']], data_samples=[data['data_samples']])
        with torch.inference_mode(), DefaultScope.overwrite_default_scope(_SCOPE):
            (sample,) = self.model.test_step(batch)
        found = sample.get('pred_instances', InstanceData())
        if 'masks' not in found:
            raise UserError(_gives_no_masks(self.model))
        return InstanceData(masks=found.masks, labels=found.labels, scores=found.scores)


def _leave_out(test_cfg: Mapping | None, min_score: float) -> None:
    """Let no mask be made of what is left out anyway: of each, mmdet makes large ones of floats.

    A ``score_thr`` of mmdet must be exceeded, ``min_score`` reached.
    """
    least = float(np.nextafter(np.float32(min_score), np.float32(0)))
    for part in (test_cfg, (test_cfg or {}).get('rcnn')):
        if part is not None and 'score_thr' in part:
            part['score_thr'] = max(part['score_thr'], least)


def _classes(cfg: Config, checkpoint: dict) -> Sequence[str]:
    """Those that the checkpoint names, or else those of the config's data set."""
    meta = checkpoint.get('meta', {}).get('dataset_meta', {})
    named = meta.get('classes') or meta.get('CLASSES')
    dataset = cfg.test_dataloader.dataset
    return named or dataset.get('metainfo', {}).get('classes') or _Numbers()


class _Numbers(Sequence[str]):
    """Labels instead of names that are not known."""

    def __len__(self) -> int:
        return 0

    def __getitem__(self, label: int) -> str:
        return str(label)


def _read_config(path: Path) -> Config | None:
    """None for a folder."""
    if path.is_dir():
        return None
    path = find_config(path)
    try:
        return Config.fromfile(path)
    except Exception as error:
        raise ConfigError(f'{path} cannot be read: {type(error).__name__}: {error}') from error


def _gives_no_masks(model: torch.nn.Module) -> str:
    return f'A {type(model).__name__} gives no masks of instances: take a model that does.'
