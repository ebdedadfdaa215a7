"""mmagic's networks in our training step: losses by hand, all parts learn, any size."""

import copy

import pytest
import torch
from mmengine.config import Config
from mmengine.optim import OptimWrapper
from torch import Tensor, nn

import seginpaint_mm.interop.mmagic  # noqa: F401
from seginpaint_mm.engine import PartOptimWrappers
from seginpaint_mm.models.baselines import MMagicInpainter
from seginpaint_mm.registry import MODELS
from tests.helpers.inpainting_batches import batch_with_holes, check_paintings
from tests.helpers.model_tester import build_model, total_loss
from tests.helpers.tool_runs import REPOSITORY

PREPROCESSOR = dict(type='SceneDataPreprocessor')  # whatever it is, networks see [-1, 1]


@MODELS.register_module()
class GivenPainting(nn.Module):
    """Paints one grey everywhere; ``seen`` is its input."""

    def __init__(self, *, num_stages: int = 1) -> None:
        super().__init__()
        self.grey = nn.Parameter(torch.tensor(0.5))
        self.num_stages = num_stages

    def forward(self, pictures: Tensor, valid: Tensor | None = None) -> Tensor | tuple:
        self.seen = pictures
        self.valid = valid
        painted = self.grey.expand(len(pictures), 3, *pictures.shape[-2:])
        if valid is not None:
            return painted, valid
        stages = tuple(painted * (number + 1) for number in range(self.num_stages))
        return stages if self.num_stages > 1 else painted


@MODELS.register_module()
class MeanJudge(nn.Module):
    """Scores an image by the mean of its channels, weighted."""

    def __init__(self, *, in_channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.arange(1.0, in_channels + 1))

    def forward(self, pictures: Tensor) -> Tensor:
        return (pictures.mean(dim=(2, 3)) @ self.weight)[:, None, None, None]


def build(**options: object) -> MMagicInpainter:
    config = dict(
        type='MMagicInpainter',
        generator=dict(type='GivenPainting'),
        input_format='image_hole',
        data_preprocessor=PREPROCESSOR,
    )
    return build_model({**config, **options})


def generated(model: MMagicInpainter, batch: dict) -> tuple[dict, list]:
    data = model.data_preprocessor(batch, training=True)
    return model.generate(**data), data['data_samples']


def test_what_the_networks_are_given():
    for form, channels in (('image_hole', 4), ('image_ones_hole', 5)):
        stages = 2 if form == 'image_ones_hole' else 1
        model = build(
            generator=dict(type='GivenPainting', num_stages=stages), input_format=form, blank=0.25
        )
        made, _ = generated(model, batch_with_holes((8, 12)))
        seen, hole = model.generator.seen, made['hole'] > 0
        assert seen.shape == (1, channels, 8, 12)
        assert (seen[:, :3][hole.expand(-1, 3, -1, -1)] == 0.25).all()
        torch.testing.assert_close(seen[:, :3] * ~hole, made['truth'] * ~hole)
        assert made['truth'].min() >= -1
        assert made['truth'].max() <= 1
        assert torch.equal(seen[:, -1:], made['hole'])
        assert channels == 4 or (seen[:, 3] == 1).all()
    model = build(input_format='image_valid')
    made, _ = generated(model, batch_with_holes((8, 12)))
    assert torch.equal(model.generator.valid, (1 - made['hole']).expand(-1, 3, -1, -1))


def test_losses_by_hand():
    model = build(
        generator=dict(type='GivenPainting', num_stages=2),
        input_format='image_ones_hole',
        discriminator=dict(type='MeanJudge', in_channels=4),
        judge_hole=True,
        loss_gan=dict(type='mmagic.GANLoss', gan_type='hinge', loss_weight=0.1),
        l1_hole=6.0,
        l1_valid=1.0,
        l1_image=0.5,
        loss_tv=dict(type='mmagic.MaskedTVLoss', loss_weight=0.1),
    )
    made, samples = generated(model, batch_with_holes((8, 12), (8, 12)))
    losses = model.generator_losses(made, samples)
    hole = made['hole'].expand(-1, 3, -1, -1) > 0
    for stage, grey in ((1, 0.5), (2, 1.0)):
        error = (grey - made['truth']).abs()
        expected = 6 * error[hole].mean() + error[~hole].mean() + 0.5 * error.mean()
        assert losses[f'generator.loss_l1_{stage}'].item() == pytest.approx(
            expected.item(), rel=1e-4
        )
    completed = torch.where(hole, 1.0, made['truth'])
    torch.testing.assert_close(made['completed'], completed)
    scores = [
        model.discriminator(torch.cat([pictures, made['hole']], dim=1))
        for pictures in (made['truth'], completed)
    ]
    assert losses['generator.loss_gan'].item() == pytest.approx(
        -0.1 * scores[1].mean().item(), rel=1e-4
    )
    of_judge = model.discriminator_losses('discriminator', made, samples)
    assert of_judge['loss_real'].item() == pytest.approx(
        (1 - scores[0]).relu().mean().item(), rel=1e-4
    )
    assert of_judge['loss_fake'].item() == pytest.approx(
        (1 + scores[1]).relu().mean().item(), rel=1e-4
    )
    assert losses['generator.loss_tv'] > 0


def test_perceptual_losses_are_of_what_is_asked_for():
    features = dict(type='PerceptualFeatures', layers=('relu2_2',), weights=None)
    weights = dict(relu2_2=1.0)
    options = dict(
        perceptual_features=features,
        loss_perceptual=dict(type='PerceptualLoss', layer_weights=weights, loss_weight=0.05),
        loss_style=dict(type='StyleLoss', layer_weights=weights),
        l1_image=1.0,
    )
    values = {}
    for perceived in (('output',), ('completed',), ('output', 'completed')):
        model = build(perceived=perceived, **options)
        losses = model.generator_losses(*generated(model, batch_with_holes((16, 16))))
        values[perceived] = losses
    for name in ('generator.loss_perceptual', 'generator.loss_style'):
        one, two, both = (losses[name].item() for losses in values.values())
        assert one > two > 0
        assert both == pytest.approx(one + two, rel=1e-4)


# Its dilations need images of more than 64 pixels.
@pytest.mark.parametrize(
    ('name', 'side'), [('gatedconv_small', 72), ('pconv_small', 64), ('aotgan_small', 64)]
)
def test_networks_of_the_configs_learn(name, side):
    config = Config.fromfile(REPOSITORY / f'configs/_base_/models/{name}.py').to_dict()['model']
    model = build_model(copy.deepcopy(config)).train()
    batch = batch_with_holes((side, side), (side, side))
    loss = total_loss(model, batch)
    loss.backward()
    assert torch.isfinite(loss)
    without = [n for n, p in model.named_parameters() if p.requires_grad and p.grad is None]
    assert not without
    wrappers = PartOptimWrappers(
        {
            part: OptimWrapper(torch.optim.Adam(net.parameters(), 1e-3))
            for part, net in model.parts().items()
        }
    )
    first = None
    for _ in range(4):
        log = model.train_step(batch_with_holes((side, side), (side, side)), wrappers)
        last = sum(value for key, value in log.items() if 'loss_l1' in key).item()
        first = last if first is None else first
    assert last < first
    samples = batch_with_holes((side + 5, side + 11), (side, side))
    with torch.no_grad():
        check_paintings(model.eval().test_step(samples), samples)


def test_options_refused():
    for options, sentence in (
        (dict(input_format='x'), "input_format must be one of .'image_hole', .* not 'x'"),
        (dict(perceived=('x',)), 'perceived must be of'),
        (dict(loss_gan=dict(type='mmagic.GANLoss', gan_type='hinge')), 'both of discriminator and'),
        (
            dict(loss_style=dict(type='StyleLoss', layer_weights={})),
            'MMagicInpainter: give both of perceptual_features and loss_perceptual',
        ),
        (dict(data_preprocessor=None), 'undoes the normalisation'),
    ):
        with pytest.raises(ValueError, match=sentence):
            build(**options)
