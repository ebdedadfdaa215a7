"""Numbers of classes that do not fit the data set, in each method, before anything runs."""

from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from torch import nn

from seginpaint_mm.engine.hooks import ClassCountHook
from seginpaint_mm.errors import ConfigError
from seginpaint_mm.registry import MODELS
from tests.helpers.dataset_folders import picture, write_map
from tests.helpers.tiny_run import REPOSITORY, tiny_config, write_tiny_street
from tests.helpers.tool_runs import run_here

STREET = dict(classes=tuple(f'c{k}' for k in range(19)), thing_ids=tuple(range(11, 19)))


@pytest.fixture(autouse=True, scope='module')
def scope() -> None:
    DefaultScope.get_instance('class_counts', scope_name='seginpaint_mm')


def built(config: str, **changes: object) -> nn.Module:
    """The model of a shipped config, without memory for its weights, nor their normalisation."""
    cfg = Config.fromfile(REPOSITORY / 'configs' / config)
    cfg.merge_from_dict({f'model.{key}': value for key, value in changes.items()})
    normalised = 'torch.nn.utils.parametrizations.spectral_norm'
    with torch.device('meta'), mock.patch(normalised, lambda layer: layer):
        return MODELS.build(cfg.model)


def check(model: nn.Module, metainfo: dict, when: str = 'before_test') -> None:
    loader = SimpleNamespace(dataset=SimpleNamespace(metainfo=metainfo))
    loop = SimpleNamespace(dataloader=loader)
    runner = SimpleNamespace(
        model=model, train_dataloader=loader, test_dataloader=loader, val_loop=loop
    )
    getattr(ClassCountHook(), when)(runner)


# Config -> the classes that it fits, a change, and the sentence about what no longer fits.
METHODS = {
    'mpi/pspnet_r18_street.py': (
        dict(classes=('road', 'sidewalk', 'other')),
        {'background_head.num_classes': 5},
        'model.background_head.num_classes is 5, but .* 3 classes .* set it to 3',
    ),
    'mpi/mmseg_fcn_r18_mpi_street.py': (
        dict(classes=('road', 'sidewalk', 'other')),
        {'decode_head.num_classes': 5},
        'model.decode_head.num_classes is 5, but .* 3 classes',
    ),
    'fcrn/fcrn_r18_street.py': (
        STREET,
        {'decode_head.num_classes': 5},
        'model.decode_head.num_classes is 5, but .* 19 classes',
    ),
    'fcrn/localizer_r18_street.py': (
        STREET,
        {'semantic.num_classes': 30},
        'model.semantic.num_classes is 30, but .* set it to 19',
    ),
    'fcrn/hough_r18_shared_street.py': (
        STREET,
        {'semantic.decode_head.num_classes': 30},
        'model.semantic.decode_head.num_classes is 30, but',
    ),
    'fcrn/hough_r18_street.py': (
        STREET,
        {'instance_head.thing_ids': tuple(range(8))},
        r'model.instance_head.thing_ids is \(0, 1, .* but .*\(thing_ids 11, 12, ... 18\)',
    ),
    'sgenet/sgenet_small_street.py': (
        dict(classes=('c',) * 20),
        {'generator.decoder.num_classes': 5},
        'model.generator.decoder.num_classes is 5, but .* 20 classes',
    ),
    'sgenet/spgnet_small-fcrn_street.py': (
        dict(classes=('c',) * 20),
        {'segmentor.decode_head.num_classes': 21},
        'model.segmentor.decode_head.num_classes is 21, but .* set it to at most 20',
    ),
    'maskopt/edgeconnect_small_street.py': (STREET, {}, ''),
    'maskopt/object-remover_small_street.py': (
        STREET,
        {'selector.class_ids': (*range(8), *range(8, 19))},
        r'model.selector.class_ids\[:8\] is \(0, 1, .* but .*thing_ids 11, 12',
    ),
}


@pytest.mark.parametrize('config', METHODS)
def test_each_method_says_which_numbers_do_not_fit(config: str) -> None:
    metainfo, change, message = METHODS[config]
    model = built(config)
    for when in ('before_train', 'before_val', 'before_test'):
        check(model, metainfo, when)
    if not change:
        return
    model = built(config, **change)
    for when in ('before_train', 'before_val', 'before_test'):
        with pytest.raises(ConfigError, match=message):
            check(model, metainfo, when)


def test_other_networks() -> None:
    """EdgeConnect's segmentation stage, SPG-Net, and a detector of mmdet alone."""
    config = 'maskopt/segmentation_small_street.py'
    with pytest.raises(ConfigError, match=r'model\.segmentation\.num_classes is 19, but .* 3 cla'):
        check(built(config), dict(classes=('a', 'b', 'c')))
    with pytest.raises(ConfigError, match=r'model\.num_classes is 20, but .* 3 classes'):
        check(built('sgenet/spgnet_small_street.py'), dict(classes=('a', 'b', 'c')))
    remover = built('maskopt/object-remover_small_coco-tiny.py')
    with pytest.raises(ConfigError, match=r'model\.roi_head\.bbox_head\.num_classes is 80 and mod'):
        check(remover.selector.detector, STREET)
    check(remover.selector.detector, dict(classes=('c',) * 80))  # mmdet's data sets: things alone
    check(nn.Linear(1, 1), STREET)
    check(remover.selector.detector, {})


def test_scores_of_another_class_list_are_no_fault() -> None:
    """VOC's scores find COCO's persons: 15 is the network's, 1 the data set's."""
    model = built('fcrn/hough_r18_coco-persons.py')
    check(model, dict(classes=('background', 'person'), thing_ids=(1,)))
    with pytest.raises(ConfigError, match=r'localization_head\.num_things is 1, but .* 2 of them'):
        check(model, dict(classes=('background', 'person', 'dog'), thing_ids=(1, 2)))


def test_the_natural_first_config_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The localiser of Cityscapes' things on a folder of persons trained to 0.0 in silence."""
    for name in 'abcd':
        write_map(tmp_path / f'images/{name}.jpg', picture())
        mask = (picture()[..., 0] > 0).astype('uint8')
        write_map(tmp_path / f'masks/{name}.png', mask)
    config = tmp_path / 'own.py'
    bases = ('models/localizer_r18', 'datasets/voc_instance_small', 'schedules/adam_short')
    paths = [str(REPOSITORY / f'configs/_base_/{name}.py') for name in bases]
    paths.append(str(REPOSITORY / 'configs/_base_/default_runtime.py'))
    folder = dict(
        _delete_=True,
        type='FolderInstanceDataset',
        class_name='person',
        data_root=str(tmp_path),
        image_folder='images',
        mask_file='masks/{name}.png',
        indices=4,
    )
    loader = dict(num_workers=0, persistent_workers=False)
    config.write_text(
        f'_base_ = {paths}\nfolder = dict(**{folder}, pipeline=_base_.test_pipeline)\n'
        f'train_dataloader = dict(**{loader}, dataset=folder)\n'
        f'val_dataloader = train_dataloader\ntest_dataloader = val_dataloader\n'
    )
    with pytest.raises(SystemExit):
        run_here('train', config, '--work-dir', tmp_path / 'run')
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith('error: model.')
    for part in (
        'model.semantic.num_classes is 19',
        'model.localization_head.num_things is 8',
        'model.instance_head.thing_ids is (11, 12, 13, 14, 15, 16, 17, 18)',
        'FolderInstanceDataset has 2 classes (background to person), 1 of them with objects',
        'model.localization_head.num_things to 1',
        'model.instance_head.thing_ids to (1,)',
    ):
        assert part in error


@pytest.mark.parametrize('iterations', [False, True])
def test_too_few_images_for_a_batch(
    iterations: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    street = write_tiny_street(tmp_path / 'street', num_train=2)
    config = tiny_config(tmp_path, street)
    options = ['train_dataloader.batch_size=16', 'train_dataloader.drop_last=True']
    if iterations:
        rate = dict(type='PolyLR', power=0.9, by_epoch=True, convert_to_iter_based=True)
        config.write_text(f'{config.read_text()}\nparam_scheduler = [{rate}]\n')
    with pytest.raises(SystemExit):
        run_here('train', config, '--work-dir', tmp_path / 'run', '--cfg-options', *options)
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith('error: There is no batch to train on')
    assert 'drop_last=False' in error
    if not iterations:
        assert 'of 2 images' in error
        assert 'batch_size=16' in error
