"""``SegInpaintInferencer``: predict, complete, fill or remove in images with a trained model."""

import copy
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from mmcv.transforms import Compose
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.infer import BaseInferencer
from rich.progress import track

from seginpaint_mm.apis.inputs import SceneInput, Source, find_inputs
from seginpaint_mm.apis.mask_sources import Masks, MaskSource, find_mask_source
from seginpaint_mm.apis.model_loading import (
    DEFAULT_PREDICTOR,
    build_model,
    check_device,
    dataset_meta,
    find_inpainter,
    find_model,
    inference_pipeline,
    prepare_for_inference,
)
from seginpaint_mm.apis.outputs import ResultFolder
from seginpaint_mm.apis.removal import Filling, Removal
from seginpaint_mm.apis.rounds import Run, SceneResult
from seginpaint_mm.apis.tasks import find_task
from seginpaint_mm.errors import UserError
from seginpaint_mm.geometry.depth_order import check_occluders
from seginpaint_mm.geometry.masks import CroppedMasks
from seginpaint_mm.layers import Layering, check_formats
from seginpaint_mm.registry import TRANSFORMS
from seginpaint_mm.structures import SceneSample
from seginpaint_mm.visualization import SceneVisualizer


class SegInpaintInferencer(BaseInferencer):
    """Runs a trained model on files, folders and arrays.

    Example, with the network for streets that is in the package::

        inferencer = SegInpaintInferencer()      # or a config, or the work dir of a training
        results = inferencer('photos/', batch_size=4, out_dir='out')
        results['predictions'][0].pred_background.data   # int64 (1, H, W)

    Models that complete objects (SeGAN) need the visible masks::

        inferencer = SegInpaintInferencer('work_dirs/segan_small_street-dyce')
        results = inferencer('photos/', masks='masks/', out_dir='out')
        results['predictions'][0].pred_instances.full_masks   # bool (n, H, W)

    Models that fill holes (SGE-Net and the inpainters it is compared with) take them as masks::

        inferencer = SegInpaintInferencer('work_dirs/sgenet_small_street')
        results = inferencer('photo.jpg', masks='hole.png', out_dir='out')
        results['predictions'][0].pred_image.data   # uint8 (3, H, W), RGB

    Models that remove objects (ObjectRemover, or an inpainter with a model that finds objects) need
    their names or places::

        inferencer = SegInpaintInferencer('work_dirs/object-remover_small_street')
        results = inferencer('photo.jpg', removal=Removal(classes=['person']), out_dir='out')

    Args:
        model: A config file or the name of one of ours (``'pspnet_r18_street'``), a Config, the
            work dir of a training, or a file of ``seginpaint export`` (``'street.onnx'``); the
            network in the package if left out.
        weights: A checkpoint; a work dir brings its own. Without one the model is untrained,
            which is said in a warning. Checkpoints are loaded without running code from them.
        device: ``'cpu'``, ``'cuda'``, ``'cuda:1'``, ...; None takes a GPU where there is one.
        show_progress: Draw a progress bar.
        task: A key of :data:`seginpaint_mm.apis.tasks.TASKS`; None takes what the model is for.
        max_objects_per_batch: Objects that are completed at once, which bounds the memory; None
            leaves it to the config.
        depth_threshold: Of the order of completed objects: the IoU in [0, 1) of what is seen of one
            and hidden of another above which the one hides the other, 0.05 in SeGAN's paper; None
            for the larger count of pixels, see :func:`infer_depth_order`.
        occluders: ``'given'``: objects are completed only behind others in front of them;
            ``'any'``: as predicted, for things that are not marked may hide them; None: ``'given'``
            where two or more objects are marked.
        occluder_growth: Pixels by which objects in front are grown for ``'given'``: masks that a
            network finds leave gaps.
        layering: For ``task='layers'``: how photos are taken apart; None for its defaults.
        keep_scales: Of models that work from coarse to fine (SGENet): predict and draw every scale,
            which takes five times the memory per prediction.

    Raises:
        UserError: when the model, the weights, the device or the task are not there or do not fit.
    """

    def __init__(
        self,
        model: str | Path | Config = DEFAULT_PREDICTOR,
        weights: str | Path | None = None,
        device: str | None = None,
        show_progress: bool = True,
        task: str | None = None,
        max_objects_per_batch: int | None = None,
        depth_threshold: float | None = None,
        keep_scales: bool = False,
        occluders: str | None = None,
        occluder_growth: int = 0,
        layering: Layering | None = None,
    ) -> None:
        cfg, weights = find_model(model, weights)
        check_device(device)
        self._task_name = task
        super().__init__(
            model=cfg,
            weights=weights,
            device=device,
            scope='seginpaint_mm',
            show_progress=show_progress,
        )
        if max_objects_per_batch is not None:
            self._bound_memory(max_objects_per_batch)
        if depth_threshold is not None:
            self._order_from(depth_threshold)
        if keep_scales:
            self._keep_scales()
        if occluders is not None or occluder_growth:
            self._complete_behind(occluders, occluder_growth)
        if task == 'layers' or layering is not None:
            self._take_apart(layering or Layering(), device)

    def __call__(
        self,
        inputs: Source | Sequence[Source],
        batch_size: int = 1,
        out_dir: str | Path | ResultFolder | None = None,
        recursive: bool = False,
        masks: Masks | None = None,
        removal: Removal | None = None,
        filling: Filling | None = None,
        draw: bool = True,
    ) -> dict[str, list]:
        """Process all inputs and keep their results; :meth:`stream` keeps none.

        Args: see :meth:`stream`.

        Returns:
            dict: ``predictions``, a list of :class:`SceneSample` at the original sizes;
            ``visualization``, their images (RGB uint8), unless ``draw`` is off; ``failures``, a
            sentence for every input that could not be read or whose masks are wrong.
        """
        stream = self.stream(inputs, batch_size, out_dir, recursive, masks, removal, filling, draw)
        results = list(stream)
        done = [result for result in results if result.failure is None]
        return {
            'predictions': [result.sample for result in done],
            'visualization': [result.picture for result in done if draw],
            'failures': [result.failure for result in results if result.failure is not None],
        }

    def stream(
        self,
        inputs: Source | Sequence[Source],
        batch_size: int = 1,
        out_dir: str | Path | ResultFolder | None = None,
        recursive: bool = False,
        masks: Masks | None = None,
        removal: Removal | None = None,
        filling: Filling | None = None,
        draw: bool = True,
    ) -> Iterator[SceneResult]:
        """Process inputs one batch after the other; unreadable ones do not stop the others.

        Only images of the same size share a batch: no answer depends on the neighbours' sizes.

        Args:
            inputs: A file, a folder (its images, sorted), a BGR uint8 array, or a sequence.
            batch_size: Images a batch.
            out_dir: Where results are written, or a :class:`ResultFolder` with a :class:`Share`:
                several processes then share the inputs, or a run goes on where it was stopped.
            recursive: Look into the sub-folders of folders.
            masks: Of the objects that are to be completed, or of what is to be filled, see
                :func:`find_mask_source`, or a model that finds them, see
                :func:`find_instance_model`.
            removal: Which objects are to be removed, and how; of those that an
                :class:`ObjectRemover` finds itself where there are no masks.
            filling: How what is marked is filled, e.g. large photos in patches.
            draw: Draw images for people; they take longer than the model where photos are large.

        Yields:
            SceneResult: in the order of the inputs, except that failures come at once.

        Raises:
            UserError: when there is nothing to process, a batch would be empty, or there are no
                masks where there must be, or the other way round, or likewise a removal.
            OSError: when a result cannot be written.
        """
        if batch_size < 1:
            raise UserError(f'The batch size must be at least 1, not {batch_size}.')
        folder = out_dir
        if folder is not None and not isinstance(folder, ResultFolder):
            folder = ResultFolder(folder, self.task)
        exclude = () if folder is None else folder.image_folders
        scenes = find_inputs(inputs, recursive, exclude)
        source = self._mask_source(masks, removal, filling, scenes)
        has_ended = False
        scenes = scenes if folder is None else folder.begin(scenes)
        try:
            steps = track(scenes, description='Inference', disable=not self.show_progress)
            yield from self._run(batch_size, folder, draw).results(steps, source)
            has_ended = True
        finally:
            if folder is not None:
                folder.close(has_ended)

    def _mask_source(
        self,
        masks: Masks | None,
        removal: Removal | None,
        filling: Filling | None,
        scenes: list[SceneInput],
    ) -> MaskSource | None:
        given = None if masks is None else find_mask_source(masks)
        source = self.task.source(given, removal, filling)
        objection = None if source is None else source.objection(scenes)
        if objection is not None:
            raise UserError(objection)
        return source

    def _run(
        self, batch_size: int = 1, folder: ResultFolder | None = None, draw: bool = True
    ) -> Run:
        return Run(
            self.task,
            self.pipeline,
            lambda views: self.forward(self.collate_fn(views)),
            (lambda image, sample: self.visualize([image], [sample])[0]) if draw else None,
            folder,
            batch_size,
        )

    def forward(self, inputs: dict) -> list[SceneSample]:
        """Predict a collated batch."""
        try:
            with torch.inference_mode():
                return self.model.test_step(inputs)
        except RuntimeError as error:
            if 'DefaultCPUAllocator' in str(error):  # torch has a class of its own for GPUs only
                raise MemoryError(str(error).splitlines()[0]) from error
            raise

    def visualize(
        self, images: Sequence[np.ndarray], samples: Sequence[SceneSample]
    ) -> list[np.ndarray]:
        """Draw the predictions on the images (BGR uint8); RGB uint8 images."""
        pairs = zip(images, samples, strict=True)
        return [self.visualizer.draw(image[..., ::-1], sample) for image, sample in pairs]

    def postprocess(self, samples: Sequence[SceneSample]) -> Sequence[SceneSample]:
        """Leave them: the task finishes each with its image."""
        return samples

    def _bound_memory(self, max_objects: int) -> None:
        kind = type(self.model).__name__
        if not hasattr(self.model, 'max_objects_per_batch'):
            raise UserError(f'A {kind} takes no objects: leave max_objects_per_batch out.')
        if max_objects < 1:
            raise UserError(f'max_objects_per_batch must be at least 1, not {max_objects}.')
        self.model.max_objects_per_batch = max_objects

    def _keep_scales(self) -> None:
        if not hasattr(self.model, 'keep_scales'):
            kind = type(self.model).__name__
            raise UserError(f'A {kind} has no scales that are predicted: leave keep_scales out.')
        self.model.keep_scales = True

    def _order_from(self, threshold: float) -> None:
        if not hasattr(self.task, 'depth_threshold'):
            kind = type(self.model).__name__
            raise UserError(f'A {kind} completes no objects: leave depth_threshold out.')
        if not 0 <= threshold < 1:
            raise UserError(f'depth_threshold must be from 0 to below 1, not {threshold}.')
        self.task.depth_threshold = threshold

    def _complete_behind(self, occluders: str | None, growth: int) -> None:
        if not hasattr(self.task, 'occluders'):
            kind = type(self.model).__name__
            raise UserError(
                f'A {kind} completes no objects: leave occluders and occluder_growth out.'
            )
        try:
            check_occluders(occluders or 'given', growth)
        except ValueError as error:
            raise UserError(str(error)) from None
        self.task.occluders, self.task.occluder_growth = occluders, growth

    def _take_apart(self, layering: Layering, device: str | None) -> None:
        if not hasattr(self.task, 'layering'):
            raise UserError("Layers are made by task='layers': give it, or leave layering out.")
        options = dict(device=device, show_progress=False)
        painter = SegInpaintInferencer(
            find_inpainter(layering.inpainter),
            layering.inpainter_checkpoint,
            task='fill',
            **options,
        )
        layout = None
        if layering.layout is not None:
            layout = SegInpaintInferencer(
                layering.layout, layering.layout_checkpoint, task='predict', **options
            )
        self.take_apart_with(layering, painter, layout)

    def take_apart_with(
        self,
        layering: Layering,
        painter: 'SegInpaintInferencer',
        layout: 'SegInpaintInferencer | None' = None,
    ) -> None:
        """Let others that are ready paint the background of layers and predict its classes.

        Args:
            layering: How photos are taken apart; its models are not loaded.
            painter: An inferencer of ``task='fill'``.
            layout: One of ``task='predict'`` whose model predicts a background, or None.

        Raises:
            UserError: when psd-tools is missing for a format.
        """
        check_formats(layering.formats)
        self.task.layering = layering
        self.task.paint_background = partial(_painted, painter)
        if layout is not None:
            self.task.predict_layout = partial(predict_layout, layout)

    def for_task(self, task: str) -> 'SegInpaintInferencer':
        """Return an inferencer for another task whose model is this one's, in memory once.

        Raises:
            UserError: when the model cannot do it.
        """
        other = copy.copy(self)
        other._task_name = task
        other.pipeline = other._init_pipeline(self.cfg)
        return other

    def _init_model(self, cfg: Config, weights: str | None, device: str) -> torch.nn.Module:
        return prepare_for_inference(build_model(cfg, weights).to(device))

    def _init_collate(self, cfg: Config) -> Callable[[Sequence[dict]], dict]:
        return pseudo_collate

    def _init_pipeline(self, cfg: Config) -> Callable[[dict], dict]:
        self.task = find_task(self._task_name, self.model)(
            self.model, dataset_meta(cfg, self.model)
        )
        steps = self.task.pipeline(inference_pipeline(cfg))
        return Compose([TRANSFORMS.build(step) for step in steps])

    def _init_visualizer(self, cfg: Config) -> SceneVisualizer:
        visualizer = SceneVisualizer(name=f'inferencer-{id(self)}')
        visualizer.dataset_meta = dataset_meta(cfg, self.model)
        return visualizer


def only_sample(results: dict[str, list]) -> SceneSample:
    """Return the sample of a call with a single image.

    Raises:
        ValueError: one sentence, when the call has failed.
    """
    for failure in results['failures']:
        raise ValueError(failure)
    return results['predictions'][0]


def _painted(painter: SegInpaintInferencer, image: np.ndarray, hole: CroppedMasks) -> np.ndarray:
    """The image (BGR) with a hole, the only mask, filled; outside it as it was."""
    sample = only_sample(painter(image, masks=hole, draw=False))
    return sample.pred_image.data.numpy().transpose(1, 2, 0)[..., ::-1]


def predict_layout(
    model: SegInpaintInferencer, image: np.ndarray
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Predict the classes of the background, also behind objects.

    Args:
        model: Of ``task='predict'``.
        image: BGR uint8 (H, W, 3).

    Returns:
        int64 (H, W), and the names of the classes.

    Raises:
        UserError: when the model predicts no background.
        ValueError: when it cannot take the image.
    """
    sample = only_sample(model(image, draw=False))
    if 'pred_background' not in sample:
        raise UserError(
            f'A {type(model.model).__name__} predicts no background: name another layout model.'
        )
    names = tuple(model.visualizer.dataset_meta['classes'])
    return sample.pred_background.data[0].numpy(), names
