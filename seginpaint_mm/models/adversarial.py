"""The one adversarial training step, and what all inpainters that are trained by it share."""

from abc import abstractmethod
from collections.abc import Sequence

import torch
from mmengine.model import BaseModel
from torch import Tensor, nn

from seginpaint_mm.checkpoint import load_part
from seginpaint_mm.errors import CheckpointError
from seginpaint_mm.models.abilities import Inpainter
from seginpaint_mm.models.data_preprocessor import check_normalisation
from seginpaint_mm.models.holes import groups_of_a_size, keep_padding, pad_to_multiple
from seginpaint_mm.registry import MODELS
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


class AdversarialInpainter(Inpainter, AdversarialModel):
    """An inpainter whose generators learn against discriminators, whatever these are.

    It undoes the normalisation of images (:meth:`denormalise`), says what is to be learnt
    (:meth:`target`), takes images of any size (:meth:`predict`), and has the losses that most such
    inpainters have (:meth:`gan_loss`, :meth:`perceptual_losses`). A subclass adds its networks,
    :meth:`generate`, :meth:`generator_losses`, and :meth:`fill`, which predicts.

    Args:
        part_checkpoints: Part name -> checkpoint of an earlier training, see
            :class:`AdversarialModel`.
        data_preprocessor: Config of a :class:`SceneDataPreprocessor`.
        init_cfg: MMEngine's initialisation config.

    Raises:
        ValueError: when the data preprocessor does not say how it normalises.
    """

    value_range = (0.0, 1.0)  # of the images that the networks take
    size_divisor = 1  # heights and widths that the networks take are multiples of it
    min_size = 0  # the smallest of them
    loss_gan: nn.Module
    discriminator: nn.Module | None

    def __init__(
        self,
        part_checkpoints: dict[str, str] | None,
        data_preprocessor: dict | None,
        init_cfg: dict | None,
    ) -> None:
        built = None if data_preprocessor is None else MODELS.build(data_preprocessor)
        super().__init__(part_checkpoints, built, init_cfg)
        self.build_perceptual_losses(None, None)
        check_normalisation(self)

    def build_perceptual_losses(
        self, features: dict | None, perceptual: dict | None, style: dict | None = None
    ) -> None:
        """Build ``perceptual_features`` and the losses that compare them.

        Raises:
            ValueError: when there are losses of features but no features, or the reverse.
        """
        if (features is None) != (perceptual is None and style is None):
            raise ValueError(
                f'{type(self).__name__}: give both of perceptual_features and loss_perceptual (or '
                f'loss_style, where it is an argument), or neither.'
            )
        self.perceptual_features = features and MODELS.build(features)
        self.loss_perceptual = perceptual and MODELS.build(perceptual)
        self.loss_style = style and MODELS.build(style)

    def denormalise(self, inputs: Tensor) -> Tensor:
        """Return N,3,H,W in :attr:`value_range`, RGB, of the data preprocessor's images."""
        preprocessor = self.data_preprocessor
        return self._in_range(inputs * preprocessor.std + preprocessor.mean)

    def _in_range(self, colours: Tensor) -> Tensor:
        low, high = self.value_range
        return colours / (255 / (high - low)) + low

    def target(
        self,
        images: Tensor,
        data_samples: Sequence[SceneSample] | None,
        padding: Tensor | None = None,
    ) -> Tensor:
        """Return what is to be learnt: ``gt_image``, or the image itself where a sample has none.

        Args:
            images: N,3,H,W in :attr:`value_range`.
            data_samples: The N samples.
            padding: bool N,1,H,W, 1 = padding, where the target is the image; None: none.

        Returns:
            Tensor: N,3,H,W in :attr:`value_range`.
        """
        if not all('gt_image' in sample for sample in data_samples or ()):
            return images
        truth = torch.stack([sample.gt_image.data for sample in data_samples or ()]).to(images)
        return keep_padding(self._in_range(truth), images, padding)

    def gan_loss(self, images: Tensor, hole: Tensor, *, is_real: bool, is_disc: bool) -> Tensor:
        """Return the loss of images N,3,H,W, a sum over the discriminator's scales.

        Args:
            images: True or completed ones, in :attr:`value_range`.
            hole: N,1,H,W, 1 = filled; for discriminators that look at it.
            is_real: What the discriminator is to say.
            is_disc: Whether the discriminator learns by it; otherwise the generator does.
        """
        scores = self.discriminator(images)
        return sum(self.loss_gan(score, is_real, is_disc=is_disc) for score in scores)

    def perceptual_losses(self, images: Sequence[Tensor], truth: Tensor) -> dict[str, Tensor]:
        """Return ``loss_perceptual`` and ``loss_style``, those that there are, summed over images.

        Args:
            images: Each N,3,H,W in [0, 1].
            truth: The same; its features are computed once.
        """
        if self.perceptual_features is None:
            return {}
        with torch.no_grad():
            target = self.perceptual_features(truth)
        found = [self.perceptual_features(image) for image in images]
        losses = dict(loss_perceptual=self.loss_perceptual, loss_style=self.loss_style)
        return {
            name: sum(loss(features, target) for features in found)
            for name, loss in losses.items()
            if loss is not None
        }

    def discriminator_losses(
        self, name: str, generated: dict[str, Tensor], data_samples: Sequence[SceneSample]
    ) -> dict[str, Tensor]:
        """Return ``loss_real`` of ``truth`` and ``loss_fake`` of ``completed``."""
        pairs = dict(loss_real='truth', loss_fake='completed')
        return {
            key: self.gan_loss(
                generated[images], generated['hole'], is_real=key == 'loss_real', is_disc=True
            )
            for key, images in pairs.items()
        }

    def predict(self, inputs: Tensor, data_samples: Sequence[SceneSample]) -> list[SceneSample]:
        """Fill the holes of images of any size, see :meth:`fill`.

        Sides that the networks do not take are padded (:func:`pad_to_multiple`) and cut again.
        Images of different sizes in a batch do not see each other's.

        Raises:
            ValueError: when a hole is missing, of another size, everything or nothing.
        """
        for normalised, hole, samples in groups_of_a_size(inputs, data_samples):
            images = self.denormalise(normalised)
            padded = pad_to_multiple(images, hole, self.size_divisor, self.min_size)
            self.fill(*padded, samples, normalised)
        return list(data_samples)

    @abstractmethod
    def fill(
        self,
        images: Tensor,
        hole: Tensor,
        data_samples: Sequence[SceneSample],
        normalised: Tensor,
    ) -> None:
        """Add ``pred_image``, and what else is predicted, to samples of one size.

        Args:
            images: N,3,H,W in :attr:`value_range`, padded to sizes that the networks take.
            hole: bool N,1,H,W, 1 = to be filled, padded alike.
            data_samples: The N samples.
            normalised: N,3,h,w, the same images without this padding, of the data preprocessor.
        """
