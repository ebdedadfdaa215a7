"""One start from ImageNet for every backbone of a model, each by its own depth."""

import logging
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config
from mmseg.models.backbones import ResNet
from torch import nn
from torchvision.models import resnet18

from seginpaint_mm.engine.hooks import PretrainedHook
from seginpaint_mm.errors import CheckpointError
from seginpaint_mm.models.backbones import file_depths, find_resnets, load_pretrained
from tests.helpers.model_tester import build_model
from tests.helpers.tool_runs import REPOSITORY


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of a ResNet-18, and the names of a ResNet-34."""
    folder = tmp_path_factory.mktemp('weights')
    torch.manual_seed(1)
    torch.save(resnet18().state_dict(), folder / 'resnet18.pth')
    with torch.device('meta'):
        names = ResNet(34).state_dict()
    torch.save({name: torch.zeros(1) for name in names}, folder / 'resnet34.pth')
    return folder


def train_with(model: nn.Module, **cfg: object) -> list[str]:
    """What the hook logs as warnings before a training."""
    logger, records = logging.Logger('test'), []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: records.append(record.getMessage())
    logger.addHandler(handler)
    config = Config(dict(model=dict(part_checkpoints=cfg.pop('part_checkpoints', None)), **cfg))
    PretrainedHook().before_train(SimpleNamespace(model=model, cfg=config, logger=logger))
    return records


def small(name: str, **changes: object) -> nn.Module:
    """A network of the paper without its large heads."""
    folder = 'mpi' if name.endswith('_cityscapes') else '_base_/models'
    cfg = Config.fromfile(REPOSITORY / 'configs' / folder / f'{name}.py').model
    cfg.background_head.update(psp_channels=8, up_channels=(8, 8, 8))
    cfg.update(changes)
    return build_model(cfg)


@pytest.mark.parametrize('name', ['pspnet_r18', 'two_stage_r18'])
def test_every_backbone_starts_from_the_file(name: str, folder: Path) -> None:
    model = small(name)
    assert train_with(model, pretrained=f'{folder}/resnet{{depth}}.pth') == []
    weights = torch.load(folder / 'resnet18.pth')
    resnets = find_resnets(model)
    assert list(resnets) == ['backbone', 'foreground_backbone']
    for resnet in resnets.values():
        for key, value in resnet.state_dict().items():
            assert torch.equal(value, weights[key]), key


def test_a_file_of_another_depth_is_an_error(folder: Path) -> None:
    model = small('pspnet_r18', backbone=dict(type='StagedResNet', depth=34))
    with pytest.raises(
        CheckpointError, match=r'resnet18.pth is of a ResNet-18, but model.backbone'
    ):
        train_with(model, pretrained=f'{folder}/resnet18.pth')
    with pytest.raises(CheckpointError, match='model.foreground_backbone is a ResNet-18'):
        load_pretrained(model.foreground_backbone, 'foreground_backbone', f'{folder}/resnet34.pth')
    model.backbone.init_cfg = dict(type='Pretrained', checkpoint=f'{folder}/resnet18.pth')
    with pytest.raises(CheckpointError, match='model.backbone is a ResNet-34'):
        train_with(model)


def test_other_files_are_refused(tmp_path: Path) -> None:
    torch.save({'layer1.0.weight': torch.zeros(1)}, tmp_path / 'other.pth')
    with pytest.raises(CheckpointError, match='holds no ResNet'):
        load_pretrained(ResNet(18), 'backbone', str(tmp_path / 'other.pth'))
    assert file_depths({}) == []


def test_random_weights_of_a_papers_config_are_warned_of() -> None:
    model = small('pspnet_r18_true-mask_cityscapes')
    (warning,) = train_with(model, pretrained=None)
    assert warning.startswith('model.backbone: RANDOM WEIGHTS')
    assert train_with(model) == []


def test_what_is_trained_already_is_left_alone(folder: Path) -> None:
    model, file = small('pspnet_r18_true-mask_cityscapes'), f'{folder}/resnet18.pth'
    before = model.backbone.conv1.weight.clone()
    assert train_with(model, pretrained=file, resume=True) == []
    assert train_with(model, pretrained=file, load_from='epoch_1.pth') == []
    assert train_with(model, pretrained=file, part_checkpoints=dict(backbone='epoch_1.pth')) == []
    of_a_model = dict(type='Pretrained', checkpoint='epoch_1.pth', prefix='backbone.')
    model.backbone.init_cfg = of_a_model  # as fcrn_r101_coco_sbd_bs starts from COCO
    assert train_with(model, pretrained=file) == []
    assert torch.equal(model.backbone.conv1.weight, before)


def test_tensors_that_the_file_lacks_are_named(folder: Path, tmp_path: Path) -> None:
    weights = torch.load(folder / 'resnet18.pth')
    weights = {key: value for key, value in weights.items() if not key.startswith('layer4.1')}
    torch.save(weights, tmp_path / 'partial.pth')
    (warning,) = train_with(
        small('pspnet_r18_true-mask_cityscapes'), pretrained=f'{tmp_path}/partial.pth'
    )
    assert 'lacks 10 of its tensors (first: layer4.1.conv1.weight)' in warning


def test_the_dilated_network_of_fcrn_is_the_undilated_one_sampled_densely() -> None:
    """The hole algorithm (Sec. 2.3), with torchvision's strides."""
    cfg = Config.fromfile(REPOSITORY / 'configs/_base_/models/fcrn_r50.py').model.backbone
    assert cfg.pop('type') == 'mmseg.ResNet'
    narrow = dict(base_channels=4, stem_channels=4)
    dilated = ResNet(**cfg, **narrow)
    plain = ResNet(depth=50, style='pytorch', **narrow)
    for network in (dilated, plain):
        network.eval()
    plain.load_state_dict(dilated.state_dict())
    images = torch.randn(1, 3, 128, 96)
    with torch.no_grad():
        dense, sampled = dilated(images), plain(images)
    torch.testing.assert_close(dense[2][..., ::2, ::2], sampled[2])
    torch.testing.assert_close(dense[3][..., ::4, ::4], sampled[3])
