from types import SimpleNamespace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmengine.structures import InstanceData, PixelData

from seginpaint_mm.models.data_preprocessor import SceneDataPreprocessor, check_normalisation
from seginpaint_mm.structures import SceneSample

MEAN, STD = (10.0, 20.0, 30.0), (1.0, 2.0, 4.0)


def scene(height: int, width: int) -> tuple[torch.Tensor, SceneSample]:
    sample = SceneSample(metainfo=dict(img_shape=(height, width)))
    sample.gt_sem_seg = PixelData(data=torch.ones(1, height, width, dtype=torch.int64))
    sample.gt_background = PixelData(data=torch.ones(1, height, width, dtype=torch.int64))
    sample.gt_foreground = PixelData(data=torch.ones(1, height, width, dtype=torch.uint8))
    image = torch.randint(0, 256, (3, height, width), dtype=torch.uint8)
    return image, sample


def batch_of(*sizes: tuple[int, int]) -> dict:
    images, samples = zip(*(scene(*size) for size in sizes), strict=True)
    return dict(inputs=list(images), data_samples=list(samples))


def preprocessor(divisor: int = 1) -> SceneDataPreprocessor:
    return SceneDataPreprocessor(mean=MEAN, std=STD, pad_size_divisor=divisor)


@settings(max_examples=30, deadline=None)
@given(
    sizes=st.lists(st.tuples(st.integers(1, 20), st.integers(1, 20)), min_size=1, max_size=3),
    divisor=st.integers(1, 8),
    training=st.booleans(),
)
def test_normalised_rgb_padded_below_and_right(sizes, divisor, training):
    data = batch_of(*sizes)
    batch = preprocessor(divisor)(data, training)
    height, width = batch['inputs'].shape[-2:]
    assert height % divisor == width % divisor == 0
    assert height - max(h for h, _ in sizes) < divisor
    assert width - max(w for _, w in sizes) < divisor
    assert batch['inputs'].dtype == torch.float32
    for image, padded, sample, (h, w) in zip(
        data['inputs'], batch['inputs'], batch['data_samples'], sizes, strict=True
    ):
        for channel in range(3):
            expected = (image[2 - channel].float() - MEAN[channel]) / STD[channel]
            torch.testing.assert_close(padded[channel, :h, :w], expected)
        assert padded[:, h:].abs().sum() == padded[:, :, w:].abs().sum() == 0
        assert sample.img_shape == (h, w)
        if not training:
            assert sample.pad_shape == (height, width)
            assert sample.img_padding_size == (0, width - w, 0, height - h)
        check_maps(sample, (h, w), (height, width) if training else (h, w))


def check_maps(sample: SceneSample, image: tuple[int, int], size: tuple[int, int]) -> None:
    for field, outside in (('gt_sem_seg', 255), ('gt_background', 255), ('gt_foreground', 0)):
        data = sample.get(field).data
        assert data.shape == (1, *size)
        assert (data[:, : image[0], : image[1]] == 1).all()
        assert (data[:, image[0] :] == outside).all()
        assert (data[:, :, image[1] :] == outside).all()
    assert sample.gt_foreground.data.dtype == torch.uint8


def test_one_tensor_and_a_list_are_the_same():
    data = batch_of((8, 16), (8, 16))
    expected = preprocessor(4)(data, training=True)['inputs']
    stacked = dict(data, inputs=torch.stack(data['inputs']))
    torch.testing.assert_close(preprocessor(4)(stacked, training=True)['inputs'], expected)


def test_images_without_samples():
    batch = preprocessor()(dict(inputs=batch_of((4, 6))['inputs']))
    assert batch['inputs'].shape == (1, 3, 4, 6)
    assert batch['data_samples'] is None


@pytest.mark.parametrize('number', [0, 2])
@pytest.mark.parametrize('training', [True, False])
def test_masks_of_instances_are_padded_in_training(number, training):
    data = batch_of((4, 6), (8, 5))
    masks = torch.ones(number, 4, 6, dtype=torch.bool)
    data['data_samples'][0].gt_instances = InstanceData(masks=masks, full_masks=masks.clone())
    instances = preprocessor()(data, training)['data_samples'][0].gt_instances
    for padded in (instances.masks, instances.full_masks):
        assert padded.shape == (number, *((8, 6) if training else (4, 6)))
        assert padded.dtype == torch.bool
        assert padded[:, :4].all()
        assert not padded[:, 4:].any()


@pytest.mark.gpu
def test_moves_to_its_device():
    batch = preprocessor().cuda()(batch_of((4, 6)))
    assert batch['inputs'].is_cuda
    assert batch['data_samples'][0].gt_foreground.data.is_cuda


@pytest.mark.parametrize('dtype', [torch.float32, torch.int16])
def test_image_of_another_type(dtype):
    with pytest.raises(TypeError, match='it takes uint8'):
        preprocessor()(dict(inputs=[torch.zeros(3, 4, 4, dtype=dtype)]))


@pytest.mark.parametrize('shape', [(1, 4, 4), (4, 4), (4, 4, 4)])
def test_image_of_another_shape(shape):
    with pytest.raises(ValueError, match='takes images'):
        preprocessor()(dict(inputs=[torch.zeros(shape, dtype=torch.uint8)]))


def test_channels_stay_as_caffe_takes_them() -> None:
    image = torch.arange(3, dtype=torch.uint8).view(3, 1, 1).expand(3, 2, 2)
    bgr = SceneDataPreprocessor(mean=(0, 0, 0), std=(1, 1, 1), bgr_to_rgb=False)
    batch = bgr(dict(inputs=[image], data_samples=None))
    assert batch['inputs'][0, :, 0, 0].tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match='leave data_preprocessor.bgr_to_rgb at True'):
        check_normalisation(SimpleNamespace(data_preprocessor=bgr))
