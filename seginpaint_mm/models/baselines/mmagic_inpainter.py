"""``MMagicInpainter``: mmagic's inpainting networks on our data, training step and metrics."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from seginpaint_mm.models.adversarial import AdversarialInpainter
from seginpaint_mm.models.baselines.two_stages import set_paintings, to_uint8
from seginpaint_mm.models.data_preprocessor import padding_mask
from seginpaint_mm.models.holes import fill_holes, keep_padding, stack_holes
from seginpaint_mm.registry import MODELS
from seginpaint_mm.structures import SceneSample
from seginpaint_mm.utils.graphs import HOLE, IMAGE, NETWORK, Graph

Network = Callable[..., Tensor | tuple[Tensor, ...]]


def _image_hole(network: Network, blanked: Tensor, hole: Tensor) -> tuple[Tensor, ...]:
    return (network(torch.cat([blanked, hole], dim=1)),)


def _image_ones_hole(network: Network, blanked: Tensor, hole: Tensor) -> tuple[Tensor, ...]:
    return network(torch.cat([blanked, torch.ones_like(hole), hole], dim=1))


def _image_valid(network: Network, blanked: Tensor, hole: Tensor) -> tuple[Tensor, ...]:
    return network(blanked, (1 - hole).expand_as(blanked))[:1]


# How a network takes the blanked picture and the hole; each gives the paintings of its stages.
INPUT_FORMATS = {
    'image_hole': _image_hole,
    'image_ones_hole': _image_ones_hole,
    'image_valid': _image_valid,
}
PERCEIVED = ('output', 'completed')


@MODELS.register_module()
class MMagicInpainter(AdversarialInpainter):
    """GatedConv (DeepFillv2), partial convolution, AOT-GAN: networks and losses of mmagic.

    mmagic's own classes bring their own training step, samples and metrics. Here its networks stand
    in ours, so that they are trained and tested like all other inpainters; the losses are those of
    its configs. Images are in [-1, 1]. The samples' ``hole`` says what is to be filled; what is
    learnt is ``gt_image``, or the picture itself where the samples have none.

    Losses of each stage's painting: ``generator.loss_l1_N``; of the last one:
    ``generator.loss_gan`` and ``discriminator.loss_real``, ``.loss_fake`` of the completed picture,
    ``generator.loss_tv``, ``generator.loss_perceptual`` and ``generator.loss_style``.
    Parts, for ``optim_wrapper`` and the logs: ``generator`` and, if there is one,
    ``discriminator``.

    Args:
        generator: Config of the network.
        input_format: What it takes: ``'image_hole'`` N,4,H,W (AOT-GAN), ``'image_ones_hole'``
            N,5,H,W (DeepFill), or ``'image_valid'``: the picture and, apart, N,3,H,W with 1 where
            it is known (partial convolution).
        blank: Colour of the hole in the input, in [-1, 1].
        size_divisor: Heights and widths that it takes are multiples; others are padded when
            predicting.
        min_size: The smallest height and width that it takes, to which others are padded likewise:
            networks mirror their features at the border.
        discriminator: Config of a network from pictures N,3,H,W to scores, or None.
        judge_hole: The discriminator sees the hole too: N,4,H,W.
        loss_gan: Config of mmagic's ``GANLoss``; goes with the discriminator.
        l1_hole: Weight of the mean absolute difference in the hole.
        l1_valid: Of that outside.
        l1_image: Of that of the whole picture.
        loss_tv: Config of mmagic's ``MaskedTVLoss`` of the completed picture in the hole, or None.
        perceptual_features: Config of :class:`PerceptualFeatures`, or None.
        loss_perceptual: Config of a :class:`PerceptualLoss` on them, or None.
        loss_style: Config of a :class:`StyleLoss` on them, or None.
        perceived: Which pictures these two look at: ``'output'``, ``'completed'``, or both.
        part_checkpoints: Part name -> checkpoint of an earlier training.
        data_preprocessor: Config of a :class:`SceneDataPreprocessor`.
        init_cfg: MMEngine's initialisation config.

    Raises:
        ValueError: when an option is unknown, or parts that belong together are not all given.
    """

    value_range = (-1.0, 1.0)

    def __init__(
        self,
        *,
        generator: dict,
        input_format: str,
        blank: float = 0.0,
        size_divisor: int = 8,
        min_size: int = 0,
        discriminator: dict | None = None,
        judge_hole: bool = False,
        loss_gan: dict | None = None,
        l1_hole: float = 0.0,
        l1_valid: float = 0.0,
        l1_image: float = 0.0,
        loss_tv: dict | None = None,
        perceptual_features: dict | None = None,
        loss_perceptual: dict | None = None,
        loss_style: dict | None = None,
        perceived: Sequence[str] = ('output',),
        part_checkpoints: dict | None = None,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(part_checkpoints, data_preprocessor, init_cfg)
        self.generator = MODELS.build(generator)
        self.input_format = input_format
        self.blank = blank
        self.size_divisor = size_divisor
        self.min_size = min_size
        self.discriminator = discriminator and MODELS.build(discriminator)
        self.judge_hole = judge_hole
        self.loss_gan = loss_gan and MODELS.build(loss_gan)
        self.l1_hole = l1_hole
        self.l1_valid = l1_valid
        self.l1_image = l1_image
        self.loss_tv = loss_tv and MODELS.build(loss_tv)
        self.build_perceptual_losses(perceptual_features, loss_perceptual, loss_style)
        self.perceived = tuple(perceived)
        self._check_arguments()

    def _check_arguments(self) -> None:
        if self.input_format not in INPUT_FORMATS:
            raise ValueError(
                f'MMagicInpainter.input_format must be one of {[*INPUT_FORMATS]}, not '
                f'{self.input_format!r}.'
            )
        if not {*self.perceived} <= {*PERCEIVED}:
            raise ValueError(
                f'MMagicInpainter.perceived must be of {PERCEIVED}, not {self.perceived!r}.'
            )
        if (self.discriminator is None) != (self.loss_gan is None):
            raise ValueError('MMagicInpainter: give both of discriminator and loss_gan, or none.')

    def graphs(self) -> dict[str, Graph]:
        """The network: the ``completed`` image in [0, 1]."""

        def network(image: Tensor, hole: Tensor) -> dict[str, Tensor]:
            pictures = self.denormalise(image)
            completed = fill_holes(pictures, self._stages(pictures, hole)[-1], hole)
            return dict(completed=((completed + 1) / 2).clamp(0, 1))

        sides = self.size_divisor, self.min_size
        return {NETWORK: Graph(network, dict(image=IMAGE, hole=HOLE), *sides)}

    def generators(self) -> dict[str, nn.Module]:
        return dict(generator=self.generator)

    def discriminators(self) -> dict[str, nn.Module]:
        return {} if self.discriminator is None else dict(discriminator=self.discriminator)

    def generate(
        self, inputs: Tensor, data_samples: Sequence[SceneSample] | None
    ) -> dict[str, Tensor]:
        """Fill the holes.

        Returns:
            ``hole``, float N,1,H,W, 1 = to be filled; ``truth``, N,3,H,W in [-1, 1]; for each stage
            k ``stage_k``, N,3,H,W; ``output``, the last one, and ``completed``, that in the hole
            and the picture outside; ``padding``, bool N,1,H,W, where images of several sizes were
            padded: there, where nothing is learnt, paintings and truth are the picture.

        Raises:
            ValueError: see :func:`stack_holes`.
        """
        hole = stack_holes(data_samples, tuple(inputs.shape[-2:]))
        pictures = self.denormalise(inputs)
        padding = padding_mask(inputs, data_samples)
        stages = [keep_padding(stage, pictures, padding) for stage in self._stages(pictures, hole)]
        padded = {} if padding is None else dict(padding=padding)
        return dict(
            hole=hole.to(pictures.dtype),
            truth=self.target(pictures, data_samples, padding),
            output=stages[-1],
            completed=fill_holes(pictures, stages[-1], hole),
            **{f'stage_{number}': stage for number, stage in enumerate(stages, start=1)},
            **padded,
        )

    def _stages(self, pictures: Tensor, hole: Tensor) -> list[Tensor]:
        """Paintings N,3,H,W of each stage, in float32 as losses sum over whole pictures."""
        blanked = pictures.masked_fill(hole, self.blank)
        stages = INPUT_FORMATS[self.input_format](self.generator, blanked, hole.to(pictures.dtype))
        return [stage.float() for stage in stages]

    def generator_losses(
        self, generated: dict[str, Tensor], data_samples: Sequence[SceneSample]
    ) -> dict[str, Tensor]:
        """The generator's losses, see above."""
        stages = (name.removeprefix('stage_') for name in generated if name.startswith('stage_'))
        losses = {f'loss_l1_{stage}': self._l1(generated, f'stage_{stage}') for stage in stages}
        hole, completed = generated['hole'], generated['completed']
        if self.discriminator is not None:
            losses['loss_gan'] = self.gan_loss(completed, hole, is_real=True, is_disc=False)
        if self.loss_tv is not None:
            losses['loss_tv'] = self.loss_tv(completed, mask=hole)
        if self.perceptual_features is not None:
            images = [(generated[name] + 1) / 2 for name in self.perceived]
            losses |= self.perceptual_losses(images, (generated['truth'] + 1) / 2)
        return {f'generator.{name}': value for name, value in losses.items()}

    def _l1(self, generated: dict[str, Tensor], name: str) -> Tensor:
        painted, truth, hole = generated[name], generated['truth'], generated['hole']
        error = (painted - truth).abs()
        image = torch.ones_like(hole)
        if 'padding' in generated:
            image = image.masked_fill(generated['padding'], 0)
        return (
            self.l1_hole * _mean(error, hole)
            + self.l1_valid * _mean(error, image - hole)
            + self.l1_image * _mean(error, image)
        )

    def gan_loss(self, images: Tensor, hole: Tensor, *, is_real: bool, is_disc: bool) -> Tensor:
        """Return the loss of images N,3,H,W in [-1, 1]; AOT-GAN's depends on the hole."""
        seen = torch.cat([images, hole], dim=1) if self.judge_hole else images
        scores = self.discriminator(seen).float()
        return self.loss_gan(scores, is_real, is_disc=is_disc, mask=hole)

    def fill(
        self,
        images: Tensor,
        hole: Tensor,
        data_samples: Sequence[SceneSample],
        normalised: Tensor,
    ) -> None:
        """Add ``pred_image`` to each sample, see :func:`set_paintings`."""
        height, width = normalised.shape[-2:]
        output = self._stages(images, hole)[-1][..., :height, :width]
        painted = ((output + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
        originals = to_uint8(normalised, self.data_preprocessor)
        set_paintings(data_samples, originals, painted, hole[..., :height, :width])


def _mean(error: Tensor, where: Tensor) -> Tensor:
    """Mean of N,3,H,W over the pixels where N,1,H,W is 1; 0 where there are none."""
    return (error * where).sum() / (error.shape[1] * where.sum()).clamp(min=1)
