"""An adversarial model of four tiny parts, its data, and a config to train it with."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from seginpaint_mm.models.adversarial import AdversarialModel
from seginpaint_mm.registry import DATASETS, MODELS
from seginpaint_mm.structures import SceneSample
from tests.helpers.tool_runs import REPOSITORY

GENERATORS = ('shaper', 'painter')
DISCRIMINATORS = ('judge', 'critic')


@MODELS.register_module()
class TinyGAN(AdversarialModel):
    """Two generators in a row; two discriminators look at what the second one makes.

    ``runs`` counts how often each part was run, ``shaper`` being the first generator.
    """

    def __init__(self, *, seed: int = 0, part_checkpoints: dict | None = None) -> None:
        super().__init__(part_checkpoints)
        torch.manual_seed(seed)
        self.shaper = nn.Linear(4, 4)
        self.painter = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 4))
        self.judge = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 1))
        self.critic = nn.Linear(4, 1)
        self.runs = dict.fromkeys(self.parts(), 0)
        for name, part in self.parts().items():
            part.register_forward_hook(lambda *_, name=name: self._count(name))

    def _count(self, name: str) -> None:
        self.runs[name] += 1

    def generators(self) -> dict[str, nn.Module]:
        return dict(shaper=self.shaper, painter=self.painter)

    def discriminators(self) -> dict[str, nn.Module]:
        return dict(judge=self.judge, critic=self.critic)

    def generate(
        self, inputs: Sequence[Tensor], data_samples: Sequence[SceneSample] | None
    ) -> dict[str, Tensor]:
        shape = self.shaper(torch.stack(tuple(inputs)))
        return dict(shape=shape, picture=self.painter(shape))

    def generator_losses(
        self, generated: dict[str, Tensor], data_samples: Sequence[SceneSample]
    ) -> dict[str, Tensor]:
        truth = _truth(data_samples)
        picture = generated['picture']
        return {
            'shaper.loss_shape': (generated['shape'] - truth).square().mean(),
            'painter.loss_judge': nn.functional.softplus(-self.judge(picture)).mean(),
            'painter.loss_critic': -self.critic(picture).mean(),
        }

    def discriminator_losses(
        self, name: str, generated: dict[str, Tensor], data_samples: Sequence[SceneSample]
    ) -> dict[str, Tensor]:
        part = self.discriminators()[name]
        return {
            'loss_real': nn.functional.softplus(-part(_truth(data_samples))).mean(),
            'loss_fake': nn.functional.softplus(part(generated['picture'])).mean(),
        }

    def predict(
        self, inputs: Sequence[Tensor], data_samples: Sequence[SceneSample]
    ) -> list[SceneSample]:
        return list(data_samples)


@DATASETS.register_module()
class TinyVectors(Dataset):
    """``number`` vectors of four random numbers, with four more as the truth."""

    def __init__(self, *, number: int) -> None:
        generator = torch.Generator().manual_seed(1)
        self._vectors = torch.randn(number, 2, 4, generator=generator)

    def __len__(self) -> int:
        return len(self._vectors)

    def __getitem__(self, index: int) -> dict:
        return tiny_item(*self._vectors[index])


def tiny_item(vector: Tensor, truth: Tensor) -> dict:
    sample = SceneSample()
    sample.truth = truth
    return dict(inputs=vector, data_samples=sample)


def tiny_batch(vectors: Tensor) -> dict:
    """A batch of N items, as the data loader gives it, of N,2,4 numbers."""
    items = [tiny_item(*pair) for pair in vectors]
    return {key: [item[key] for item in items] for key in ('inputs', 'data_samples')}


def tiny_gan_config(folder: Path, body: str = '') -> Path:
    """A config of the project's own runtime for the tiny model: 10 batches an epoch."""
    path = folder / 'tiny_gan.py'
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_CONFIG.format(runtime=REPOSITORY / 'configs/_base_/default_runtime.py') + body)
    return path


def _truth(data_samples: Sequence[SceneSample]) -> Tensor:
    return torch.stack([sample.truth for sample in data_samples])


_CONFIG = """
_base_ = '{runtime}'
custom_imports = dict(
    imports=['tests.helpers.tiny_gan', 'tests.helpers.tiny_run'], allow_failed_imports=False
)
model = dict(type='TinyGAN')
train_dataloader = dict(
    batch_size=4,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(type='TinyVectors', number=40),
)
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=2)
adam = dict(type='Adam', lr=1e-2, betas=(0.5, 0.999))
optim_wrapper = dict(
    constructor='PartOptimWrapperConstructor',
    shaper=dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=1e-2, momentum=0.9)),
    painter=dict(type='OptimWrapper', optimizer=adam),
    judge=dict(type='OptimWrapper', optimizer=adam),
    critic=dict(type='OptimWrapper', optimizer=adam),
)
custom_hooks = _base_.custom_hooks + [dict(type='LossFileHook')]
"""
