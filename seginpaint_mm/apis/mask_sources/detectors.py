"""Objects found by instance segmentation networks of mmdet, torchvision or this package."""

import copy
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import mmdet.datasets
import mmdet.models  # noqa: F401  registers mmdet's networks, as the line before its data sets
import numpy as np
import torch
from mmcv.transforms import Compose
from mmdet.evaluation.functional import INSTANCE_OFFSET
from mmdet.registry import DATASETS as MMDET_DATASETS
from mmdet.registry import MODELS as MMDET_MODELS
from mmdet.registry import TRANSFORMS as MMDET_TRANSFORMS
from mmdet.utils import get_test_pipeline_cfg
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.model.utils import revert_sync_batchnorm
from mmengine.registry import DefaultScope
from mmengine.structures import InstanceData
from torch import nn
from torchvision.models import get_model, get_model_weights

from seginpaint_mm.apis.inferencer import SegInpaintInferencer
from seginpaint_mm.apis.mask_sources.objects import (
    LOOK_SIZE,
    InstanceModel,
    reduce_to,
    selected_objects,
)
from seginpaint_mm.apis.model_loading import (
    DEFAULT_INSTANCES,
    build_model,
    check_device,
    find_model,
    prepare_for_inference,
)
from seginpaint_mm.checkpoint import (
    check_checkpoint_fits,
    enable_safe_loading,
    load_checkpoint_safely,
    untrained_parts,
)
from seginpaint_mm.cli import read_config
from seginpaint_mm.errors import ConfigError, UserError
from seginpaint_mm.interop.mmdet import find_indexed
from seginpaint_mm.interop.mmengine import only_log
from seginpaint_mm.models.maskopt import PanopticMaskSelector
from seginpaint_mm.utils.config_files import find_config
from seginpaint_mm.zoo import fetch, find_weights

_SIDES = 800, 1333  # least and greatest side at which it was trained
_NO_CLASS = ('__background__', 'N/A')  # of COCO's 91 numbers 80 are classes


class TorchvisionInstances(InstanceModel):
    """Objects of COCO's 80 classes, found by torchvision's trained network.

    Args:
        weights: A name of :data:`seginpaint_mm.zoo.WEIGHTS`, downloaded where it is not in the
            cache.
        model: The network's name in torchvision, of which the weights are.
        device: As in :class:`SegInpaintInferencer`.
        min_score: What is found with a lower score, in [0, 1], is left out.
        look_size: Greatest side, in pixels, at which the network sees images.

    Raises:
        UserError: when the weights cannot be had, are of another network, or there is no such
            device.
    """

    def __init__(
        self,
        weights: str = 'maskrcnn',
        model: str = 'maskrcnn_resnet50_fpn_v2',
        device: str | None = None,
        min_score: float = 0.5,
        look_size: int = LOOK_SIZE,
    ) -> None:
        check_device(device)
        path = fetch(find_weights(weights))
        network = get_model(
            model,
            weights=None,
            weights_backbone=None,
            min_size=min(_SIDES[0], look_size),
            max_size=min(_SIDES[1], look_size),
            box_score_thresh=min_score,  # each mask is of floats: none of what is left out
        )
        state = check_checkpoint_fits(network, load_checkpoint_safely(path), str(path))
        network.load_state_dict(state, strict=False)  # batch counters may be absent
        named = get_model_weights(model).DEFAULT.meta['categories']
        numbers = [n for n, name in enumerate(named) if name not in _NO_CLASS]
        find = _Found(network.to(device or get_device()).eval(), look_size, numbers)
        super().__init__(find, [named[n] for n in numbers], min_score)


class _Found:
    """Instances from a network of torchvision; masks have the size of its resized input."""

    def __init__(self, network: nn.Module, look_size: int, numbers: list[int]) -> None:
        self.network = network
        self.look_size = look_size
        self.labels = {number: label for label, number in enumerate(numbers)}

    def __call__(self, image: np.ndarray) -> InstanceData:
        reduced = reduce_to(image, self.look_size)
        device = next(self.network.parameters()).device
        colours = torch.from_numpy(reduced[..., ::-1].transpose(2, 0, 1).copy())
        with torch.inference_mode():
            (found,) = self.network([colours.to(device, torch.float32) / 255])
        known = [row for row, n in enumerate(found['labels'].tolist()) if n in self.labels]
        labels = [self.labels[n] for n in found['labels'][known].tolist()]
        return InstanceData(
            masks=found['masks'][known, 0],
            labels=torch.tensor(labels, dtype=torch.int64, device=device),
            scores=found['scores'][known],
        )


_SCOPE = 'mmdet'


def find_instance_model(
    model: str | Path | Config,
    weights: str | Path | None = None,
    device: str | None = None,
    min_score: float | None = None,
    look_size: int = LOOK_SIZE,
) -> InstanceModel:
    """Load an instance model of mmdet, of torchvision, or one of ours.

    Ours are :class:`HoughInstanceSegmentor`, and :class:`ObjectRemover` for its panoptic network.

    Args:
        model: A config file, ours (its name suffices) or, where its ``default_scope`` is another,
            mmdet's; or the work dir of one of our trainings. ``'torchvision'`` is the Mask R-CNN
            of :class:`TorchvisionInstances`, whose weights are downloaded; so are those of a model
            that is given by its name in mmdet's own index, e.g. ``'mask-rcnn_r50_fpn_2x_coco'``.
        weights: Its checkpoint, a file or an address (``https://...``), loaded without running code
            from it. Our work dirs bring theirs; a config may name it (``init_cfg``).
        device: As in :class:`SegInpaintInferencer`.
        min_score: What is found with a lower score is left out. Without it that is 0.5, and of an
            :class:`ObjectRemover` what its selector leaves out.
        look_size: Greatest side, in pixels, at which a network sees images; larger ones are
            reduced, and the masks found are brought to their size.

    Raises:
        UserError: when the model or the weights are not there or do not fit, or the model gives no
            masks of instances.
    """
    if model == DEFAULT_INSTANCES:
        if weights is not None:
            raise UserError('The instance model torchvision has its own weights: leave others out.')
        return TorchvisionInstances(
            device=device, min_score=_or_half(min_score), look_size=look_size
        )
    if not isinstance(model, Config):
        model, weights = _look_up(model, weights)
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
    least, path = _or_half(min_score), None if weights is None else str(weights)
    detector = _Detected(cfg, path, device or get_device(), look_size, least)
    return InstanceModel(detector, detector.classes, least)


def _look_up(model: str | Path, weights: str | Path | None) -> tuple[str | Path, str | Path | None]:
    """Take a name that is no file, folder or config of ours from mmdet's index, if it is there."""
    if Path(model).exists():
        return model, weights
    try:
        find_config(model)
    except ConfigError:
        indexed = find_indexed(str(model))
        if indexed:
            return indexed[0], weights or indexed[1]
    return model, weights


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
    """Instances of a model of mmdet, with masks of the size that it sees an image in."""

    def __init__(
        self, cfg: Config, weights: str | None, device: str, look_size: int, min_score: float
    ) -> None:
        self.look_size = look_size
        cfg = copy.deepcopy(cfg)
        _leave_out(cfg.model.get('test_cfg'), min_score)
        with DefaultScope.overwrite_default_scope(_SCOPE):
            model = revert_sync_batchnorm(MMDET_MODELS.build(cfg.model))
            steps = get_test_pipeline_cfg(cfg)
            steps[0] = dict(type='LoadImageFromNDArray')
            self.pipeline = Compose([MMDET_TRANSFORMS.build(step) for step in steps])
        checkpoint = {}
        if weights is not None:
            checkpoint = load_checkpoint_safely(weights)
            state = check_checkpoint_fits(model, checkpoint, weights)
            model.load_state_dict(state, strict=False)
        elif untrained := untrained_parts(model):
            raise UserError(
                f'The model that finds the objects needs a checkpoint: give it; its config names '
                f'none of {", ".join(untrained)}.'
            )
        else:
            enable_safe_loading()
            with only_log(logging.WARNING):
                model.init_weights()
        self.model = model.to(device).eval()
        self.classes = _classes(cfg, checkpoint)

    def __call__(self, image: np.ndarray) -> InstanceData:
        data = self.pipeline(dict(img=reduce_to(image, self.look_size), img_id=0))
        batch = dict(inputs=[data['inputs']], data_samples=[data['data_samples']])
        with torch.inference_mode(), DefaultScope.overwrite_default_scope(_SCOPE):
            (sample,) = self.model.test_step(batch)
        found = sample.get('pred_instances', InstanceData())
        if 'masks' not in found and 'pred_panoptic_seg' in sample:
            return _things(sample.pred_panoptic_seg.sem_seg[0])
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


def _things(panoptic: torch.Tensor) -> InstanceData:
    """Instances in mmdet's panoptic map (H, W): label + 1000 * number, of stuff the label alone."""
    values = panoptic.unique()
    values = values[values >= INSTANCE_OFFSET]
    return InstanceData(
        masks=panoptic == values[:, None, None],
        labels=values % INSTANCE_OFFSET,
        scores=torch.ones(len(values), device=panoptic.device),
    )


def _classes(cfg: Config, checkpoint: Mapping) -> tuple[str, ...]:
    """Names that the checkpoint holds, or else the config, or the class of its test data set.

    mmdet 2.x writes ``meta.CLASSES``, 3.x ``meta.dataset_meta.classes``; its early releases, and
    converted checkpoints, have the latter in upper case. None where nobody names them.
    """
    meta = checkpoint.get('meta') or {}
    places = [meta.get('dataset_meta') or {}, meta]
    loader = cfg.get('test_dataloader') or cfg.get('data', {}).get('test') or {}
    dataset = loader
    while 'dataset' in dataset:
        dataset = dataset['dataset']
    places += [dataset.get('metainfo') or {}, dataset]
    with suppress(KeyError):  # a data set that is registered nowhere
        with DefaultScope.overwrite_default_scope(_SCOPE):
            kind = MMDET_DATASETS.get(dataset.get('type') or '')
        places.append(getattr(kind, 'METAINFO', {}))
    for place in places:
        named = place.get('classes') or place.get('CLASSES')
        if isinstance(named, str):  # ('person') is not ('person',)
            return (named,)
        if isinstance(named, Sequence):
            return tuple(map(str, named))
    return ()


def _read_config(path: Path) -> Config | None:
    """None for a folder."""
    if path.is_dir():
        return None
    return read_config(path)


def _gives_no_masks(model: torch.nn.Module) -> str:
    return f'A {type(model).__name__} gives no masks of instances: take a model that does.'
