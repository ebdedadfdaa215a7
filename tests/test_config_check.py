"""Wrong configs are told with path and nearest match; sound ones raise no false alarm."""

import copy
import logging
from collections.abc import Sequence

import pytest
import torch
from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.registry import MODELS as MMENGINE_MODELS

from seginpaint_mm.config_check import check_config, located_error, unused_custom_keys
from seginpaint_mm.config_check.signatures import accepted_arguments, fits, wrong_types
from seginpaint_mm.engine.hooks import LastEpochsMeanHook
from seginpaint_mm.errors import ConfigError
from seginpaint_mm.models.losses import ClassWeightedCrossEntropyLoss
from tests.helpers.tool_runs import REPOSITORY


@pytest.fixture(scope='module')
def sound() -> Config:
    return Config.fromfile(REPOSITORY / 'configs/mpi/pspnet_r18_cityscapes.py')


def test_warnings_are_logged_afterwards() -> None:
    """A selector's detector is looked for in several registries, of which nothing is told."""
    check_config(Config.fromfile(REPOSITORY / 'configs/maskopt/telea-panoptic_street.py'))
    assert MMLogger.get_current_instance().isEnabledFor(logging.WARNING)


WRONG = [
    ('model.neck.fil', 'zero', "MPINeck takes no 'fil'; did you mean 'fill'?"),
    ('model.neck.type', 'MPINec', "there is no model 'MPINec'; did you mean 'MPINeck'?"),
    (
        'model.background_head.type',
        'PSPHead',
        "there is no model 'PSPHead'; did you mean 'mmseg.PSPHead'?",
    ),
    (
        'model.background_head.type',
        'mmsgg.PSPHead',
        "there is no model 'mmsgg.PSPHead'; did you mean 'mmseg.PSPHead'?",
    ),
    ('model.neck.num_rectangles', '3', "MPINeck takes int here, not '3'."),
    (
        'train_dataloader.dataset.pipeline.0.type',
        'LoadSceneImages',
        "there is no transform 'LoadSceneImages'; did you mean 'LoadSceneImage'?",
    ),
    (
        'train_dataloader.dataset.data_rot',
        'data',
        "CityscapesSceneDataset takes no 'data_rot'; did you mean 'data_root'?",
    ),
    (
        'train_dataloader.sampler.suffle',
        True,
        "DefaultSampler takes no 'suffle'; did you mean 'shuffle'?",
    ),
    (
        'val_dataloader.batchsize',
        2,
        "val_dataloader takes no 'batchsize'; did you mean 'batch_size'?",
    ),
    (
        'optim_wrapper.optimizer.weigth_decay',
        0.1,
        "Adam takes no 'weigth_decay'; did you mean 'weight_decay'?",
    ),
    ('param_scheduler.0.gama', 0.1, "StepLR takes no 'gama'; did you mean 'gamma'?"),
    (
        'train_cfg.max_epoch',
        3,
        "EpochBasedTrainLoop takes no 'max_epoch'; did you mean 'max_epochs'?",
    ),
    (
        'default_hooks.checkpoint.intervall',
        3,
        "AtomicCheckpointHook takes no 'intervall'; did you mean 'interval'?",
    ),
    (
        'env_cfg.cudnn_benchmarks',
        True,
        "env_cfg takes no 'cudnn_benchmarks'; did you mean 'cudnn_benchmark'?",
    ),
    (
        'optim_wrapper.clip_grad',
        {'max_nrm': 1, 'max_norm': 1},
        "clip_grad takes no 'max_nrm'; did you mean 'max_norm'?",
    ),
    (
        'optim_wrapper.paramwise_cfg',
        {'norm_decay_mul': 0.0},
        "paramwise_cfg takes no 'norm_decay_mul'; did you mean 'norm_decay_mult'?",
    ),
    (
        'optim_wrapper.paramwise_cfg.custom_keys.backbone',
        {'lr_mul': 0.1},
        "a parameter group takes no 'lr_mul'; did you mean 'lr_mult'?",
    ),
    ('optim_wrapper.accumulative_counts', 0, 'must be a whole number from 1, not 0.'),
    (
        'optim_wrapper.optimizer.lr',
        float('nan'),
        'must be a finite number from 0, not nan.',
    ),
    (
        'optim_wrapper.optimizer.weight_decay',
        -0.1,
        'must be a finite number from 0, not -0.1.',
    ),
    (
        'model.data_preprocessor.std',
        [0.0, 57.12, 57.375],
        'takes a finite number above 0 for each channel, not 0.0.',
    ),
    (
        'model.data_preprocessor.mean',
        [float('inf')] * 3,
        'takes a finite number for each channel, not inf.',
    ),
    ('train_cfg.val_interval', 0, 'must be a whole number from 1, not 0.'),
    ('train_cfg.max_epochs', 2.5, 'must be a whole number from 1, not 2.5.'),
    ('train_cfg.val_begin', -1, 'must be a whole number from 0, not -1.'),
    ('optim_wraper', {}, "nothing reads this key; did you mean 'optim_wrapper'?"),
    ('default_scope', 'seginpant_mm', "there is no package 'seginpant_mm'; use seginpaint_mm."),
]


@pytest.mark.parametrize(
    ('key', 'value', 'sentence'), WRONG, ids=lambda v: v if '.' in str(v) else ''
)
def test_wrong_configs(sound: Config, key: str, value: object, sentence: str) -> None:
    cfg = copy.deepcopy(sound)
    cfg.merge_from_dict({key: value})
    with pytest.raises(ConfigError) as error:
        check_config(cfg)
    path = next((f'{key}.{name}' for name in _dict(value) if f'no {name!r}' in sentence), key)
    assert str(error.value) == f'{path}: {sentence}'


LATE = [
    ('default_hooks.checkpoint.priority', 'HIGH_'),
    ('default_hooks.chekpoint', {'interval': 1}),
    ('custom_hooks', [{'type': 'EMAHook', 'momentun': 0.1}]),
    ('custom_hooks', [{'type': 'EMAHook', 'ema_type': 'ExpMomentumEMB'}]),
    ('param_scheduler', 'PolyLR'),
    ('param_scheduler', {'generator': [{'type': 'PolyLR'}]}),
    ('param_scheduler', [{'type': 'StepLR', 'step_size': 0}]),
    ('param_scheduler', [{'type': 'CosineAnnealingLR', 'T_max': 0}]),
    ('param_scheduler', [{'type': 'MultiStepLR', 'milestones': 3}]),
    ('param_scheduler', [{'type': 'MultiStepLR', 'milestones': ['a']}]),
    ('optim_wrapper.clip_grad', {'max_norm': 'a'}),
    ('train_cfg.dynamic_intervals', [(1, 0)]),
    ('val_cfg.fp16', 1),
    ('train_dataloader.sampler.shuffle', 'flase'),
    ('env_cfg.mp_cfg', {'mp_start': 'fork'}),
    ('auto_scale_lr', {'base_batch_size': 0}),
    ('train_dataloader.batch_size', None),
    ('train_dataloader.batch_size', 10**20),
    ('train_dataloader.num_workers', 100_000),
    ('optim_wrapper.optimizer.type', ''),
    ('custom_hooks', 'EMAHook'),
    ('custom_hooks', [None]),
    ('env_cfg', None),
    ('load_from', 3),
    ('resume', 'no'),
    ('channels_last', 'no'),
    ('log_processor.custom_cfg', [{'data_src': 'loss', 'method_name': 'medain'}]),
]


@pytest.mark.parametrize(('key', 'value'), LATE, ids=str)
def test_what_mmengine_would_look_at_later(sound: Config, key: str, value: object) -> None:
    """These were tracebacks in the midst of a training, or had no effect."""
    cfg = copy.deepcopy(sound)
    if key in ('custom_hooks', 'param_scheduler', 'env_cfg'):
        cfg[key] = value
    else:
        cfg.merge_from_dict({key: value})
    with pytest.raises(ConfigError) as error:
        check_config(cfg)
    (line,) = str(error.value).splitlines()
    assert line.startswith(key.partition('.')[0])
    assert 'must be' in line or 'takes' in line or 'there is no' in line or 'give a list' in line


def test_schedules_of_all_parts() -> None:
    cfg = Config.fromfile(REPOSITORY / 'configs/segan/segan_small_end-to-end_street-dyce.py')
    parts = ['segmentor', 'generator', 'discriminator']
    cfg.optim_wrapper = dict(
        constructor='PartOptimWrapperConstructor', **{name: dict(optimizer={}) for name in parts}
    )
    cfg.param_scheduler = {name: [] for name in parts[1:]}
    with pytest.raises(ConfigError, match=f'param_scheduler.{parts[0]}: is absent; give'):
        check_config(cfg)
    cfg.param_scheduler = {name: [] for name in (*parts, f'{parts[0]}s')}
    with pytest.raises(ConfigError, match=f"no '{parts[0]}s'; did you mean '{parts[0]}'"):
        check_config(cfg)


def test_custom_keys_of_no_parameter() -> None:
    wrapper = dict(paramwise_cfg=dict(custom_keys={'bakbone': dict(lr_mult=0.1), 'head': {}}))
    names = ['backbone.conv.weight', 'head.weight']
    (sentence,) = unused_custom_keys(wrapper, names)
    assert 'custom_keys.bakbone is in no name of a parameter' in sentence
    assert "did you mean 'backbone'?" in sentence
    (sentence,) = unused_custom_keys(dict(part=wrapper), names)
    assert sentence.startswith('optim_wrapper.part.paramwise_cfg')


def _dict(value: object) -> dict:
    return value if isinstance(value, dict) else {}


@pytest.mark.parametrize(
    ('clip', 'sentence'),
    [
        ({'type': 'norn', 'max_norm': 1}, "clip_grad.type: must be 'norm' or 'value', not 'norn'"),
        ({'type': 'value'}, 'clip_grad: clip_value is missing'),
        (1.0, r'clip_grad: takes a dict such as dict\(max_norm=1.0\) or None, not 1.0'),
    ],
)
def test_clipping_of_gradients_is_checked(sound: Config, clip: object, sentence: str) -> None:
    cfg = copy.deepcopy(sound)
    cfg.optim_wrapper['clip_grad'] = clip
    with pytest.raises(ConfigError, match=sentence):
        check_config(cfg)


def test_a_training_by_iterations_has_no_settings_by_epoch(sound: Config) -> None:
    cfg = copy.deepcopy(sound)
    cfg.train_cfg = {'type': 'IterBasedTrainLoop', 'max_iters': 10, 'val_interval': 5}
    with pytest.raises(ConfigError) as error:
        check_config(cfg)
    keys = [line.split(':')[0] for line in str(error.value).splitlines()]
    assert keys == [
        'param_scheduler.0.by_epoch',
        'default_hooks.checkpoint.by_epoch',
        'log_processor.by_epoch',
    ]
    cfg.merge_from_dict(dict.fromkeys(keys, False))
    check_config(cfg)


def test_every_mistake_is_listed(sound: Config) -> None:
    cfg = copy.deepcopy(sound)
    cfg.merge_from_dict({'model.neck.fil': 'zero', 'trian_cfg': {}})
    with pytest.raises(ConfigError) as error:
        check_config(cfg)
    assert [line.split(':')[0] for line in str(error.value).splitlines()] == [
        'trian_cfg',
        'model.neck.fil',
    ]


def test_a_data_loader_needs_a_data_set() -> None:
    test = {'test_dataloader': {'batch_size': 1}, 'test_cfg': {}, 'test_evaluator': {}}
    with pytest.raises(ConfigError, match=r'^test_dataloader\.dataset: a data loader needs'):
        check_config(Config(test))


def test_keys_taken_out_before_building_are_known() -> None:
    check_config(
        Config(
            {
                'train_cfg': {'by_epoch': True, 'max_epochs': 1},
                'train_dataloader': {'dataset': {'type': 'RepeatDataset', 'times': 2}},
                'optim_wrapper': {
                    'type': 'AmpOptimWrapper',
                    'loss_scale': 'dynamic',
                    'accumulative_counts': 2,
                    'constructor': 'DefaultOptimWrapperConstructor',
                    'paramwise_cfg': {'norm_decay_mult': 0.0},
                    'optimizer': {'type': 'SGD', 'lr': 0.1},
                },
                'custom_hooks': [{'type': 'EMAHook', 'priority': 'NORMAL'}],
                'model': {
                    'type': 'mmseg.FCNHead',
                    'in_channels': 4,
                    'channels': 4,
                    'num_classes': 3,
                    'norm_cfg': {'type': 'BN', 'requires_grad': True},
                    'init_cfg': {'type': 'Normal', 'std': 0.01, 'override': {'name': 'conv_seg'}},
                },
                'my_train_cfg': {},
                'crop_size': (1, 1),
            }
        )
    )


def test_what_only_a_librarys_component_knows_is_left_alone() -> None:
    """mmdet looks for ``RoIAlign`` in mmcv itself, and takes a key out of ``dcn``."""
    roi = {'type': 'RoIAlign', 'output_size': 7, 'sampling_ratio': 0}
    dcn = {'type': 'mmcv.DCN', 'deform_groups': 1, 'fallback_on_stride': False}
    cfg = {
        'default_scope': 'mmdet',
        'model': {
            'type': 'FasterRCNN',
            'backbone': {'type': 'ResNet', 'depth': 50, 'dcn': dcn},
            'roi_head': {'bbox_roi_extractor': {'type': 'SingleRoIExtractor', 'roi_layer': roi}},
        },
    }
    check_config(Config(cfg))
    cfg['model']['backbone']['dept'] = 50
    with pytest.raises(ConfigError, match=r"model\.backbone\.dept: ResNet takes no 'dept'"):
        check_config(Config(cfg))


def test_classes_may_stand_for_names() -> None:
    cfg = Config({'custom_hooks': [{'type': LastEpochsMeanHook, 'num_epoch': 3}]})
    with pytest.raises(ConfigError, match=r"^custom_hooks\.0\.num_epoch: .* mean 'num_epochs'\?"):
        check_config(cfg)


class Grandparent:
    def __init__(self, colour: str) -> None:
        self.colour = colour


class Forwards(Grandparent):
    def __init__(self, size: int, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.size = size


class Skips(Forwards):
    def __init__(self, weight: int, **kwargs: object) -> None:
        super(Forwards, self).__init__(**kwargs)
        self.weight = weight


class Keeps(Grandparent):
    def __init__(self, size: int, **kwargs: object) -> None:
        super().__init__('red')
        self.options = kwargs


class SaysItself(Grandparent):
    def __init__(self, size: int, **kwargs: object) -> None:
        super().__init__(colour='red', **kwargs)
        self.size = size


def test_arguments_are_followed_to_the_parents() -> None:
    assert accepted_arguments(SaysItself) == {'size'}
    assert accepted_arguments(Forwards) == {'size', 'colour'}
    assert accepted_arguments(Skips) is None  # which parents are meant takes more than reading
    assert accepted_arguments(Keeps) is None  # whatever is kept may be used later
    assert accepted_arguments(dict) is None
    assert accepted_arguments(lambda a, *, b: None) == {'a', 'b'}


@pytest.mark.parametrize(
    ('value', 'hint', 'expected'),
    [
        (1, float, True),
        (True, int, False),
        ('1', int, False),
        (None, int | None, True),
        ([1, 2], Sequence[int], True),
        ([1, 'b'], Sequence[int], False),
        ('ab', Sequence[str], False),
        ((1, 2), tuple[int, ...], True),
        ({'type': 'BN'}, dict | None, True),
        ('BN', dict | None, False),
        (object(), torch.Tensor, True),
    ],
)
def test_values_fit_annotations(value: object, hint: object, expected: bool) -> None:
    assert fits(value, hint) is expected


def test_types_are_named_without_their_modules() -> None:
    (wrong,) = wrong_types(ClassWeightedCrossEntropyLoss, dict(class_weight='few'))
    assert wrong == ('class_weight', 'Sequence[float]', 'few')


def test_errors_while_building_are_located() -> None:
    conv = {'type': 'Conv2d', 'in_channels': 3, 'out_channels': 'eight', 'kernel_size': 1}
    cfg = Config({'model': {'backbone': conv}})
    with pytest.raises(Exception, match=r'.') as error:
        MMENGINE_MODELS.build(copy.deepcopy(cfg.model.backbone))
    assert str(located_error(error.value, cfg)).startswith('model.backbone (Conv2d): TypeError: ')


def test_errors_elsewhere_are_not_located() -> None:
    assert located_error(ValueError('x'), Config({})) is None


@pytest.mark.parametrize(
    ('backend', 'package'),
    [
        ('TensorboardVisBackend', 'tensorboard'),
        ('WandbVisBackend', 'wandb'),
        ('MLflowVisBackend', 'mlflow'),
        ('ClearMLVisBackend', 'clearml'),
        ('NeptuneVisBackend', 'neptune'),
        ('DVCLiveVisBackend', 'dvclive'),
        ('AimVisBackend', 'aim'),
    ],
)
def test_packages_of_trackers_are_asked_for(
    monkeypatch: pytest.MonkeyPatch, backend: str, package: str
) -> None:
    cfg = Config({'visualizer': {'type': 'Visualizer', 'vis_backends': [{'type': backend}]}})
    monkeypatch.setattr('importlib.util.find_spec', lambda name: None if name == package else 1)
    with pytest.raises(ConfigError, match=rf'needs the package {package}.*pip install'):
        check_config(cfg)


@pytest.mark.parametrize(
    ('key', 'value', 'message'),
    [
        ('indces', 3, "CamVidSceneDataset takes no 'indces'; did you mean 'indices'"),
        ('lazy_init', 'yes', "lazy_init: .*bool.*'yes'"),
        ('indices', 'ab', "indices: .*'ab'"),
    ],
)
def test_arguments_that_a_data_set_hands_on_are_checked(key, value, message) -> None:
    dataset = dict(type='seginpaint_mm.CamVidSceneDataset', data_root='data/camvid', split='val')
    cfg = Config(dict(test_dataloader=dict(dataset=dict(dataset, **{key: value}))))
    with pytest.raises(ConfigError, match=message):
        check_config(cfg)
