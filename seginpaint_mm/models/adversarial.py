"""The one adversarial training step: any number of generators and discriminators."""

from abc import abstractmethod
from collections.abc import Sequence

from mmengine.model import BaseModel
from torch import Tensor, nn

from seginpaint_mm.checkpoint import load_part
from seginpaint_mm.errors import CheckpointError
from seginpaint_mm.structures import SceneSample
from seginpaint_mm.utils.torch_modules import frozen, is_trained


class AdversarialModel(BaseModel):
    """A model of generators, which are trained together, and of discriminators, one by one.

    A model says what its parts are, what the generators make of a batch, and what each side loses.
    The training step does the rest:

    1. :meth:`generate` runs once; both sides read what it made.
    2. :meth:`generator_losses` sees it while the discriminators' weights are frozen: gradients pass
       through a discriminator, but neither reach its weights nor are computed for them.
    3. :meth:`discriminator_losses` sees it cut off from the generators, once a discriminator.
    4. One backward pass of the sum of all losses: by 2 and 3 every part has the gradient of its own
       side only. Then every part's optimiser takes its step.

    So all losses are of the weights before the step, as in the published code of EdgeConnect. (In
    that of pix2pix the discriminator steps first, and the generator's loss is of its new weights.)
    As this is one forward and one backward pass, ``MMDistributedDataParallel``,
    mixed precision and gradient accumulation work as with any other model. The optimisers are
    those of :class:`PartOptimWrapperConstructor`, which may let a part rest: the losses of
    discriminators that rest (or are frozen otherwise) are not computed, nor those of the
    generators where all of them rest. ``tools/train.py`` needs nothing else.

    Args:
        part_checkpoints: Part name -> checkpoint of an earlier training, in which the part had the
            same place in the model: the part's weights begin with those.
        data_preprocessor: The data preprocessor.
        init_cfg: MMEngine's initialisation config.
    """

    def __init__(
        self,
        part_checkpoints: dict[str, str] | None = None,
        data_preprocessor: nn.Module | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(data_preprocessor, init_cfg)
        self._part_checkpoints = part_checkpoints or {}

    def init_weights(self) -> None:
        """Initialise the weights, then load those of ``part_checkpoints``.

        Raises:
            ValueError: when one is of a part that the model has not.
            CheckpointError: when one is missing or does not fit.
        """
        super().init_weights()
        for name, path in self._part_checkpoints.items():
            self._load_part(name, path)

    def _load_part(self, name: str, path: str) -> None:
        parts = self.all_parts()
        if name not in parts:
            raise ValueError(
                f'part_checkpoints: there is no part {name!r}; use {", ".join(parts)}.'
            )
        (place,) = (where for where, part in self.named_modules() if part is parts[name])
        try:
            load_part(parts[name], place, path)
        except CheckpointError as error:
            raise CheckpointError(f'model.part_checkpoints.{name}: {error}') from error

    @abstractmethod
    def generators(self) -> dict[str, nn.Module]:
        """Name -> part that :meth:`generator_losses` train."""

    @abstractmethod
    def discriminators(self) -> dict[str, nn.Module]:
        """Name -> part that :meth:`discriminator_losses` of that name train."""

    @abstractmethod
    def generate(
        self, inputs: Tensor, data_samples: Sequence[SceneSample] | None
    ) -> dict[str, Tensor]:
        """What the losses need of the generators' work.

        Args:
            inputs: N,3,H,W float32, from the data preprocessor.
            data_samples: The N samples.
        """

    @abstractmethod
    def generator_losses(
        self, generated: dict[str, Tensor], data_samples: Sequence[SceneSample]
    ) -> dict[str, Tensor]:
        """Name -> loss of the generators, e.g. ``generator.loss_gan``; their sum is minimised."""

    @abstractmethod
    def discriminator_losses(
        self, name: str, generated: dict[str, Tensor], data_samples: Sequence[SceneSample]
    ) -> dict[str, Tensor]:
        """Name -> loss of the discriminator ``name``, e.g. ``loss_real`` and ``loss_fake``.

        They are logged with the discriminator's name before them. ``generated`` has no gradient.
        """

    @abstractmethod
    def predict(self, inputs: Tensor, data_samples: Sequence[SceneSample]) -> list[SceneSample]:
        """The samples with predictions added."""

    def all_parts(self) -> dict[str, nn.Module]:
        """Name -> part that ``part_checkpoints`` may name: also such as are not trained."""
        return self.parts()

    def predicting_parts(self) -> dict[str, nn.Module]:
        """Name -> part that predictions need: all but the discriminators."""
        judges = self.discriminators()
        return {name: part for name, part in self.all_parts().items() if name not in judges}

    def parts(self) -> dict[str, nn.Module]:
        """Name -> part that has an optimiser of its own."""
        return {**self.generators(), **self.discriminators()}

    def forward(
        self,
        inputs: Tensor,
        data_samples: Sequence[SceneSample] | None = None,
        mode: str = 'tensor',
    ) -> dict[str, Tensor] | list[SceneSample]:
        """Run the model on what the data preprocessor gives.

        Args:
            inputs: N,3,H,W float32.
            data_samples: The N samples.
            mode: ``'loss'``, ``'predict'`` or ``'tensor'``.

        Returns:
            The losses; or the samples with predictions added; or what :meth:`generate` gives.
        """
        if mode == 'loss':
            return self.loss(inputs, data_samples)
        if mode == 'predict':
            return self.predict(inputs, data_samples)
        if mode == 'tensor':
            return self.generate(inputs, data_samples)
        raise ValueError(f"mode must be 'loss', 'predict' or 'tensor', got {mode!r}.")

    def loss(self, inputs: Tensor, data_samples: Sequence[SceneSample]) -> dict[str, Tensor]:
        """Losses of all parts that are being trained; one backward pass of their sum suits all."""
        losses = {}
        generated = self.generate(inputs, data_samples)
        if any(is_trained(part) for part in self.generators().values()):
            judges = self.discriminators().values()
            with frozen(weight for judge in judges for weight in judge.parameters()):
                losses.update(self.generator_losses(generated, data_samples))
        made = {name: tensor.detach() for name, tensor in generated.items()}
        for name, part in self.discriminators().items():
            if is_trained(part):
                of_part = self.discriminator_losses(name, made, data_samples)
                losses.update({f'{name}.{key}': value for key, value in of_part.items()})
        return losses
