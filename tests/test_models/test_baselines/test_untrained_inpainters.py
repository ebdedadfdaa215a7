"""cv2.inpaint and the mean colour as models, and what they refuse."""

import cv2
import numpy as np
import pytest
import torch

from seginpaint_mm.models.baselines import MeanColourInpainter, OpenCVInpainter, UntrainedInpainter
from tests.helpers.inpainting_batches import batch_with_holes, check_paintings
from tests.helpers.model_tester import build_model

CONFIGS = [
    dict(type='OpenCVInpainter', method='telea'),
    dict(type='OpenCVInpainter', method='navier_stokes', radius=5),
    dict(type='MeanColourInpainter'),
]


def predict(model: UntrainedInpainter, batch: dict) -> list:
    with torch.no_grad():
        return model.eval().test_step(batch)


@pytest.mark.parametrize('config', CONFIGS, ids=lambda config: config.get('method', 'mean'))
@pytest.mark.parametrize('sizes', [[(32, 48)] * 2, [(31, 45), (20, 64)]], ids=['same', 'differ'])
def test_outside_the_hole_nothing_changes(config, sizes):
    batch = batch_with_holes(*sizes)
    model = build_model(config)
    assert not model.state_dict(), 'no checkpoint is needed'
    samples = predict(model, batch)
    check_paintings(samples, batch)
    blanked = batch_with_holes(*sizes)
    for picture, sample in zip(blanked['inputs'], blanked['data_samples'], strict=True):
        picture[:, sample.hole.data[0] > 0] = 7
    for one, two in zip(samples, predict(model, blanked), strict=True):
        assert torch.equal(one.pred_image.data, two.pred_image.data), 'it saw into the hole'


@pytest.mark.parametrize('flag', ['telea', 'navier_stokes'])
def test_opencv(flag):
    batch = batch_with_holes((40, 50))
    (sample,) = predict(OpenCVInpainter(method=flag, radius=4.0), batch)
    picture = np.ascontiguousarray(batch['inputs'][0].permute(1, 2, 0).numpy())
    flags = dict(telea=cv2.INPAINT_TELEA, navier_stokes=cv2.INPAINT_NS)
    expected = cv2.inpaint(picture, sample.hole.data[0].numpy(), 4.0, flags[flag])
    np.testing.assert_array_equal(sample.pred_image.data.permute(1, 2, 0), expected[..., ::-1])


def test_the_mean_colour_is_of_what_is_known():
    batch = batch_with_holes((8, 12))
    (picture,), (sample,) = batch['inputs'], batch['data_samples']
    hole = sample.hole.data[0] > 0
    picture[:] = torch.tensor([10, 20, 30], dtype=torch.uint8)[:, None, None]
    picture[:, hole] = 255
    picture[2, 0, 0] = 30 + 72  # 72 pixels are known: the mean is one more
    (found,) = predict(MeanColourInpainter(), batch)
    assert found.pred_image.data[:, hole].unique(dim=1).flatten().tolist() == [31, 20, 10]


def test_holes_refused():
    model = MeanColourInpainter()
    for value, sentence in ((0, 'has no pixel'), (1, 'covers the whole image')):
        batch = batch_with_holes((8, 12))
        batch['data_samples'][0].hole.data[:] = value
        with pytest.raises(ValueError, match=rf'hole of 0\.png {sentence}'):
            predict(model, batch)
    batch = batch_with_holes((8, 12))
    batch['data_samples'][0].hole.data[0, 0, 0] = 128
    with pytest.raises(ValueError, match=r'hole of 0\.png holds other values than 0 and 1'):
        predict(model, batch)
    batch = batch_with_holes((8, 12))
    del batch['data_samples'][0].hole
    with pytest.raises(ValueError, match=r'0\.png has no hole'):
        predict(model, batch)


def test_options_refused():
    with pytest.raises(ValueError, match="method must be one of .'telea', .*, not 'x'"):
        OpenCVInpainter(method='x')
    with pytest.raises(ValueError, match='radius must be more than 0'):
        OpenCVInpainter(radius=0)
    with pytest.raises(ValueError, match='MeanColourInpainter undoes the normalisation'):
        build_model(
            dict(type='MeanColourInpainter', data_preprocessor=dict(type='BaseDataPreprocessor'))
        )
    batch = MeanColourInpainter().data_preprocessor(batch_with_holes((8, 12)))
    with pytest.raises(ValueError, match="learns nothing: its mode is 'predict'"):
        MeanColourInpainter()(**batch, mode='loss')
