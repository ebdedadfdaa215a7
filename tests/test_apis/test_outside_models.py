"""Models from outside the package run through every task of ``infer``: no list names ours."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from seginpaint_mm.commands import infer

SIZE = (40, 60)
MODULE = '''
"""Nothing here but PyTorch, MMEngine and the registry."""

import torch
from mmengine.model import BaseModel
from mmengine.structures import InstanceData, PixelData

from seginpaint_mm.registry import MODELS


class Outside(BaseModel):
    def __init__(self):
        super().__init__(MODELS.build(dict(type='SceneDataPreprocessor')))

    def forward(self, inputs, data_samples=None, mode='predict'):
        for image, sample in zip(inputs, data_samples):
            self.predict_one(image, sample)
        return data_samples


@MODELS.register_module()
class OutsideInpainter(Outside):
    task = 'fill'

    def check_size(self, height, width):
        if width > 100:
            raise ValueError(f'{width} pixels are too wide for this inpainter: reduce the image.')

    def predict_one(self, image, sample):
        green = torch.zeros(3, *image.shape[-2:], dtype=torch.uint8)
        green[1] = 255
        sample.pred_image = PixelData(data=green)


@MODELS.register_module()
class OutsideSegmentor(Outside):
    def predict_one(self, image, sample):
        ids = torch.zeros(1, *image.shape[-2:], dtype=torch.int64)
        ids[..., image.shape[-1] // 2 :] = 1
        sample.pred_sem_seg = PixelData(data=ids)


@MODELS.register_module()
class OutsideCompleter(Outside):
    """Every object is the whole of its box."""

    task = 'complete'

    def predict_one(self, image, sample):
        given = sample.gt_instances
        full = torch.zeros_like(given.input_masks)
        for mask, box in zip(full, given.bboxes.int().tolist()):
            mask[box[1] : box[3], box[0] : box[2]] = True
        number = len(full)
        sample.pred_instances = InstanceData(
            masks=given.input_masks,
            full_masks=full,
            full_probs=torch.ones(number, 8, 8),
            grown_boxes=given.bboxes,
            labels=torch.zeros(number, dtype=torch.int64),
            scores=torch.ones(number),
        )


@MODELS.register_module()
class OutsideUnfit(OutsideInpainter):
    def objection(self):
        return 'This one paints true edges alone: give another.'


@MODELS.register_module()
class OutsideTypo(Outside):
    task = 'paint'
'''
CONFIG = """
custom_imports = dict(imports=['models_from_outside'], allow_failed_imports=False)
default_scope = 'seginpaint_mm'
model = dict(type={model!r})
test_dataloader = dict(
    dataset=dict(
        type={dataset!r}, data_root='nowhere', {more}pipeline=[dict(type='PackScene')]
    )
)
test_evaluator = dict(type='InpaintingQualityMetric')
test_cfg = dict(type='TestLoop')
"""
DATASETS = {'OutsideCompleter': ('DYCEDataset', "split='test', ")}


@pytest.fixture(scope='module', autouse=True)
def folder(tmp_path_factory: pytest.TempPathFactory):
    """A folder with the module, an image of noise and a mask of a triangle; it can be imported."""
    path = tmp_path_factory.mktemp('outside')
    (path / 'models_from_outside.py').write_text(MODULE)
    cv2.imwrite(str(path / 'image.png'), image())
    cv2.imwrite(str(path / 'mask.png'), triangle().astype(np.uint8) * 255)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(path)
        yield path


def image() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (*SIZE, 3), np.uint8)


def triangle() -> np.ndarray:
    return cv2.fillConvexPoly(
        np.zeros(SIZE, np.uint8), np.array([(10, 5), (40, 5), (10, 30)]), 1
    ).astype(bool)


def run(folder: Path, model: str, *arguments: str, image: str = 'image.png') -> Path:
    """Run ``infer`` on an image with a model, and return the folder of results."""
    config, out = folder / f'{model}.py', folder / 'out'
    dataset, more = DATASETS.get(model, ('CityscapesLabelDataset', ''))
    config.write_text(CONFIG.format(model=model, dataset=dataset, more=more))
    named = ('--config', str(config), '--device', 'cpu', '--out-dir', str(out))
    infer.main([str(folder / image), *named, *arguments])
    return out / 'pred'


@pytest.mark.parametrize('options', ['fill', 'remove --feather 0'])
def test_an_inpainter_fills_and_removes(folder: Path, options: str) -> None:
    mask = str(folder / 'mask.png')
    pred = run(folder, 'OutsideInpainter', '--task', *options.split(), '--masks', mask)
    painted = cv2.imread(str(pred / 'image' / 'image.png'))
    np.testing.assert_array_equal(painted[~triangle()], image()[~triangle()])
    assert (painted[triangle()] == (0, 255, 0)).all()


def test_a_segmentor_predicts(folder: Path) -> None:
    ids = cv2.imread(str(run(folder, 'OutsideSegmentor') / 'sem_seg' / 'image.png'), -1)
    np.testing.assert_array_equal(ids, np.repeat([0, 1], SIZE[1] // 2)[None].repeat(SIZE[0], 0))


def test_an_amodal_model_completes(folder: Path) -> None:
    pred = run(folder, 'OutsideCompleter', '--masks', str(folder / 'mask.png'))
    full = cv2.imread(str(pred / 'full_masks' / 'image' / '001.png'), -1)
    box = np.zeros(SIZE, np.uint8)
    box[5:31, 10:41] = 255
    np.testing.assert_array_equal(full, box)


def test_a_model_says_what_it_cannot_do(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each in one sentence: a size, how it is built, an unknown task, a task of other models."""
    cv2.imwrite(str(folder / 'wide.png'), np.zeros((20, 101, 3), np.uint8))
    mask = np.zeros((20, 101), np.uint8)
    mask[5:9, 5:9] = 255
    cv2.imwrite(str(folder / 'wide_mask.png'), mask)
    wide = ['--masks', str(folder / 'wide_mask.png')]
    for model, arguments, sentence in (
        ('OutsideInpainter', wide, '101 pixels are too wide for this inpainter'),
        ('OutsideUnfit', [], 'error: This one paints true edges alone: give another.'),
        ('OutsideTypo', [], "error: OutsideTypo.task is 'paint': use 'fill', 'remove', 'compl"),
        ('OutsideSegmentor', ['--task', 'fill'], "OutsideSegmentor is for predict, not for 'fill"),
    ):
        with pytest.raises(SystemExit):
            run(folder, model, *arguments, image='wide.png' if arguments is wide else 'image.png')
        assert sentence in capsys.readouterr().err
