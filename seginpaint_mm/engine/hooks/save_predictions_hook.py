"""Writes what a model predicts on the test set as PNG files."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmengine.hooks import Hook
from mmengine.runner import Runner

from seginpaint_mm.files import write_image
from seginpaint_mm.registry import HOOKS
from seginpaint_mm.structures import SceneSample, predicted_maps


@HOOKS.register_module()
class SavePredictionsHook(Hook):
    """``OUT_DIR/FIELD/NAME.png``, uint8, of the maps that a model predicts.

    The fields are ``pred_background`` and ``pred_sem_seg`` (class ids) and ``pred_foreground``
    (0/1), ``pred_mask``, what was removed (0/255), and ``pred_image``, the filled picture, in
    colours; one that the model does not predict is left out. ``NAME`` is the picture's name with
    its place in the data set before it, since pictures of different folders may share a name.

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
