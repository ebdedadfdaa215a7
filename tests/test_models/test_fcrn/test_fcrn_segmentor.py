"""FCRN as a whole: mmseg's segmentor with our head, trained and asked through our samples."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config, ConfigDict
from mmengine.registry import DefaultScope
from mmengine.structures import PixelData
from torch import Tensor, nn

from seginpaint_mm.models.fcrn.fcrn_head import ResidualDropout
from seginpaint_mm.registry import MODELS
from seginpaint_mm.structures import SceneSample
from tests.helpers.model_tester import build_model, check_training_step
from tests.helpers.tool_runs import REPOSITORY

CONFIGS = REPOSITORY / 'configs/fcrn'


@MODELS.register_module()
class PooledColours(nn.Module):
    """A backbone of stride 8 whose pixels see nothing but their own 8x8 block of the image."""

    def forward(self, images: Tensor) -> tuple[Tensor]:
        return (nn.functional.avg_pool2d(images, 8),)


def model_of(name: str) -> dict:
    return Config.fromfile(CONFIGS / f'{name}.py').model


@pytest.mark.parametrize('name', ['fcrn_r18_cityscapes-128x256', 'fcrn_r18_cityscapes-128x256_bs'])
def test_training_step(name: str) -> None:
    check_training_step(build_model(model_of(name)), size=(96, 104))


def test_training_step_of_the_papers_form() -> None:
    model = model_of('fcrn_r101_voc12aug_bs')
    model.backbone.depth = 50
    model.decode_head.loss_decode.num_pixels = 20
    check_training_step(build_model(model), size=(64, 48))


def test_a_small_image_does_not_end_the_training() -> None:
    model = build_model(model_of('fcrn_r18_street_bs'))
    assert model.decode_head.loss_decode.num_kept > 32 * 48
    check_training_step(model, size=(32, 48))


@pytest.mark.parametrize(
    ('depth', 'strides', 'dilations', 'stride'),
    [
        (50, (1, 2, 1, 1), (1, 1, 2, 4), 8),
        (101, (1, 2, 1, 1), (1, 1, 2, 4), 8),
        (152, (1, 2, 1, 1), (1, 1, 2, 4), 8),
        (50, (1, 2, 2, 1), (1, 1, 1, 2), 16),
    ],
)
def test_resolutions_of_tables_1_and_3(
    depth: int, strides: tuple[int, ...], dilations: tuple[int, ...], stride: int
) -> None:
    model = model_of('fcrn_r101_voc12aug')
    model.backbone.update(depth=depth, strides=strides, dilations=dilations)
    with torch.device('meta'):
        segmentor = build_without_weights(model)
        logits = segmentor(torch.empty(1, 3, 64, 96), mode='tensor')
    assert logits.shape == (1, 21, 64 // stride, 96 // stride)


def build_without_weights(model: dict) -> nn.Module:
    with DefaultScope.overwrite_default_scope('seginpaint_mm'):
        return MODELS.build(model)


def test_dropout_in_the_last_two_stages() -> None:
    with torch.device('meta'):
        model = build_without_weights(model_of('fcrn_r101_dropout_two-layer_voc12aug_bs'))
    ratios = {
        stage: [m.p for m in getattr(model.backbone, stage).modules() if type(m) is ResidualDropout]
        for stage in model.backbone.res_layers
    }
    assert ratios == {'layer1': [], 'layer2': [], 'layer3': [0.3] * 23, 'layer4': [0.5] * 3}
    assert model.decode_head.classifier.field_of_view * 8 == 392


def test_predictions_do_not_depend_on_how_a_batch_is_padded() -> None:
    """A small image beside a larger one: its padding is cut away, nothing is stretched."""
    model = build_model(
        dict(
            type='mmseg.EncoderDecoder',
            data_preprocessor=dict(type='SceneDataPreprocessor', pad_size_divisor=8),
            backbone=dict(type='PooledColours'),
            decode_head=dict(
                type='FCRNHead', in_channels=3, num_classes=5, kernel_size=1, dilation=1
            ),
            test_cfg=ConfigDict(mode='whole'),
        )
    ).eval()
    small, large = (32, 43), (61, 56)
    samples = {size: predict(model, [size])[0] for size in (small, large)}
    for sizes in ((small, large), (large, small)):
        for size, sample in zip(sizes, predict(model, sizes), strict=True):
            assert sample.pred_sem_seg.data.shape == (1, *size)
            inside = ..., slice(size[0] - 12), slice(size[1] - 12)  # bilinear at the border
            torch.testing.assert_close(
                sample.seg_logits.data[inside], samples[size].seg_logits.data[inside]
            )


def predict(model: nn.Module, sizes: list[tuple[int, int]]) -> list[SceneSample]:
    images, samples = [], []
    for size in sizes:
        generator = torch.Generator().manual_seed(sum(size))
        images.append(torch.randint(0, 256, (3, *size), dtype=torch.uint8, generator=generator))
        sample = SceneSample(metainfo=dict(img_shape=size, ori_shape=size))
        sample.gt_sem_seg = PixelData(data=torch.zeros(1, *size, dtype=torch.int64))
        samples.append(sample)
    with torch.no_grad():
        return model.test_step(dict(inputs=images, data_samples=samples))


def test_small_backbone_takes_all_its_weights_from_torchvisions_names(real_data: Path) -> None:
    """The partial ResNet-18 lacks convolutions of the last stage, which this backbone has not."""
    weights = real_data / 'weights/resnet18_torchvision_partial.pth'
    model = model_of('fcrn_r18_voc-small')
    model.backbone.init_cfg = dict(type='Pretrained', checkpoint=str(weights))
    backbone = build_model(model).backbone.state_dict()
    stored = torch.load(weights, map_location='cpu', weights_only=True)
    for name, value in backbone.items():
        if not name.endswith('num_batches_tracked'):
            torch.testing.assert_close(value, stored[name])
