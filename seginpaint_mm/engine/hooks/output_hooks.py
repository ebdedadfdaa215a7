"""Hooks that write predictions and draw samples."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import Tensor, nn

from seginpaint_mm.errors import ConfigError
from seginpaint_mm.registry import HOOKS
from seginpaint_mm.structures import SceneSample, predicted_maps
from seginpaint_mm.utils.files import write_image
from seginpaint_mm.visualization import SceneVisualizer


@HOOKS.register_module()
class SavePredictionsHook(Hook):
    """``OUT_DIR/FIELD/NAME.png``, uint8, of the maps that a model predicts.

    The fields are ``pred_background`` and ``pred_sem_seg`` (class ids) and ``pred_foreground``
    (0/1), ``pred_mask``, what was removed (0/255), and ``pred_image``, the filled image, in
    colours; one that the model does not predict is left out. ``NAME`` is the image's name with
    its place in the data set before it, since images of different folders may share a name.

    Args:
        out_dir: folder, created where needed.
    """

    def __init__(self, *, out_dir: str) -> None:
        self._out_dir = Path(out_dir)

    def after_test_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: object = None,
        outputs: Sequence[SceneSample] | None = None,
    ) -> None:
        for sample in outputs or ():
            name = f'{sample.sample_idx:05d}_{Path(sample.img_path).stem}.png'
            for field in predicted_maps(sample):
                labels = sample.get(field).data.squeeze(0).cpu().numpy().astype(np.uint8)
                write_image(self._out_dir / field / name, labels)
            if 'pred_mask' in sample:
                mask = sample.pred_mask.data.squeeze(0).cpu().numpy().astype(bool)
                write_image(self._out_dir / 'pred_mask' / name, 255 * mask.astype(np.uint8))
            if 'pred_image' in sample:
                picture = sample.pred_image.data.permute(1, 2, 0).cpu().numpy()
                write_image(self._out_dir / 'pred_image' / name, picture[..., ::-1])


@HOOKS.register_module()
class SceneVisualizationHook(Hook):
    """Draws the first scene of every ``interval``-th validation and test batch.

    Args:
        interval: Distance between drawn batches; the first batch is always drawn.
        out_dir: Folder for the images; a relative one lies in the run's log folder. None hands
            them to the visualizer's backends (``vis_data/vis_image``, TensorBoard, ...).
    """

    priority = 'NORMAL'

    def __init__(self, interval: int = 50, out_dir: str | None = None) -> None:
        if interval < 1:
            raise ValueError(
                f'SceneVisualizationHook: interval must be at least 1, not {interval}.'
            )
        self._keeps_scales: bool | None = None
        self.interval = interval
        self.out_dir = out_dir

    def before_run(self, runner: Runner) -> None:
        """Check the visualizer before hours of training, not after.

        Raises:
            ConfigError: when the config's visualizer is not a :class:`SceneVisualizer`.
        """
        if not isinstance(runner.visualizer, SceneVisualizer):
            raise ConfigError(
                f'SceneVisualizationHook needs visualizer = dict(type="SceneVisualizer", ...), '
                f'the config has {type(runner.visualizer).__name__}.'
            )

    def before_val_epoch(self, runner: Runner) -> None:
        self._remember(runner)

    def before_test_epoch(self, runner: Runner) -> None:
        self._remember(runner)

    def before_val_iter(self, runner: Runner, batch_idx: int, data_batch: dict) -> None:
        self._ask(runner, batch_idx)

    def before_test_iter(self, runner: Runner, batch_idx: int, data_batch: dict) -> None:
        self._ask(runner, batch_idx)

    def after_val_epoch(self, runner: Runner, metrics: dict | None = None) -> None:
        self._restore(runner)

    def after_test_epoch(self, runner: Runner, metrics: dict | None = None) -> None:
        self._restore(runner)

    def _remember(self, runner: Runner) -> None:
        """What the config says of predicting the maps of every scale, which figures show."""
        self._keeps_scales = getattr(_unwrapped(runner), 'keep_scales', None)

    def _ask(self, runner: Runner, batch_idx: int) -> None:
        """Let a model that can predict them where the batch is drawn."""
        if self._keeps_scales is False:
            _unwrapped(runner).keep_scales = batch_idx % self.interval == 0

    def _restore(self, runner: Runner) -> None:
        if self._keeps_scales is not None:
            _unwrapped(runner).keep_scales = self._keeps_scales

    def after_val_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict,
        outputs: Sequence[SceneSample],
    ) -> None:
        """Draw; ``data_batch['inputs']`` holds BGR uint8 (3, H, W)."""
        self._draw(runner, 'val', batch_idx, data_batch['inputs'], outputs)

    def after_test_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict,
        outputs: Sequence[SceneSample],
    ) -> None:
        """Draw; ``data_batch['inputs']`` holds BGR uint8 (3, H, W), or lists of them by view."""
        views = data_batch['inputs']
        inputs = views if isinstance(views[0], Tensor) else views[0]
        self._draw(runner, 'test', batch_idx, inputs, outputs)

    def _draw(
        self,
        runner: Runner,
        phase: str,
        batch_idx: int,
        inputs: Sequence[Tensor],
        outputs: Sequence[SceneSample],
    ) -> None:
        if batch_idx % self.interval:
            return
        sample = outputs[0]
        image = inputs[0].permute(1, 2, 0).flip(-1).cpu().numpy()
        name = f'{phase}_{batch_idx:05d}_{Path(sample.get("img_path", "scene")).stem}'
        out_file = None
        if self.out_dir is not None:
            out_file = Path(runner.log_dir, self.out_dir, f'{name}_{runner.iter}.png')
        runner.visualizer.add_datasample(name, image, sample, out_file=out_file, step=runner.iter)


def _unwrapped(runner: Runner) -> nn.Module:
    return runner.model.module if is_model_wrapper(runner.model) else runner.model
