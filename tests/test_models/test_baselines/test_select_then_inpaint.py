"""Inpainters behind masks that they were not trained with: true ones, grown ones, found ones."""

from pathlib import Path

import pytest
import torch
from mmengine.model import BaseModule
from torch import Tensor

from seginpaint_mm.errors import CheckpointError
from seginpaint_mm.interop import mmagic  # noqa: F401 (registers GANLoss)
from seginpaint_mm.models.baselines import SelectThenInpaint
from seginpaint_mm.models.holes import grow_mask
from seginpaint_mm.registry import MODELS
from tests.helpers.maskopt_scenes import pairs, tiny_inpainter, tiny_selector
from tests.helpers.model_tester import build_model

SIZE = (64, 64)
TELEA = dict(type='OpenCVInpainter')


def predict(model: SelectThenInpaint) -> list:
    batch = model.data_preprocessor(pairs(2, SIZE))
    return model(**batch, mode='predict')


def build(**changes: object) -> SelectThenInpaint:
    return build_model(dict(type='SelectThenInpaint', inpainter=TELEA) | changes).eval()


def picture(number: int) -> torch.Tensor:
    """RGB, as the inpainter sees it."""
    return pairs(2, SIZE)['inputs'][number].flip(0)


@pytest.mark.parametrize('grow', [0, 3, -2])
def test_the_grown_true_mask_is_filled_and_nothing_else(grow: int) -> None:
    for number, sample in enumerate(predict(build(grow=grow))):
        truth = pairs(2, SIZE)['data_samples'][number].hole.data
        assert torch.equal(sample.hole.data, truth), 'results are sorted by it'
        mask = sample.pred_mask.data.bool()
        assert torch.equal(mask, grow_mask(truth[None].bool(), grow)[0])
        same = (sample.pred_image.data == picture(number)).all(dim=0, keepdim=True)
        assert same[~mask].all()
        assert not same[mask].all()


def test_what_vanishes_leaves_the_picture_as_it_is() -> None:
    model = build(grow=-40)
    for number, sample in enumerate(predict(model)):
        assert not sample.pred_mask.data.any()
        assert torch.equal(sample.pred_image.data, picture(number))


@MODELS.register_module()
class MovedSelector(BaseModule):
    """Finds the object five pixels to the right, and in the second image nothing."""

    def look(self, pictures: Tensor) -> tuple[Tensor, ...]:
        assert 0 <= pictures.min() < pictures.max() <= 1
        return (pictures,)

    def segments(self, pictures: Tensor, features: tuple[Tensor, ...], samples: list) -> list:
        return samples

    def select_by_overlap(self, found: list, holes: Tensor) -> tuple[Tensor, Tensor]:
        return holes.roll(5, dims=-1) * 0.6, torch.tensor([False, True])


def test_the_selected_mask_is_filled_and_grown() -> None:
    first, second = predict(build(selector=dict(type='MovedSelector'), grow=1))
    truth = pairs(2, SIZE)['data_samples'][0].hole.data[None].bool()
    assert torch.equal(first.pred_mask.data.bool(), grow_mask(truth.roll(5, dims=-1), 1)[0])
    assert torch.equal(first.hole.data.bool(), truth[0])
    assert not torch.equal(first.pred_image.data, picture(0))
    assert not second.pred_mask.data.any()
    assert torch.equal(second.pred_image.data, picture(1))


def test_parts_are_taken_from_their_trainings(tmp_path: Path) -> None:
    inpainter = tiny_inpainter(segmentation=None, image=None)
    trained = build(selector=tiny_selector(), inpainter=inpainter)
    assert list(trained.generators()) == ['selector', 'edge']
    states = dict(selector=trained.state_dict(), edge=trained.inpainter.state_dict())
    for name, state in states.items():
        torch.save(dict(state_dict=state), tmp_path / f'{name}.pth')
    checkpoints = {name: str(tmp_path / f'{name}.pth') for name in states}
    torch.manual_seed(1)
    model = build(selector=tiny_selector(), inpainter=inpainter, part_checkpoints=checkpoints)
    model.init_weights()
    for name, part in model.generators().items():
        for key, value in trained.generators()[name].state_dict().items():
            assert torch.equal(part.state_dict()[key], value), key
    assert build().generators() == {}, 'nothing to load'
    with pytest.raises(CheckpointError, match='gone.pth does not exist'):
        build(selector=tiny_selector(), part_checkpoints=dict(selector='gone.pth'))


def test_it_learns_nothing() -> None:
    with pytest.raises(ValueError, match="its mode is 'predict'"):
        build()(torch.zeros(1, 3, *SIZE), [], mode='loss')
