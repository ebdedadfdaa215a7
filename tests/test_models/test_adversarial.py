"""The adversarial step against plain PyTorch loops, and against one computed by hand."""

import copy
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial

import pytest
import torch
from mmengine.optim import OptimWrapper, build_optim_wrapper
from torch import Tensor, nn
from torch.nn.functional import softplus

from seginpaint_mm.engine import CPUAmpOptimWrapper, PartOptimWrappers
from seginpaint_mm.models.adversarial import AdversarialModel
from seginpaint_mm.structures import SceneSample
from tests.helpers.tiny_gan import DISCRIMINATORS, GENERATORS, TinyGAN, tiny_batch

PARTS = GENERATORS + DISCRIMINATORS


class OneWeightGAN(AdversarialModel):
    """G(z) = g z and D(x) = d x; L_G = -mean D(G(z)), L_D = mean D(G(z)) - mean D(x)."""

    def __init__(self) -> None:
        super().__init__()
        self.generator, self.discriminator = (nn.Linear(1, 1, bias=False) for _ in range(2))
        nn.init.constant_(self.generator.weight, 0.5)
        nn.init.constant_(self.discriminator.weight, 1.0)

    def generators(self) -> dict[str, nn.Module]:
        return dict(generator=self.generator)

    def discriminators(self) -> dict[str, nn.Module]:
        return dict(discriminator=self.discriminator)

    def generate(self, inputs: Tensor, data_samples: Tensor) -> dict[str, Tensor]:
        return dict(made=self.generator(inputs))

    def generator_losses(
        self, generated: dict[str, Tensor], data_samples: Tensor
    ) -> dict[str, Tensor]:
        return {'generator.loss_gan': -self.discriminator(generated['made']).mean()}

    def discriminator_losses(
        self, name: str, generated: dict[str, Tensor], data_samples: Tensor
    ) -> dict[str, Tensor]:
        return dict(
            loss_real=-self.discriminator(data_samples).mean(),
            loss_fake=self.discriminator(generated['made']).mean(),
        )

    def predict(self, inputs: Tensor, data_samples: Sequence[SceneSample]) -> list[SceneSample]:
        raise NotImplementedError


def test_one_step_by_hand() -> None:
    model = OneWeightGAN()
    wrappers = PartOptimWrappers(
        {n: OptimWrapper(torch.optim.SGD(p.parameters(), 0.1)) for n, p in model.parts().items()}
    )
    data = dict(inputs=torch.tensor([[1.0], [3.0]]), data_samples=torch.tensor([[2.0], [4.0]]))
    log = model.train_step(data, wrappers)
    # made = .5, 1.5; dL_G/dg = -d mean z = -2; dL_D/dd = mean made - mean x = 1 - 3
    assert model.generator.weight.item() == pytest.approx(0.5 + 0.2)
    assert model.discriminator.weight.item() == pytest.approx(1.0 + 0.2)
    assert {name: value.item() for name, value in log.items()} == pytest.approx(
        {
            'generator.loss_gan': -1.0,
            'discriminator.loss_real': -3.0,
            'discriminator.loss_fake': 1.0,
            'loss': -3.0,
        }
    )


def optimizers(model: TinyGAN) -> dict[str, torch.optim.Optimizer]:
    """One of another kind for each part."""
    return dict(
        shaper=torch.optim.SGD(model.shaper.parameters(), 0.05, momentum=0.9),
        painter=torch.optim.Adam(model.painter.parameters(), 0.01, betas=(0.5, 0.999)),
        judge=torch.optim.Adam(model.judge.parameters(), 0.02),
        critic=torch.optim.SGD(model.critic.parameters(), 0.1, weight_decay=0.1),
    )


def wrapped(
    model: TinyGAN,
    every: dict[str, int] | None = None,
    kind: type[OptimWrapper] = OptimWrapper,
    accumulative_counts: int = 1,
) -> PartOptimWrappers:
    return PartOptimWrappers(
        {
            name: kind(optimizer=optimizer, accumulative_counts=accumulative_counts)
            for name, optimizer in optimizers(model).items()
        },
        every,
    )


def random_vectors(steps: int, size: int = 6) -> list[Tensor]:
    generator = torch.Generator().manual_seed(3)
    return [torch.randn(size, 2, 4, generator=generator) for _ in range(steps)]


def losses_of(model: TinyGAN, side: str, z: Tensor, truth: Tensor) -> Tensor:
    """The loss of the generators, or of one discriminator, written out once more."""
    shape = model.shaper(z)
    picture = model.painter(shape)
    if side == 'generators':
        on_judge = softplus(-model.judge(picture)).mean()
        return (shape - truth).square().mean() + on_judge - model.critic(picture).mean()
    part = getattr(model, side)
    return softplus(-part(truth)).mean() + softplus(part(picture.detach())).mean()


def plain_loop(
    model: TinyGAN,
    batches: Sequence[Tensor],
    every: dict[str, int],
    parts_of_batch: int = 1,
    precision: Callable[[], AbstractContextManager] = nullcontext,
) -> None:
    """Gradients of each side by itself, with ``torch.autograd.grad``; then all optimisers."""
    steppers = optimizers(model)
    for iteration, batch in enumerate(batches):
        gradients = {}
        for side, names in [('generators', GENERATORS), *((d, (d,)) for d in DISCRIMINATORS)]:
            weights = [w for name in names for w in getattr(model, name).parameters()]
            chunks = batch.chunk(parts_of_batch)
            with precision():
                loss = sum(losses_of(model, side, *chunk.unbind(1)) for chunk in chunks)
            found = torch.autograd.grad(loss / len(chunks), weights)
            gradients.update(zip(weights, found, strict=True))
        for name, stepper in steppers.items():
            if iteration % every.get(name, 1) == 0:
                for weight in getattr(model, name).parameters():
                    weight.grad = gradients[weight]
                stepper.step()


@pytest.mark.parametrize(
    'every',
    [{}, dict(judge=2), dict(judge=2, critic=3), dict(shaper=2, painter=2), dict(painter=3)],
    ids=str,
)
def test_steps_equal_a_plain_loop(every: dict[str, int]) -> None:
    model = TinyGAN()
    expected = copy.deepcopy(model)
    batches = random_vectors(7)
    plain_loop(expected, batches, every)
    wrappers = wrapped(model, every)
    for batch in batches:
        model.train_step(tiny_batch(batch), wrappers)
    assert_same_weights(model, expected)
    assert not torch.equal(model.judge[0].weight, TinyGAN().judge[0].weight)


@pytest.mark.parametrize('every', [{}, dict(judge=2)], ids=str)
def test_accumulated_gradients_equal_those_of_the_whole_batch(every: dict[str, int]) -> None:
    model = TinyGAN()
    expected = copy.deepcopy(model)
    batches = random_vectors(5)
    plain_loop(expected, batches, every, parts_of_batch=3)
    wrappers = wrapped(model, every, accumulative_counts=3)
    for batch in batches:
        for part in batch.chunk(3):
            model.train_step(tiny_batch(part), wrappers)
    assert_same_weights(model, expected)


def test_what_is_accumulated_last_is_not_lost() -> None:
    model = TinyGAN()
    wrappers = wrapped(model, accumulative_counts=3)
    wrappers.initialize_count_status(model, 0, 4)  # as the Runner does
    for batch in random_vectors(3):
        model.train_step(tiny_batch(batch), wrappers)
    expected = copy.deepcopy(model)
    optimizer = torch.optim.SGD(expected.critic.parameters(), 0.1, weight_decay=0.1)
    (last,) = random_vectors(1)
    model.train_step(tiny_batch(last), wrappers)
    losses_of(expected, 'critic', *last.unbind(1)).backward()
    optimizer.step()
    torch.testing.assert_close(model.critic.weight, expected.critic.weight)


def assert_same_weights(model: TinyGAN, expected: TinyGAN) -> None:
    for name, weight in expected.named_parameters():
        torch.testing.assert_close(model.get_parameter(name), weight, rtol=1e-6, atol=1e-7)


def test_nothing_is_computed_in_vain() -> None:
    model = TinyGAN()
    wrappers = wrapped(model, dict(judge=2, shaper=3, painter=3))
    (batch,) = random_vectors(1)
    logs, runs = [], []
    for _ in range(4):
        model.runs = dict.fromkeys(PARTS, 0)
        logs.append(set(model.train_step(tiny_batch(batch), wrappers)))
        runs.append(model.runs)
    generators = {'shaper.loss_shape', 'painter.loss_judge', 'painter.loss_critic'}
    judge, critic = ({f'{name}.loss_real', f'{name}.loss_fake'} for name in DISCRIMINATORS)
    assert logs == [
        {'loss'} | generators | judge | critic,  # both see a fake twice: once for each side
        {'loss'} | critic,
        {'loss'} | judge | critic,
        {'loss'} | generators | critic,
    ]
    assert runs == [
        dict(shaper=1, painter=1, judge=3, critic=3),
        dict(shaper=1, painter=1, judge=0, critic=2),
        dict(shaper=1, painter=1, judge=2, critic=2),
        dict(shaper=1, painter=1, judge=1, critic=3),
    ]


def test_no_gradient_leaks_to_the_other_side() -> None:
    model = TinyGAN()
    batch = tiny_batch(random_vectors(1)[0])
    losses = model(**batch, mode='loss')
    sum(v for k, v in losses.items() if k.split('.')[0] in GENERATORS).backward()
    assert all(w.grad is None for d in DISCRIMINATORS for w in getattr(model, d).parameters())
    assert all(w.grad.any() for g in GENERATORS for w in getattr(model, g).parameters())
    model.zero_grad()
    sum(v for k, v in losses.items() if k.startswith('judge.')).backward()
    assert {name.split('.')[0] for name, w in model.named_parameters() if w.grad is not None} == {
        'judge'
    }
    assert all(w.requires_grad for w in model.parameters())


def test_a_part_that_the_user_froze_stays_as_it_is() -> None:
    model = TinyGAN()
    model.judge.requires_grad_(False)
    before = copy.deepcopy(model)
    batch = tiny_batch(random_vectors(1)[0])
    log = model.train_step(batch, wrapped(model))
    assert 'judge.loss_real' not in log
    assert 'painter.loss_judge' in log
    assert not any(w.requires_grad for w in model.judge.parameters())
    assert all(map(torch.equal, model.judge.parameters(), before.judge.parameters()))
    assert not torch.equal(model.critic.weight, before.critic.weight)


def test_one_optimizer_for_all_parts_will_do() -> None:
    model = TinyGAN()
    expected = copy.deepcopy(model)
    cfg = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.1))
    model.train_step(tiny_batch(random_vectors(1)[0]), build_optim_wrapper(model, cfg))
    z, truth = random_vectors(1)[0].unbind(1)
    for side, names in [('generators', GENERATORS), ('judge', ('judge',))]:
        weights = [w for name in names for w in getattr(expected, name).parameters()]
        found = torch.autograd.grad(losses_of(expected, side, z, truth), weights)
        moved = [w for name in names for w in getattr(model, name).parameters()]
        for weight, gradient, now in zip(weights, found, moved, strict=True):
            torch.testing.assert_close(now, weight - 0.1 * gradient)


def test_bfloat16_on_the_cpu() -> None:
    model = TinyGAN()
    expected = copy.deepcopy(model)
    batches = random_vectors(3)
    wrappers = wrapped(model, dict(judge=2), CPUAmpOptimWrapper)
    dtypes = []
    model.painter.register_forward_hook(lambda *arguments: dtypes.append(arguments[-1].dtype))
    for batch in batches:
        model.train_step(tiny_batch(batch), wrappers)
    autocast = partial(torch.autocast, 'cpu', dtype=torch.bfloat16)
    plain_loop(expected, batches, dict(judge=2), precision=autocast)
    assert set(dtypes) == {torch.bfloat16}
    assert_same_weights(model, expected)


@pytest.mark.gpu
def test_float16_on_a_gpu() -> None:
    from mmengine.optim import AmpOptimWrapper

    model, reference = TinyGAN().cuda(), TinyGAN().cuda()
    for net, kind in ((model, AmpOptimWrapper), (reference, OptimWrapper)):
        wrappers = wrapped(net, dict(judge=2), kind)
        for batch in random_vectors(3):
            net.train_step(tiny_batch(batch.cuda()), wrappers)
    for name, weight in reference.named_parameters():
        torch.testing.assert_close(model.get_parameter(name), weight, rtol=1e-2, atol=5e-3)


def test_modes() -> None:
    model = TinyGAN()
    batch = tiny_batch(random_vectors(1)[0])
    assert set(model(**batch)) == {'shape', 'picture'}
    assert model(**batch, mode='predict') == batch['data_samples']
    with pytest.raises(ValueError, match="mode must be 'loss', 'predict' or 'tensor', got 'los'"):
        model(**batch, mode='los')
