"""``SegInpaintInferencer``: pictures in, what is behind their foreground out."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from mmcv.transforms import Compose
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.infer import BaseInferencer
from mmengine.logging import print_log
from mmengine.registry import DefaultScope
from mmengine.structures import PixelData
from rich.progress import track
from torch import Tensor

from seginpaint_mm.apis.fast_inference import prepare_for_inference
from seginpaint_mm.apis.inputs import SceneInput, Source, find_inputs
from seginpaint_mm.apis.instance_results import resize_instances
from seginpaint_mm.apis.outputs import ResultFolder
from seginpaint_mm.apis.trained_model import dataset_meta, find_model, inference_pipeline
from seginpaint_mm.checkpoint import check_checkpoint_fits, load_checkpoint_safely
from seginpaint_mm.errors import UserError
from seginpaint_mm.registry import MODELS, TRANSFORMS
from seginpaint_mm.structures import SceneSample
from seginpaint_mm.visualization import SceneVisualizer


@dataclass(frozen=True)
class SceneResult:
    """What became of one input: a sample and its picture, or the reason why there is none.

    Attributes:
        scene: The input.
        sample: Predictions at the input's size, on the CPU.
        picture: RGB uint8 (H, W, 3), see :class:`SceneVisualizer`.
        failure: One sentence; then ``sample`` and ``picture`` are None.
    """

    scene: SceneInput
    sample: SceneSample | None = None
    picture: np.ndarray | None = None
    failure: str | None = None


class SegInpaintInferencer(BaseInferencer):
    """Runs a trained model on files, folders and arrays.

    Example::

        inferencer = SegInpaintInferencer('work_dirs/pspnet_r18_street')
        results = inferencer('photos/', batch_size=4, out_dir='out')
        results['predictions'][0].pred_background.data   # int64 (1, H, W)

    Args:
        model: A config file, a Config, or the work dir of a training.
        weights: A checkpoint; a work dir brings its own. Without one the model is untrained,
            which is said in a warning. Checkpoints are loaded without running code from them.
        device: ``'cpu'``, ``'cuda'``, ``'cuda:1'``, ...; None takes a GPU where there is one.
        show_progress: Draw a progress bar.

    Raises:
        UserError: when the model, the weights or the device are not there or do not fit.
    """

    def __init__(
        self,
        model: str | Path | Config,
        weights: str | Path | None = None,
        device: str | None = None,
        show_progress: bool = True,
    ) -> None:
        cfg, weights = find_model(model, weights)
        _check_device(device)
        super().__init__(
            model=cfg,
            weights=weights,
            device=device,
            scope='seginpaint_mm',
            show_progress=show_progress,
        )

    def __call__(
        self,
        inputs: Source | Sequence[Source],
        batch_size: int = 1,
        out_dir: str | Path | None = None,
        recursive: bool = False,
    ) -> dict[str, list]:
        """Process all inputs and keep their results; :meth:`stream` keeps none.

        Args: see :meth:`stream`.

        Returns:
            dict: ``predictions``, a list of :class:`SceneSample` at the original sizes;
            ``visualization``, their pictures (RGB uint8); ``failures``, a sentence for every
            input that could not be read.
        """
        results = list(self.stream(inputs, batch_size, out_dir, recursive))
        done = [result for result in results if result.failure is None]
        return {
            'predictions': [result.sample for result in done],
            'visualization': [result.picture for result in done],
            'failures': [result.failure for result in results if result.failure is not None],
        }

    def stream(
        self,
        inputs: Source | Sequence[Source],
        batch_size: int = 1,
        out_dir: str | Path | None = None,
        recursive: bool = False,
    ) -> Iterator[SceneResult]:
        """Process inputs one batch after the other; unreadable ones do not stop the others.

        Only images of the same size share a batch: no answer depends on the neighbours' sizes.

        Args:
            inputs: A file, a folder (its images, sorted), a BGR uint8 array, or a sequence.
            batch_size: Images a batch.
            out_dir: Where results are written, see :class:`ResultFolder`.
            recursive: Look into the sub-folders of folders.

        Yields:
            SceneResult: in the order of the inputs, except that failures come at once.

        Raises:
            UserError: when there is nothing to process, or a batch would be empty.
            OSError: when a result cannot be written.
        """
        if batch_size < 1:
            raise UserError(f'The batch size must be at least 1, not {batch_size}.')
        folder = None
        if out_dir is not None:
            meta = self.visualizer.dataset_meta
            folder = ResultFolder(out_dir, meta['classes'], meta.get('thing_ids', ()))
        exclude = () if folder is None else folder.image_folders
        scenes = find_inputs(inputs, recursive, exclude)
        for result in self._results(scenes, batch_size):
            if folder is not None:
                _keep(folder, result)
            yield result
        if folder is not None:
            folder.close()

    def _results(self, scenes: list[SceneInput], batch_size: int) -> Iterator[SceneResult]:
        batch: list[tuple[SceneInput, np.ndarray, dict]] = []
        steps = track(scenes, description='Inference', disable=not self.show_progress)
        for scene in steps:
            try:
                image = scene.read()
            except (OSError, ValueError) as error:
                yield SceneResult(scene, failure=_first_sentence(scene, error))
                continue
            data = self.pipeline(_pipeline_input(scene, image))
            if batch and data['inputs'].shape != batch[0][2]['inputs'].shape:
                yield from self._finish(batch)
                batch = []
            batch.append((scene, image, data))
            if len(batch) == batch_size:
                yield from self._finish(batch)
                batch = []
        if batch:
            yield from self._finish(batch)

    def _finish(self, batch: list[tuple[SceneInput, np.ndarray, dict]]) -> Iterator[SceneResult]:
        scenes, images, data = zip(*batch, strict=True)
        samples = self.postprocess(self.forward(self.collate_fn(data)))
        pictures = self.visualize(images, samples)
        for scene, sample, picture in zip(scenes, samples, pictures, strict=True):
            yield SceneResult(scene, sample, picture)

    def forward(self, inputs: dict) -> list[SceneSample]:
        """Predict a collated batch."""
        with torch.inference_mode():
            return self.model.test_step(inputs)

    def visualize(
        self, images: Sequence[np.ndarray], samples: Sequence[SceneSample]
    ) -> list[np.ndarray]:
        """Draw the predictions on the images (BGR uint8); RGB uint8 pictures."""
        pairs = zip(images, samples, strict=True)
        return [self.visualizer.draw(image[..., ::-1], sample) for image, sample in pairs]

    def postprocess(self, samples: Sequence[SceneSample]) -> list[SceneSample]:
        """Bring the predictions to the CPU and to the original size of the images."""
        return [_at_original_size(sample.cpu()) for sample in samples]

    def _init_model(self, cfg: Config, weights: str | None, device: str) -> torch.nn.Module:
        # parts that mmseg builds inside its own are looked up in the default scope
        with DefaultScope.overwrite_default_scope(cfg.get('default_scope', 'seginpaint_mm')):
            model = MODELS.build(cfg.model)
        if weights is None:
            print_log(
                'No checkpoint is given: the model is untrained, its answers are random.',
                logger='current',
                level=logging.WARNING,
            )
        else:
            checkpoint = load_checkpoint_safely(weights)
            state = check_checkpoint_fits(model, checkpoint, weights)
            model.load_state_dict(state, strict=False)  # batch counters may be absent
        return prepare_for_inference(model.to(device))

    def _init_collate(self, cfg: Config) -> Callable[[Sequence[dict]], dict]:
        return pseudo_collate

    def _init_pipeline(self, cfg: Config) -> Callable[[dict], dict]:
        return Compose([TRANSFORMS.build(step) for step in inference_pipeline(cfg)])

    def _init_visualizer(self, cfg: Config) -> SceneVisualizer:
        visualizer = SceneVisualizer(name=f'inferencer-{id(self)}')
        visualizer.dataset_meta = dataset_meta(cfg)
        return visualizer


def _check_device(device: str | None) -> None:
    if device is None:
        return
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise UserError(
            f'Device {device!r} cannot be used here ({str(error).splitlines()[0]}): '
            f"choose 'cpu', or leave it out to take what there is."
        ) from error


def _pipeline_input(scene: SceneInput, image: np.ndarray) -> dict:
    shape = image.shape[:2]
    return dict(img=image, img_path=scene.origin, img_shape=shape, ori_shape=shape)


def _at_original_size(sample: SceneSample) -> SceneSample:
    """Resize predictions to ordinary tensors: probabilities bilinearly, others by nearest."""
    size = tuple(sample.ori_shape[:2])
    resized = sample.new()
    if 'pred_foreground_prob' in sample:
        probability = _resize(sample.pred_foreground_prob.data, size, 'bilinear')
        resized.pred_foreground_prob = PixelData(data=probability)
        resized.pred_foreground = PixelData(data=(probability > 0.5).to(torch.uint8))
    elif 'pred_foreground' in sample:
        foreground = _resize(sample.pred_foreground.data, size, 'nearest-exact')
        resized.pred_foreground = PixelData(data=foreground)
    for field in ('pred_background', 'pred_sem_seg'):
        if field in sample:
            ids = _resize(sample.get(field).data.to(torch.uint8), size, 'nearest-exact')
            resized.set_field(PixelData(data=ids.long()), field)
    if 'pred_instances' in sample:
        resized.pred_instances = resize_instances(sample.pred_instances, size)
    return resized


def _resize(maps: Tensor, size: tuple[int, int], mode: str) -> Tensor:
    if tuple(maps.shape[-2:]) == size:
        return maps.clone()  # out of inference mode, whose tensors cannot be written to
    align_corners = False if mode == 'bilinear' else None
    return F.interpolate(maps[None], size=size, mode=mode, align_corners=align_corners)[0]


def _first_sentence(scene: SceneInput, error: Exception) -> str:
    text = str(error).splitlines()[0]
    return text if scene.origin in text else f'{scene.origin}: {text}'


def _keep(folder: ResultFolder, result: SceneResult) -> None:
    if result.failure is None:
        folder.add(result.scene, result.sample, result.picture)
    else:
        folder.add_failure(result.scene, result.failure)
