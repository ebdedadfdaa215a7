"""The checks that every scene model passes: a model's own test calls them with its config."""

import numpy as np
import torch
from mmengine.registry import DefaultScope
from mmengine.structures import PixelData
from torch import Tensor

from seginpaint_mm.registry import MODELS
from seginpaint_mm.structures import SceneSample


def build_model(config: dict, seed: int = 0) -> torch.nn.Module:
    """Build with random weights that depend on the seed only."""
    torch.manual_seed(seed)
    with DefaultScope.overwrite_default_scope('seginpaint_mm'):
        model = MODELS.build(config)
    model.init_weights()
    return model


def street_like_sample(height: int, width: int, seed: int = 0) -> SceneSample:
    """Road below, pavement beside it, other above, a foreground block in front, a hole there."""
    random = np.random.default_rng(seed)
    background = torch.full((1, height, width), 2)
    background[:, height // 2 :] = 0
    background[:, height // 2 :, : width // 3] = 1
    foreground = torch.zeros(1, height, width, dtype=torch.uint8)
    top, left = random.integers(0, max(height // 2, 1)), random.integers(0, max(width // 2, 1))
    foreground[:, top : top + max(height // 3, 1), left : left + max(width // 4, 1)] = 1
    sample = SceneSample(metainfo=dict(img_shape=(height, width), ori_shape=(height, width)))
    sample.gt_background = PixelData(data=background)
    sample.gt_foreground = PixelData(data=foreground)
    sample.hole = PixelData(data=foreground.clone())
    sample.gt_sem_seg = PixelData(data=background.masked_fill(foreground == 1, 255))
    return sample


def street_like_batch(size: tuple[int, int], num: int = 2) -> dict:
    """A batch as the data loader gives it: uint8 images and samples."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (num, 3, *size), dtype=torch.uint8, generator=generator)
    return dict(
        inputs=list(images), data_samples=[street_like_sample(*size, seed=i) for i in range(num)]
    )


def joined(*batches: dict) -> dict:
    """One batch of several, whose images may differ in size."""
    return {key: [item for batch in batches for item in batch[key]] for key in batches[0]}


def total_loss(model: torch.nn.Module, batch: dict) -> Tensor:
    """The sum that the optimiser would see."""
    batch = model.data_preprocessor(batch, training=True)
    losses = model(**batch, mode='loss')
    return model.parse_losses(losses)[0]


def check_training_step(model: torch.nn.Module, size: tuple[int, int] = (48, 64)) -> None:
    """The loss is finite and every trained parameter gets a finite gradient."""
    model.train()
    loss = total_loss(model, street_like_batch(size))
    loss.backward()
    assert torch.isfinite(loss)
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None, f'{name} has no gradient'
            assert torch.isfinite(parameter.grad).all(), f'{name} has a gradient that is not finite'


def check_predictions(model: torch.nn.Module, size: tuple[int, int], num: int = 1) -> None:
    """Predictions have the documented types, ranges and the image's size."""
    model.eval()
    batch = model.data_preprocessor(street_like_batch(size, num), training=False)
    with torch.no_grad():
        samples = model(**batch, mode='predict')
    assert len(samples) == num
    for sample in samples:
        assert sample.pred_background.data.shape == (1, *size)
        assert sample.pred_background.data.dtype == torch.int64
        assert set(sample.pred_background.data.unique().tolist()) <= {0, 1, 2}
        assert sample.pred_foreground.data.shape == (1, *size)
        assert sample.pred_foreground.data.dtype == torch.uint8
        assert sample.pred_foreground.data.max() <= 1
        if 'pred_foreground_prob' in sample:
            probability = sample.pred_foreground_prob.data
            assert probability.dtype == torch.float32
            assert probability.min() >= 0
            assert probability.max() <= 1
