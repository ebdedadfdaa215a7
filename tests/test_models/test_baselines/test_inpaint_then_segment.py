"""Segmenting what was filled: the classes are those of the filled image, weights their own."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from mmengine.config import ConfigDict
from mmengine.model import BaseModel
from mmengine.structures import PixelData
from torch import Tensor, nn

from seginpaint_mm.errors import CheckpointError
from seginpaint_mm.models.baselines import InpaintThenSegment
from seginpaint_mm.registry import MODELS
from tests.helpers.inpainting_batches import batch_with_holes, check_paintings
from tests.helpers.model_tester import build_model


@MODELS.register_module()
class BrightSegmentor(BaseModel):
    """Class 1 where the red of an image is above a threshold, in [0, 1]."""

    def __init__(self, *, threshold: float = 0.5, data_preprocessor: dict | None = None) -> None:
        super().__init__(MODELS.build(data_preprocessor))
        self.threshold = nn.Parameter(torch.tensor(threshold))

    def forward(self, inputs: Tensor, data_samples: Sequence, mode: str) -> list:
        for picture, sample in zip(inputs, data_samples, strict=True):
            height, width = sample.img_shape
            classes = (picture[:1, :height, :width] / 255 > self.threshold).long()
            sample.pred_sem_seg = PixelData(data=classes)
        return list(data_samples)


SEGMENTOR = dict(
    type='BrightSegmentor',
    data_preprocessor=dict(
        type='SceneDataPreprocessor', mean=[0.0] * 3, std=[1.0] * 3, pad_size_divisor=16
    ),
)
FCN = dict(
    type='mmseg.EncoderDecoder',
    data_preprocessor=dict(
        type='mmseg.SegDataPreProcessor', bgr_to_rgb=True, test_cfg=dict(size_divisor=8)
    ),
    backbone=dict(type='mmseg.ResNet', depth=18, base_channels=8, stem_channels=8),
    decode_head=dict(
        type='mmseg.FCNHead',
        in_channels=64,
        channels=8,
        num_classes=5,
        num_convs=1,
        in_index=3,
        loss_decode=dict(type='mmseg.CrossEntropyLoss'),
    ),
    train_cfg=dict(),
    test_cfg=ConfigDict(mode='whole'),
)
MEAN = dict(type='MeanColourInpainter')


def save(config: dict, path: Path, **changes: float) -> str:
    model = build_model(config)
    for name, value in changes.items():
        getattr(model, name).data.fill_(value)
    torch.save(dict(state_dict=model.state_dict()), path)
    return str(path)


def build(**options: object) -> InpaintThenSegment:
    return build_model(dict(type='InpaintThenSegment', inpainter=MEAN, **options))


def test_the_filled_picture_is_segmented_in_its_own_normalisation(tmp_path):
    checkpoint = save(SEGMENTOR, tmp_path / 'segmentor.pth', threshold=0.4)
    model = build(segmentor=SEGMENTOR, segmentor_checkpoint=checkpoint)
    assert not model.state_dict(), 'no checkpoint of its own'
    batch = batch_with_holes((20, 30), (18, 44))
    samples = model.eval().test_step(batch)
    check_paintings(samples, batch)
    for sample in samples:
        expected = (sample.pred_image.data[:1] / 255 > 0.4).long()
        assert torch.equal(sample.pred_sem_seg.data, expected)


def test_a_segmentor_of_mmseg_at_the_pictures_size(tmp_path):
    checkpoint = save(FCN, tmp_path / 'fcn.pth')
    model = build(segmentor=FCN, segmentor_checkpoint=checkpoint)
    sizes = ((33, 50), (40, 48))
    for sample, size in zip(model.test_step(batch_with_holes(*sizes)), sizes, strict=True):
        classes = sample.pred_sem_seg.data
        assert classes.shape == (1, *size)
        assert classes.dtype == torch.int64
        assert classes.max() < 5


def test_checkpoints_missing_or_of_another_model(tmp_path):
    batch = batch_with_holes((16, 16))
    with pytest.raises(CheckpointError, match=r'model\.segmentor_checkpoint is not set, but Br'):
        build(segmentor=SEGMENTOR).test_step(batch)
    absent = str(tmp_path / 'absent.pth')
    with pytest.raises(CheckpointError, match=r'model\.segmentor_checkpoint: .*absent\.pth does'):
        build(segmentor=SEGMENTOR, segmentor_checkpoint=absent).test_step(batch)
    other = save(FCN, tmp_path / 'fcn.pth')
    with pytest.raises(CheckpointError, match=r'fcn\.pth is not a checkpoint of this BrightSegm'):
        build(segmentor=SEGMENTOR, segmentor_checkpoint=other).test_step(batch)
    model = build(segmentor=SEGMENTOR)
    with pytest.raises(ValueError, match="learns nothing: its mode is 'predict'"):
        model(**model.data_preprocessor(batch), mode='loss')
