"""``SPGNet``: predicts the segmentation of a hole first, and then paints with it."""

from collections.abc import Mapping, Sequence

import torch
from mmengine.structures import PixelData
from torch import Tensor, nn

from seginpaint_mm.models.adversarial import AdversarialInpainter
from seginpaint_mm.models.baselines.two_stages import set_paintings, to_uint8
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
    class_shares,
    complete_shares,
    stack_given,
    stack_labels,
)
from seginpaint_mm.registry import MODELS
from seginpaint_mm.structures import SceneSample


@MODELS.register_module()
class SPGNet(AdversarialInpainter):
    """Segmentation prediction and guidance (Song et al., BMVC 2018), of parts of this toolkit.

    There is no published code; SGE-Net's authors, too, have made their own to compare with. One
    network predicts the classes of the whole picture from what is known of it; another gets the
    same and these classes' probabilities, and paints. (The original reads the known classes off
    with a network of its own, and only completes them.) The segmentation is not corrected by
    anything that is painted, which is what SGE-Net does otherwise.

    The samples' ``hole`` says what is to be filled. What is learnt is ``gt_image``, or the picture
    itself where the samples have none, and ``gt_sem_seg``, 255 = ignore. Losses:
    ``segmentation.loss_classes``; ``painter.loss_l1`` and ``painter.loss_perceptual`` of the whole
    painting, ``painter.loss_gan`` of the completed picture; ``discriminator.loss_real`` and
    ``.loss_fake``. Parts, for ``optim_wrapper`` and the logs: ``segmentation``, ``painter``,
    ``discriminator``.

    Samples may bring classes that the painter is given in place of the predicted ones:
    ``given_sem_seg``, 255 = not known, which are predicted.

    Args:
        num_classes: Number of classes.
        segmentation: Config of a network from N,4,H,W, the picture in [-1, 1], 0 in the hole, and
            the hole, to logits N,num_classes,H,W.
        painter: Config of a network from N,4+num_classes,H,W, the same and the probabilities, to
            N,3,H,W, of which a sigmoid is taken.
        discriminator: Config of a :class:`MultiScalePatchDiscriminator`.
        loss_classes: Config of a loss of mmseg's kind.
        loss_gan: Config of mmagic's ``GANLoss``.
        l1_weight: Of the absolute difference of images in [0, 1].
        hole_weight: How many times a pixel of the hole counts in it.
        perceptual_features: Config of :class:`PerceptualFeatures`, or None.
        loss_perceptual: Config of a :class:`PerceptualLoss`, or None.
        guide: Field of the samples with the given classes; ``'gt_sem_seg'``: always the true ones.
        joint: The painter's losses reach the segmentation; otherwise each learns its own, though
            in one training.
        size_divisor: Heights and widths that both networks take are multiples; others are padded
            when predicting.
        part_checkpoints: Part name -> checkpoint of an earlier training.
        data_preprocessor: Config of a :class:`SceneDataPreprocessor`.
        init_cfg: MMEngine's initialisation config.

    Raises:
        ValueError: when only one of ``perceptual_features`` and ``loss_perceptual`` is given, or
            the data preprocessor does not say how it normalises.
    """

    def __init__(
        self,
        *,
        num_classes: int,
        segmentation: dict,
        painter: dict,
        discriminator: dict,
        loss_classes: dict,
        loss_gan: dict,
        l1_weight: float = 1.0,
        hole_weight: float = 1.0,
        perceptual_features: dict | None = None,
        loss_perceptual: dict | None = None,
        guide: str = GIVEN_CLASSES,
        joint: bool = False,
        size_divisor: int = 16,
        part_checkpoints: dict | None = None,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(part_checkpoints, data_preprocessor, init_cfg)
        self.num_classes = num_classes
        self.segmentation = MODELS.build(segmentation)
        self.painter = MODELS.build(painter)
        self.discriminator = MODELS.build(discriminator)
        self.loss_classes = MODELS.build(loss_classes)
        self.loss_gan = MODELS.build(loss_gan)
        self.l1_weight = l1_weight
        self.hole_weight = hole_weight
        self.build_perceptual_losses(perceptual_features, loss_perceptual)
        self.guide = guide
        self.joint = joint
        self.size_divisor = size_divisor

    @property
    def takes_segmentation(self) -> bool:
        """Given classes guide it; see :class:`Inpainter`."""
        return True

    def class_numbers(self, metainfo: Mapping) -> dict[str, dict[str, int]]:
        """Say which config values belong to a data set's classes; see :class:`ClassCountHook`."""
        return dict(num_classes=dict(num_classes=self.num_classes))

    def generators(self) -> dict[str, nn.Module]:
        return dict(segmentation=self.segmentation, painter=self.painter)

    def discriminators(self) -> dict[str, nn.Module]:
        return dict(discriminator=self.discriminator)

    def generate(
        self, inputs: Tensor, data_samples: Sequence[SceneSample] | None
    ) -> dict[str, Tensor]:
        """Fill the holes of pictures whose sides are multiples of ``size_divisor``.

        Returns:
            ``logits`` N,num_classes,H,W of the whole picture; and, N,3,H,W in [0, 1], ``image``,
            what was painted, ``completed``, that in the hole and the picture outside, and
            ``truth``; ``padding``, bool N,1,H,W, where images of several sizes were padded: there,
            where nothing is learnt, the painting and the truth are the picture.

        Raises:
            ValueError: see :func:`stack_holes`.
        """
        padding = padding_mask(inputs, data_samples)
        hole = stack_holes(data_samples, tuple(inputs.shape[-2:]))
        pictures = self.denormalise(inputs)
        made = self._paint(pictures, hole, self._given(data_samples, tuple(inputs.shape[-2:])))
        made['image'] = keep_padding(made['image'], pictures, padding)
        if padding is not None:
            made['padding'] = padding
        completed = fill_holes(pictures, made['image'], hole)
        truth = self.target(pictures, data_samples, padding)
        return dict(truth=truth, hole=hole, completed=completed, **made)

    def _given(self, data_samples: Sequence[SceneSample], size: tuple[int, int]) -> Tensor | None:
        """Shares of the given classes, N,num_classes,H,W, or None."""
        given = stack_given(data_samples, self.guide, size, self.num_classes, model='SPGNet')
        return None if given is None else class_shares(given, self.num_classes)

    def _paint(
        self, pictures: Tensor, hole: Tensor, given: Tensor | None = None
    ) -> dict[str, Tensor]:
        known = torch.cat([(pictures * 2 - 1).masked_fill(hole, 0), hole.to(pictures.dtype)], dim=1)
        logits = self.segmentation(known)
        guide = (logits if self.joint else logits.detach()).softmax(dim=1)
        if given is not None:
            guide = complete_shares(given, guide)
        image = self.painter(torch.cat([known, guide], dim=1))
        return dict(logits=logits.float(), image=image.float().sigmoid())

    def generator_losses(
        self, generated: dict[str, Tensor], data_samples: Sequence[SceneSample]
    ) -> dict[str, Tensor]:
        """The losses of both networks, see above.

        Raises:
            ValueError: when a sample has no ``gt_sem_seg``, or a label is no class.
        """
        labels = stack_labels(
            data_samples, self.num_classes, model='SPGNet', key='model.num_classes'
        )
        image, truth, hole = (generated[name] for name in ('image', 'truth', 'hole'))
        losses = {
            'segmentation.loss_classes': self.loss_classes(
                generated['logits'], labels, ignore_index=IGNORE_INDEX
            ),
            'painter.loss_l1': self.l1_weight
            * weighted_l1(image, truth, hole, self.hole_weight, generated.get('padding')),
            'painter.loss_gan': self.gan_loss(
                generated['completed'], hole, is_real=True, is_disc=False
            ),
        }
        perceptual = self.perceptual_losses([image], truth)
        return {**losses, **{f'painter.{name}': value for name, value in perceptual.items()}}

    def fill(
        self,
        images: Tensor,
        hole: Tensor,
        data_samples: Sequence[SceneSample],
        normalised: Tensor,
    ) -> None:
        """Add ``pred_image`` (:func:`set_paintings`), ``pred_sem_seg`` and ``pred_confidence``.

        The classes are int64 1,h,w, also in the hole; the confidence is float32 1,h,w in [0, 1],
        the probability of that class.
        """
        height, width = normalised.shape[-2:]
        given = self._given(data_samples, (height, width))
        if given is not None:
            given = repeat_border(given, self.size_divisor)
        painting = self._paint(images, hole, given)
        made = {name: maps[..., :height, :width] for name, maps in painting.items()}
        painted = (made['image'] * 255).round().to(torch.uint8)
        originals = to_uint8(normalised, self.data_preprocessor)
        set_paintings(data_samples, originals, painted, hole[..., :height, :width])
        best = made['logits'].softmax(dim=1).max(dim=1, keepdim=True)
        for sample, classes, confidence in zip(
            data_samples, best.indices, best.values, strict=True
        ):
            sample.pred_sem_seg = PixelData(data=classes)
            sample.pred_confidence = PixelData(data=confidence)
