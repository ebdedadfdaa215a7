"""Optimisers of parts: from configs, in agreement, with one loss scale, and resumed."""

import copy
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.optim import OptimWrapper, build_optim_wrapper
from mmengine.registry import DefaultScope
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from seginpaint_mm.checkpoint import load_checkpoint_safely
from seginpaint_mm.config_check import check_config
from seginpaint_mm.engine import CPUAmpOptimWrapper, PartOptimWrappers, mixed_precision
from seginpaint_mm.engine.mixed_precision import tell_slow_bfloat16, use_amp
from seginpaint_mm.errors import ConfigError, DivergenceError
from tests.helpers.tiny_gan import TinyGAN, tiny_batch, tiny_gan_config
from tests.helpers.tool_runs import run_here

SGD = dict(type='SGD', lr=0.1)


def build(model: nn.Module, **parts: object) -> PartOptimWrappers:
    cfg = dict(constructor='PartOptimWrapperConstructor', **parts)
    with DefaultScope.overwrite_default_scope('seginpaint_mm'):
        return build_optim_wrapper(model, cfg)


def four_parts(**changes: dict) -> dict[str, dict]:
    names = ('shaper', 'painter', 'judge', 'critic')
    return {name: dict(optimizer=SGD, **changes.get(name, {})) for name in names}


def test_parts_get_their_optimizers() -> None:
    model = TinyGAN()
    configs = four_parts(judge=dict(paramwise_cfg=dict(bias_lr_mult=2.0)))
    configs['critic'] = dict(type='CPUAmpOptimWrapper', optimizer=dict(type='Adam', lr=0.2))
    with pytest.raises(ValueError, match=r'agree in type, but shaper has OptimWrapper and critic'):
        build(model, **configs)
    configs['critic'] = dict(optimizer=dict(type='Adam', lr=0.2), clip_grad=dict(max_norm=1))
    wrappers = build(model, **configs)
    assert wrappers.get_lr()['critic.lr'] == [0.2]
    assert isinstance(wrappers['critic'].optimizer, torch.optim.Adam)
    assert len(wrappers['judge'].optimizer.param_groups) == 4  # one a parameter


def test_roles_stand_for_parts_and_parts_override_them() -> None:
    adam = dict(type='Adam', lr=0.3, betas=(0.5, 0.9))
    model = TinyGAN()
    wrappers = build(
        model,
        generators=dict(optimizer=adam, clip_grad=dict(max_norm=1)),
        discriminators=dict(optimizer=SGD, every=2),
        painter=dict(optimizer=dict(lr=0.2)),
        critic=dict(optimizer=dict(type='Adam', lr=0.4)),
    )
    named = {name: wrapper.optimizer for name, wrapper in wrappers.items()}
    assert {name: type(one).__name__ for name, one in named.items()} == dict(
        shaper='Adam', painter='Adam', judge='SGD', critic='Adam'
    )
    assert {name: one.defaults['lr'] for name, one in named.items()} == dict(
        shaper=0.3, painter=0.2, judge=0.1, critic=0.4
    )
    assert [named[name].defaults['betas'] for name in ('painter', 'critic')] == [
        (0.5, 0.9),
        (0.9, 0.999),
    ]
    assert wrappers['painter'].clip_grad_kwargs == dict(max_norm=1)
    assert wrappers._every == dict(shaper=1, painter=1, judge=2, critic=2)
    model.discriminators = dict  # none of them is trained: the role stands for nothing
    model.judge.requires_grad_(False)
    model.critic.requires_grad_(False)
    assert [*build(model, generators=dict(optimizer=SGD), discriminators={}).keys()] == [
        'shaper',
        'painter',
    ]


WRONG = {
    'role left out': (
        dict(generators=dict(optimizer=SGD)),
        r'optim_wrapper has generators; TinyGAN.*parts shaper, painter, judge, critic: give each',
    ),
    'no such part': (
        dict(
            generators=dict(optimizer=SGD),
            discriminators=dict(optimizer=SGD),
            panter=dict(optimizer=SGD),
        ),
        r'optim_wrapper has generators, discriminators, panter; TinyGAN',
    ),
    'unknown part': (
        dict(optimizer=SGD),
        r'optim_wrapper has optimizer; TinyGAN, as it is configured, has the parts shaper, pain',
    ),
    'part left out': (dict(shaper=dict(optimizer=SGD)), r'optim_wrapper has shaper; TinyGAN'),
    'for all parts': (dict(paramwise_cfg={}, **four_parts()), r'put it into the config of a part'),
    'all rest': (
        four_parts(**{n: dict(every=2) for n in ('shaper', 'painter', 'judge', 'critic')}),
        r'in some iterations no part would be updated',
    ),
    'every': (four_parts(judge=dict(every=0)), r'every must be a whole number from 1'),
    'accumulation': (
        four_parts(judge=dict(accumulative_counts=2)),
        r'agree in accumulative_counts, but shaper has 1 and judge has 2',
    ),
}


@pytest.mark.parametrize(('configs', 'sentence'), WRONG.values(), ids=WRONG)
def test_wrong_configs(configs: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        build(TinyGAN(), **configs)


def test_models_whose_parts_do_not_suffice() -> None:
    with pytest.raises(ValueError, match=r'Linear has no parts\(\); remove the constructor'):
        build(nn.Linear(1, 1), **four_parts())
    model = TinyGAN()
    model.forgotten = nn.Linear(1, 1)
    with pytest.raises(ValueError, match=r'forgotten.weight of TinyGAN is in none of shaper'):
        build(model, **four_parts())
    model.forgotten.requires_grad_(False)
    build(model, **four_parts())
    model.judge = model.critic
    with pytest.raises(ValueError, match='share weights'):
        build(model, **four_parts())


class ScaledWrapper(OptimWrapper):
    """What ``AmpOptimWrapper`` does with its loss scale, on the CPU."""

    def __init__(self, optimizer: torch.optim.Optimizer, clip_grad: dict | None = None) -> None:
        super().__init__(optimizer, clip_grad=clip_grad)
        self.loss_scaler = torch.amp.GradScaler('cpu', init_scale=1024.0)
        self._scale_update_param = None

    def backward(self, loss: torch.Tensor) -> None:
        self.loss_scaler.scale(loss).backward()
        self._inner_count += 1


def sgd_wrappers(model: TinyGAN, kind: type[OptimWrapper]) -> PartOptimWrappers:
    return PartOptimWrappers(
        {
            name: kind(torch.optim.SGD(part.parameters(), 0.1), clip_grad=dict(max_norm=0.5))
            for name, part in model.parts().items()
        }
    )


@pytest.mark.skipif(not hasattr(torch.amp, 'GradScaler'), reason='torch scales on GPUs only')
def test_one_loss_scale_for_all_parts() -> None:
    scaled, plain = TinyGAN(), TinyGAN()
    batch = tiny_batch(torch.randn(4, 2, 4, generator=torch.Generator().manual_seed(0)))
    wrappers = sgd_wrappers(scaled, ScaledWrapper)
    scaled.train_step(batch, wrappers)
    plain.train_step(batch, sgd_wrappers(plain, OptimWrapper))
    for name, weight in plain.named_parameters():
        torch.testing.assert_close(scaled.get_parameter(name), weight)

    before = copy.deepcopy(scaled)
    handle = scaled.judge[0].weight.register_hook(lambda gradient: gradient * torch.inf)
    scaled.train_step(batch, wrappers)
    handle.remove()
    assert torch.equal(scaled.judge[0].bias, before.judge[0].bias)  # its step was left out
    assert not torch.equal(scaled.critic.bias, before.critic.bias)
    assert {wrapper.loss_scaler.get_scale() for wrapper in wrappers.values()} == {512.0}


def test_parts_that_rest_need_a_wrapper_that_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DistributedDataParallel, '__init__', nn.Module.__init__)
    wrapped = DistributedDataParallel()
    wrapped.find_unused_parameters = False
    wrappers = build(TinyGAN(), **four_parts(judge=dict(every=2)))
    with (
        pytest.raises(ValueError, match='set find_unused_parameters=True in the config'),
        wrappers.optim_context(wrapped),
    ):
        pass


def test_config_check_knows_parts(tmp_path: Path) -> None:
    cfg = Config.fromfile(tiny_gan_config(tmp_path, "optim_wrapper['judge']['every'] = 2\n"))
    check_config(cfg)
    cfg.optim_wrapper.judge.evry = 2
    cfg.optim_wrapper.critic.optimizer.l = 1
    with pytest.raises(ConfigError) as error:
        check_config(cfg)
    assert str(error.value).splitlines() == [
        "optim_wrapper.judge.evry: OptimWrapper takes no 'evry'; it takes "
        'accumulative_counts, clip_grad, optimizer.',
        "optim_wrapper.critic.optimizer.l: Adam takes no 'l'; did you mean 'lr'?",
    ]


def test_config_check_knows_roles(tmp_path: Path) -> None:
    """A part's own settings are checked together with those of its role."""
    cfg = Config.fromfile(tiny_gan_config(tmp_path))
    part = cfg.optim_wrapper.pop('critic')
    for name in ('judge', 'shaper', 'painter'):
        cfg.optim_wrapper.pop(name)
    cfg.optim_wrapper.update(generators=copy.deepcopy(part), discriminators=part)
    cfg.optim_wrapper.critic = dict(optimizer=dict(lr=1.0))
    check_config(cfg)
    cfg.optim_wrapper.critic.optimizer.l = 1
    cfg.optim_wrapper.generators.evry = 2
    with pytest.raises(ConfigError) as error:
        check_config(cfg)
    assert str(error.value).splitlines() == [
        "optim_wrapper.generators.evry: OptimWrapper takes no 'evry'; it takes "
        'accumulative_counts, clip_grad, optimizer.',
        "optim_wrapper.critic.optimizer.l: Adam takes no 'l'; did you mean 'lr'?",
    ]


_ROLES = """
wrapper = optim_wrapper
optim_wrapper = dict(
    constructor='PartOptimWrapperConstructor',
    generators=wrapper['painter'],
    discriminators=wrapper['judge'],
)
del wrapper
param_scheduler = dict(shaper=[], painter=[], judge=[])
"""


def test_schedules_of_parts_are_checked_once_the_model_is_built(tmp_path: Path) -> None:
    config = tiny_gan_config(tmp_path, _ROLES)
    with pytest.raises(
        ConfigError, match=r'param_scheduler\.critic: is absent; give the schedules'
    ):
        run_here('train', config, '--debug', '--work-dir', tmp_path)


def test_amp_switches_every_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mixed_precision, 'has_bfloat16_units', lambda: True)
    cfg = Config.fromfile(tiny_gan_config(tmp_path))
    use_amp(cfg)
    kinds = {cfg.optim_wrapper[part].type for part in TinyGAN().parts()}
    expected = 'AmpOptimWrapper' if torch.cuda.is_available() else CPUAmpOptimWrapper.__name__
    assert kinds == {expected}
    cfg.optim_wrapper.judge.type = 'ApexOptimWrapper'
    with pytest.raises(ConfigError, match=r'--amp needs optim_wrapper\.judge\.type=OptimWrapper'):
        use_amp(cfg)


@pytest.mark.skipif(torch.cuda.is_available(), reason='a GPU has its own mixed precision')
def test_amp_without_bfloat16_units_is_float32_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(mixed_precision, 'has_bfloat16_units', lambda: False)
    mixed_precision._said.clear()
    cfg = Config.fromfile(tiny_gan_config(tmp_path))
    use_amp(cfg)
    assert {cfg.optim_wrapper[part].get('type') for part in TinyGAN().parts()} <= {
        None,
        'OptimWrapper',
    }
    assert capsys.readouterr().out.count('--amp has no effect here') == 1
    cfg.optim_wrapper.judge.type = 'ApexOptimWrapper'
    with pytest.raises(ConfigError, match=r'optim_wrapper\.judge\.type=OptimWrapper'):
        use_amp(cfg)


@pytest.mark.skipif(torch.cuda.is_available(), reason='a GPU has its own mixed precision')
def test_bfloat16_of_a_config_is_told_to_be_slow_without_units(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mixed_precision._said.clear()
    cfg = Config.fromfile(tiny_gan_config(tmp_path))
    cfg.merge_from_dict({'val_cfg.fp16': True, 'optim_wrapper.judge.type': 'CPUAmpOptimWrapper'})
    monkeypatch.setattr(mixed_precision, 'has_bfloat16_units', lambda: True)
    tell_slow_bfloat16(cfg, ('train_cfg', 'val_cfg'))
    monkeypatch.setattr(mixed_precision, 'has_bfloat16_units', lambda: False)
    tell_slow_bfloat16(cfg, ('test_cfg',))
    assert not capsys.readouterr().out
    tell_slow_bfloat16(cfg, ('train_cfg', 'val_cfg'))
    expected = 'val_cfg.fp16, optim_wrapper.judge.type=CPUAmpOptimWrapper: this processor'
    assert expected in capsys.readouterr().out


# Three batches an epoch: after one epoch the judge, which learns every second time, is to rest.
_RESUME = """
default_hooks = dict(checkpoint=dict(max_keep_ckpts=3))
train_dataloader.update(batch_size=14)
optim_wrapper['judge']['every'] = 2
optim_wrapper['shaper']['accumulative_counts'] = {counts}
optim_wrapper['painter']['accumulative_counts'] = {counts}
optim_wrapper['judge']['accumulative_counts'] = {counts}
optim_wrapper['critic']['accumulative_counts'] = {counts}
train_cfg.update(max_epochs={epochs})
param_scheduler = dict(
    shaper=[dict(type='StepLR', step_size=1, gamma=0.5, by_epoch=True)],
    painter=[],
    judge=[],
    critic=[dict(type='StepLR', step_size=2, gamma=0.1, by_epoch=True)],
)
"""


def test_a_resumed_training_goes_on_as_if_uninterrupted(tmp_path: Path) -> None:
    config = tiny_gan_config(tmp_path, _RESUME.format(counts=1, epochs=3))
    run_here('train', config, '--work-dir', tmp_path / 'whole')
    resume = ('--resume', tmp_path / 'whole/epoch_1.pth')
    run_here('train', config, '--work-dir', tmp_path / 'parts', *resume)
    first, second = (
        load_checkpoint_safely(tmp_path / run / 'epoch_3.pth') for run in ('whole', 'parts')
    )
    for name, value in first['state_dict'].items():
        assert torch.equal(second['state_dict'][name], value), name
    assert first['optimizer'].keys() == {'shaper', 'painter', 'judge', 'critic'}
    assert first['optimizer']['shaper']['param_groups'][0]['lr'] == pytest.approx(1e-2 / 4)
    assert first['optimizer']['critic']['param_groups'][0]['lr'] == pytest.approx(1e-3)
    steps = {name: state['state'][0]['step'] for name, state in _adams(first).items()}
    assert steps == dict(painter=9, judge=5, critic=9)


def test_the_runner_counts_for_all_parts(tmp_path: Path) -> None:
    """Nine batches, two of which make an update: the ninth makes the fifth one alone."""
    config = tiny_gan_config(tmp_path, _RESUME.format(counts=2, epochs=3))
    run_here('train', config, '--work-dir', tmp_path)
    state = _adams(load_checkpoint_safely(tmp_path / 'epoch_3.pth'))
    steps = {name: part['state'][0]['step'] for name, part in state.items()}
    assert steps == dict(painter=5, judge=3, critic=5)


def _adams(checkpoint: dict) -> dict[str, dict]:
    return {name: state for name, state in checkpoint['optimizer'].items() if name != 'shaper'}


def test_a_discriminator_that_diverges_stops_the_training(tmp_path: Path) -> None:
    body = "optim_wrapper['critic'] = dict(optimizer=dict(type='SGD', lr=1e30))\n"
    config = tiny_gan_config(tmp_path, body)
    with pytest.raises(DivergenceError, match=r'loss is not finite.*critic\.loss_fake'):
        run_here('train', config, '--debug', '--work-dir', tmp_path)
