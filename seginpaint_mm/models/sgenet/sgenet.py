"""``SGENet``: fills holes scale by scale, and segments what it fills alike (Fig. 2 and 3)."""

from collections.abc import Iterator, Mapping, Sequence

from torch import Tensor, nn
from torch.nn.functional import interpolate

from seginpaint_mm.models.adversarial import AdversarialInpainter
from seginpaint_mm.models.data_preprocessor import padding_mask
from seginpaint_mm.models.holes import (
    fill_holes,
    keep_padding,
    repeat_border,
    stack_holes,
    weighted_l1,
)
from seginpaint_mm.models.labels import (
    GIVEN_CLASSES,
    IGNORE_INDEX,
    stack_given,
    stack_labels,
)
from seginpaint_mm.models.sgenet.guidance import confidence
from seginpaint_mm.models.sgenet.predictions import set_predictions
from seginpaint_mm.registry import MODELS
from seginpaint_mm.structures import SceneSample
from seginpaint_mm.utils.graphs import HOLE, IMAGE, LABELS, NETWORK, Graph


@MODELS.register_module()
class SGENet(AdversarialInpainter):
    """Semantic guidance and evaluation network: images and segmentations of pictures with holes.

    The samples' ``hole`` says what is to be filled; the pictures are whole, and the network sees
    them blanked there. What is learnt is ``gt_image``, or the picture itself where the samples have
    none, and ``gt_sem_seg``, the classes of the whole picture, 255 = ignore. The loss is eq. (10);
    the paper gives no weights, so all of them are ours:

    - ``generator.loss_l1`` and ``generator.loss_perceptual``, eq. (7), sums over the scales, of
      the scale's image, enlarged, and the whole true picture;
    - ``generator.loss_gan``, eq. (8), of the completed picture, known pixels included;
    - ``generator.loss_segmentation``, eq. (9), a sum over the scales, of the scale's enlarged
      logits;
    - ``discriminator.loss_real`` and ``discriminator.loss_fake``, sums over the discriminator's
      scales.

    Samples may bring classes that guide the network in place of its own (Fig. 1e; also to edit what
    is painted): ``given_sem_seg``, 255 = not known, in which case its own guide it there. They
    change neither the loss nor ``pred_sem_seg``, which is the network's own.

    Parts, for ``optim_wrapper`` and the logs: ``generator``, ``discriminator``.

    Args:
        generator: Config of an :class:`SGEGenerator`.
        discriminator: Config of a :class:`MultiScalePatchDiscriminator`.
        loss_gan: Config of mmagic's ``GANLoss``, ``'vanilla'`` for the logarithms of eq. (8) or
            ``'hinge'``; its ``loss_weight``, lambda_a, is of the generator's side.
        loss_segmentation: Config of a loss of mmseg's kind; its ``loss_weight`` is lambda_s.
        l1_weight: Of the absolute difference of images in [0, 1].
        hole_weight: How many times a pixel of the hole counts in it; 1 is eq. (7).
        perceptual_features: Config of :class:`PerceptualFeatures`, or None.
        loss_perceptual: Config of a :class:`PerceptualLoss`, or None; its ``loss_weight`` is
            lambda_p.
        guide: Field of the samples with the given classes. ``'gt_sem_seg'``: always guided by the
            true ones, an upper bound of what a better segmentation would be worth.
        keep_scales: Predict the maps of every scale, too, see :func:`set_predictions`: 79 bytes per
            pixel instead of 15. :class:`SceneVisualizationHook` switches it on for the batches that
            are drawn.
        part_checkpoints: Part name -> checkpoint of an earlier training, see
            :class:`AdversarialModel`.
        data_preprocessor: Config of a :class:`SceneDataPreprocessor`.
        init_cfg: MMEngine's initialisation config.

    Raises:
        ValueError: when only one of ``perceptual_features`` and ``loss_perceptual`` is given, the
            data preprocessor does not say how it normalises, or a network that is guided by nothing
            is to be guided by the truth.
    """

    def __init__(
        self,
        *,
        generator: dict,
        discriminator: dict,
        loss_gan: dict,
        loss_segmentation: dict,
        l1_weight: float = 1.0,
        hole_weight: float = 1.0,
        perceptual_features: dict | None = None,
        loss_perceptual: dict | None = None,
        guide: str = GIVEN_CLASSES,
        keep_scales: bool = False,
        part_checkpoints: dict | None = None,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(part_checkpoints, data_preprocessor, init_cfg)
        self.generator = MODELS.build(generator)
        self.discriminator = MODELS.build(discriminator)
        self.loss_gan = MODELS.build(loss_gan)
        self.loss_segmentation = MODELS.build(loss_segmentation)
        self.l1_weight = l1_weight
        self.hole_weight = hole_weight
        self.guide = guide
        self.keep_scales = keep_scales
        self.build_perceptual_losses(perceptual_features, loss_perceptual)
        if guide != GIVEN_CLASSES and not self.takes_segmentation:
            raise ValueError(
                f'SGENet.guide is {guide!r}, but nothing guides this network: its decoder needs an '
                f'sgim.'
            )

    @property
    def takes_segmentation(self) -> bool:
        """Whether given classes guide it; see :class:`Inpainter`."""
        return self.generator.decoder.is_guided

    @property
    def num_classes(self) -> int:
        return self.generator.decoder.num_classes

    def class_numbers(self, metainfo: Mapping) -> dict[str, dict[str, int]]:
        """Say which config values belong to a data set's classes; see :class:`ClassCountHook`."""
        return dict(num_classes={'generator.decoder.num_classes': self.num_classes})

    @property
    def scales(self) -> tuple[int, ...]:
        """From the coarsest to 0, the full size."""
        return self.generator.decoder.scales

    @property
    def size_divisor(self) -> int:  # type: ignore[override]
        return self.generator.divisor

    def check_size(self, height: int, width: int) -> None:
        """See that pictures of this size can be filled: with :class:`ContextInference` few can.

        Raises:
            ValueError: when their size, padded, is not the one that the model has weights for.
        """
        places, divisor = getattr(self.generator.context, 'size', None), self.generator.divisor
        if places is None or places == (-(-height // divisor), -(-width // divisor)):
            return
        wanted = f'{places[1] * divisor}x{places[0] * divisor}'
        raise ValueError(
            f'an image of {width}x{height} pixels (width x height) does not fit: this SGENet is '
            f'made for {wanted}, to which it pads less than {divisor} pixels; crop the picture, or '
            f'take a config for any size, with DilatedContext.'
        )

    def graphs(self) -> dict[str, Graph]:
        """The network: the ``completed`` image in [0, 1], ``classes`` and ``confidence``.

        Where given classes guide it, also ``guided``, which takes them as ``labels``, 255 = not
        known.
        """

        def network(image: Tensor, hole: Tensor, *labels: Tensor) -> dict[str, Tensor]:
            given = labels[0][:, 0] if labels else None
            made = self._complete(self.denormalise(image), hole, given)
            probabilities = made['logits_0'].softmax(dim=1)
            return dict(
                completed=made['completed'],
                classes=probabilities.argmax(dim=1, keepdim=True),
                confidence=confidence(probabilities),
            )

        places, divisor = getattr(self.generator.context, 'size', None), self.generator.divisor
        size = places and (places[0] * divisor, places[1] * divisor)
        inputs = dict(image=IMAGE, hole=HOLE)
        graphs = {NETWORK: Graph(network, inputs, divisor, size=size)}
        if self.takes_segmentation:
            graphs['guided'] = Graph(network, {**inputs, 'labels': LABELS}, divisor, size=size)
        return graphs

    def generators(self) -> dict[str, nn.Module]:
        return dict(generator=self.generator)

    def discriminators(self) -> dict[str, nn.Module]:
        return dict(discriminator=self.discriminator)

    def generate(
        self, inputs: Tensor, data_samples: Sequence[SceneSample] | None
    ) -> dict[str, Tensor]:
        """Fill the holes of pictures whose sides are divisible by 32.

        Returns:
            ``pictures``, N,3,H,W in [0, 1], RGB; ``hole``, bool N,1,H,W; ``completed``, the same
            as ``pictures`` outside the hole, bit for bit, and the finest image in it; what
            :meth:`MultiScaleDecoder.forward` gives; ``truth`` like ``pictures``, the target; and
            ``padding``, bool N,1,H,W, where images of several sizes were padded: there, where
            nothing is learnt, the truth is the picture.

        Raises:
            ValueError: see :func:`stack_holes` and :meth:`SGEGenerator.forward`.
        """
        pictures = self.denormalise(inputs)
        hole = stack_holes(data_samples, tuple(inputs.shape[-2:]))
        given = self._given(data_samples, tuple(inputs.shape[-2:]))
        generated = self._complete(pictures, hole, given)
        padding = padding_mask(inputs, data_samples)
        if padding is not None:
            generated['padding'] = padding
        return dict(generated, truth=self.target(pictures, data_samples, padding))

    def _given(self, data_samples: Sequence[SceneSample], size: tuple[int, int]) -> Tensor | None:
        """Classes that guide it, int64 N,H,W, or None."""
        if not self.takes_segmentation:
            return None
        return stack_given(data_samples, self.guide, size, self.num_classes, model='SGENet')

    def _complete(
        self, pictures: Tensor, hole: Tensor, given: Tensor | None = None
    ) -> dict[str, Tensor]:
        made = self.generator(pictures, hole, given)
        completed = fill_holes(pictures, made['image_0'].to(pictures.dtype), hole)
        return dict(pictures=pictures, hole=hole, completed=completed, **made)

    def generator_losses(
        self, generated: dict[str, Tensor], data_samples: Sequence[SceneSample]
    ) -> dict[str, Tensor]:
        """The generator's losses, see above.

        Raises:
            ValueError: when a sample has no ``gt_sem_seg``, or a label is no class.
        """
        truth, hole = generated['truth'], generated['hole']
        padding = generated.get('padding')
        images = [
            keep_padding(image, truth, padding) for image in self._enlarged(generated, 'image')
        ]
        gan = self.gan_loss(generated['completed'], hole, is_real=True, is_disc=False)
        l1 = sum(weighted_l1(image, truth, hole, self.hole_weight, padding) for image in images)
        losses = {'generator.loss_l1': self.l1_weight * l1, 'generator.loss_gan': gan}
        perceptual = self.perceptual_losses(images, truth)  # the second term of eq. (7)
        losses.update({f'generator.{name}': value for name, value in perceptual.items()})
        labels = self._labels(data_samples)
        losses['generator.loss_segmentation'] = sum(
            self.loss_segmentation(logits, labels, ignore_index=IGNORE_INDEX)
            for logits in self._enlarged(generated, 'logits')
        )
        return losses

    def _enlarged(self, generated: dict[str, Tensor], name: str) -> Iterator[Tensor]:
        """up() of eq. (7) and (9): a result of each scale at full size."""
        size = generated['pictures'].shape[-2:]
        for scale in self.scales:
            made = generated[f'{name}_{scale}']
            yield interpolate(made, size, mode='bilinear', align_corners=False)

    def _labels(self, data_samples: Sequence[SceneSample]) -> Tensor:
        """int64 N,H,W."""
        return stack_labels(
            data_samples,
            self.num_classes,
            model='SGENet',
            key='model.generator.decoder.num_classes',
        )

    def fill(
        self,
        images: Tensor,
        hole: Tensor,
        data_samples: Sequence[SceneSample],
        normalised: Tensor,
    ) -> None:
        """Predict images and classes, see :func:`set_predictions`."""
        size = tuple(normalised.shape[-2:])
        given = self._given(data_samples, size)
        if given is not None:
            given = repeat_border(given[:, None].float(), self.size_divisor)[:, 0].long()
        made = self._complete(images, hole, given)
        scales = self.scales[:-1] if self.keep_scales else ()
        set_predictions(data_samples, made, scales, size)
