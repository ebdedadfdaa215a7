"""Models for inference: their weights, the steps for images without truth, names of classes."""

import re
from pathlib import Path

import mmseg.datasets.transforms
import numpy as np
import pytest
import torch
from mmcv.transforms import BaseTransform, Compose
from mmengine.config import Config
from mmengine.registry import DefaultScope

from seginpaint_mm.apis import SegInpaintInferencer
from seginpaint_mm.apis import model_loading as trained_model
from seginpaint_mm.apis.model_loading import build_model, dataset_meta, inference_pipeline
from seginpaint_mm.errors import CheckpointError, ConfigError, UserError
from seginpaint_mm.registry import TRANSFORMS
from seginpaint_mm.utils.files import write_json
from tests.helpers.maskopt_scenes import tiny_inpainter, tiny_selector
from tests.helpers.model_tester import build_model as built
from tests.helpers.segan_scenes import tiny_segan
from tests.helpers.tool_runs import REPOSITORY

CONFIGS = sorted(
    path for path in (REPOSITORY / 'configs').glob('*/*.py') if '_base_' not in path.parts
)
TELEA = dict(type='OpenCVInpainter', method='telea')
IMAGE = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)


def config(model: dict, **dataset: object) -> Config:
    dataset = dict(type='PairsDataset', data_root='nowhere', pipeline=[]) | dataset
    return Config(dict(model=model, test_dataloader=dict(dataset=dataset), test_cfg=dict()))


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    texts = []
    monkeypatch.setattr(trained_model, 'print_log', lambda text, **_: texts.append(text))
    return texts


def test_weights_that_init_cfg_names(tmp_path: Path, logged: list[str]) -> None:
    """Of a published detector behind an inpainter, which needs no training."""
    selector = tiny_selector()
    trained = built(selector).detector
    with torch.no_grad():
        for weight in trained.parameters():
            weight.add_(0.1)
    torch.save(dict(state_dict=trained.state_dict()), tmp_path / 'detector.pth')
    init_cfg = dict(type='Pretrained', checkpoint=str(tmp_path / 'detector.pth'))
    named = {**selector, 'detector': {**selector['detector'], 'init_cfg': init_cfg}}
    model = dict(type='SelectThenInpaint', inpainter=TELEA, selector=named)
    found = build_model(config(model), None).selector.detector.state_dict()
    assert all(torch.equal(found[name], value) for name, value in trained.state_dict().items())
    assert logged == []
    init_cfg['checkpoint'] = str(tmp_path / 'absent.pth')
    with pytest.raises(CheckpointError, match=r'absent\.pth does not exist'):
        build_model(config(model), None)


def test_a_backbone_alone_is_no_trained_model(tmp_path: Path, logged: list[str]) -> None:
    cfg = Config.fromfile(REPOSITORY / 'configs/mpi/pspnet_r18_shared_street.py')
    cfg.model.foreground_backbone = None
    backbone = built(cfg.model).backbone
    torch.save(dict(state_dict=backbone.state_dict()), tmp_path / 'backbone.pth')
    init_cfg = dict(type='Pretrained', checkpoint=str(tmp_path / 'backbone.pth'))
    cfg.model.backbone.init_cfg = init_cfg
    model = build_model(cfg, None)
    assert torch.equal(model.backbone.conv1.weight, backbone.conv1.weight)
    (warning,) = logged
    assert 'No checkpoint is given: the model is untrained' in warning
    assert 'background_head' in warning
    assert 'backbone,' not in warning
    logged.clear()
    init_cfg['checkpoint'] = str(tmp_path / 'absent.pth')
    cfg.model.backbone.init_cfg = init_cfg
    build_model(cfg, None)  # random in any case
    assert 'absent.pth does not exist' in logged[0]


@pytest.mark.parametrize('parts', [['segmentor'], ['generator']])
def test_parts_without_a_checkpoint_are_told(tmp_path: Path, parts: list[str]) -> None:
    torch.save(dict(state_dict=built(tiny_segan()).state_dict()), tmp_path / 'a.pth')
    named = dict.fromkeys(parts, str(tmp_path / 'a.pth'))
    other = ({'segmentor', 'generator'} - set(parts)).pop()
    cfg = config(tiny_segan(part_checkpoints=named))
    with pytest.raises(ConfigError, match=f'names {parts[0]}, but none of {other}, which would'):
        build_model(cfg, None)
    named[other] = named[parts[0]]
    build_model(config(tiny_segan(part_checkpoints=named)), None)


def test_frozen_parts_are_needed_and_discriminators_are_not(tmp_path: Path) -> None:
    model = tiny_inpainter(frozen_parts=('edge', 'edge_discriminator'))
    torch.save(dict(state_dict=built(model).state_dict()), tmp_path / 'a.pth')
    stages = [name for name in ('edge', 'segmentation', 'image') if model.get(name)]
    named = dict.fromkeys(stages, str(tmp_path / 'a.pth'))
    build_model(config({**model, 'part_checkpoints': named}), None)
    del named['edge']
    with pytest.raises(ConfigError, match='but none of edge, which would be random'):
        build_model(config({**model, 'part_checkpoints': named}), None)


def one_for_each_data_set() -> list[Path]:
    """A config of each method for each data set; the others of a data set differ in their model."""
    found = {}
    for path in CONFIGS:
        for base in re.findall(r'_base_/datasets/\w+', path.read_text()):
            found.setdefault((path.parent.name, base), path)
    return sorted(set(found.values()))


def test_every_data_set_s_config_takes_an_image_without_truth() -> None:
    """The pipeline only; those that occur in many configs once."""
    tried = set()
    for path in one_for_each_data_set():
        cfg = Config.fromfile(path)
        if cfg.get('test_dataloader') is None:
            continue
        steps = inference_pipeline(cfg)
        if str(steps) in tried:
            continue
        tried.add(str(steps))
        assert steps[-1]['type'] == 'PackScene', path
        view = dict(img=IMAGE, img_path='a.png', img_shape=(48, 64), ori_shape=(48, 64))
        masks = np.zeros((2, 48, 64), bool)
        masks[0, 5:20, 5:30], masks[1, 25:40, 30:60] = True, True
        view |= dict(gt_visible_masks=masks, gt_input_masks=masks, gt_labels=np.zeros(2, int))
        if 'FrameObjects' not in str(steps):
            view = {name: value for name, value in view.items() if not name.startswith('gt_')}
        with DefaultScope.overwrite_default_scope('seginpaint_mm'):
            packed = Compose([TRANSFORMS.build(step) for step in steps])(view)
        assert packed['inputs'].ndim == 3, path
    assert len(tried) > 5


def test_a_config_that_tests_by_pasting_predicts() -> None:
    path = REPOSITORY / 'configs/mpi/pspnet_r18_camvid.py'
    inferencer = SegInpaintInferencer(path, device='cpu', show_progress=False)
    results = inferencer(IMAGE)
    assert results['failures'] == []
    assert results['predictions'][0].pred_background.data.shape == (1, 48, 64)


class Noise(BaseTransform):
    """A user's own, which says nothing."""

    def transform(self, results: dict) -> dict:
        return results


class Truth(Noise):
    needs_truth = True


class LoadSomething(Noise):
    pass


class Annotations(mmseg.datasets.transforms.LoadAnnotations):
    pass


@pytest.mark.parametrize(
    ('kind', 'is_left_out'),
    [
        ('LoadSceneImage', True),
        ('PasteForeground', True),
        ('CropAppearances', True),
        ('CentreHole', True),
        ('mmseg.LoadAnnotations', True),
        ('mmdet.FilterAnnotations', True),
        (Truth, True),
        (LoadSomething, True),
        (Annotations, True),
        ('mmseg.Resize', False),
        ('Pad', False),
        ('PackScene', False),
        ('GrowBoxes', False),
        (Noise, False),
    ],
)
def test_steps_are_left_out_by_what_they_declare(kind: str | type, is_left_out: bool) -> None:
    import mmdet.datasets  # registers its transforms

    assert mmdet.datasets
    cfg = config(TELEA, pipeline=[dict(type=kind), dict(type='PackScene')])
    assert len(inference_pipeline(cfg)) == 2 - is_left_out


def test_classes_that_the_config_leaves_to_the_files(tmp_path: Path, logged: list[str]) -> None:
    """In the checkpoint, or else in the files, or else nowhere."""
    files = dict(data_root=str(tmp_path), ann_file='a.json', image_folder='.', classes=None)
    cfg = config(TELEA, type='CocoInstanceDataset', **files)
    with pytest.raises(UserError, match='leaves the names of the classes to the files'):
        dataset_meta(cfg)
    remembered = dict(classes=('background', 'cat'), palette=[[0, 0, 0], [9, 9, 9]], thing_ids=(1,))
    model = built(TELEA)
    model.dataset_meta = remembered
    assert dataset_meta(cfg, model) == remembered
    categories = [dict(id=7, name='dog'), dict(id=9, name='cow')]
    images = [dict(id=1, file_name='a.png', height=4, width=4)]
    square = [[0, 0, 3, 0, 3, 3, 0, 3]]
    annotations = [dict(id=1, image_id=1, category_id=7, segmentation=square, iscrowd=0)]
    content = dict(images=images, annotations=annotations, categories=categories)
    write_json(tmp_path / 'a.json', content)
    assert dataset_meta(cfg)['classes'] == ('background', 'dog', 'cow')
    assert dataset_meta(cfg)['thing_ids'] == (1, 2)


def test_a_checkpoint_says_what_its_classes_were(tmp_path: Path) -> None:
    path = REPOSITORY / 'configs/mpi/pspnet_r18_shared_street.py'
    cfg = Config.fromfile(path)
    meta = dict(dataset_meta=dict(classes=('a', 'b')), epoch=1)
    torch.save(dict(state_dict=built(cfg.model).state_dict(), meta=meta), tmp_path / 'a.pth')
    assert build_model(cfg, str(tmp_path / 'a.pth')).dataset_meta == dict(classes=('a', 'b'))
