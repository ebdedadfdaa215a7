"""The context encoder that generates the invisible part (Section 3.2)."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn
from torchvision.ops import roi_align

from seginpaint_mm.geometry.boxes import crop_masks
from seginpaint_mm.models.abilities import ObjectCompleter
from seginpaint_mm.models.adversarial import AdversarialModel
from seginpaint_mm.models.data_preprocessor import groups_by_size
from seginpaint_mm.models.segan.objects import (
    Objects,
    collect_objects,
    missing_segmentor,
    set_predictions,
)
from seginpaint_mm.models.segan.painting import cut_out, painting_and_truth
from seginpaint_mm.registry import MODELS
from seginpaint_mm.structures import SceneSample

_SLOPE = 0.2  # of leaky units


@MODELS.register_module()
class ContextEncoderNet(BaseModule):
    """An image of 128x128 gives what its inner 64x64 should be.

    Five convolutions of stride 2, a bottleneck that sees all of the image, five transposed
    convolutions, tanh: the network of the published code, whose bottleneck is an ordinary layer.

    Args:
        base_channels: Of the first convolution; 64 there.
        bottleneck_channels: 4000 there.
        init_cfg: MMEngine's initialisation config; N(0, 0.02) as there.
    """

    size = 128  # side of the input; of the output half of it

    def __init__(
        self,
        *,
        base_channels: int = 64,
        bottleneck_channels: int = 4000,
        init_cfg: dict | None = None,
    ) -> None:
        normal = dict(type='Normal', layer=['Conv2d', 'ConvTranspose2d'], std=0.02)
        super().__init__(init_cfg or normal)
        widths = [factor * base_channels for factor in (1, 1, 2, 4, 8)]
        self.encoder = nn.Sequential(
            nn.Conv2d(3, widths[0], 4, stride=2, padding=1),
            nn.LeakyReLU(_SLOPE),
            *[_down(*widths[i : i + 2], stride=2, padding=1) for i in range(4)],
        )
        self.bottleneck = _down(widths[-1], bottleneck_channels, stride=1, padding=0)
        self.decoder = nn.Sequential(
            _up(bottleneck_channels, widths[4], stride=1, padding=0),
            *[_up(*widths[i : i - 2 : -1], stride=2, padding=1) for i in (4, 3, 2)],
            nn.ConvTranspose2d(widths[1], 3, 4, stride=2, padding=1),
            nn.Tanh(),
        )

    def forward(self, pictures: Tensor) -> Tensor:
        """N,3,128,128 in [-1, 1] to N,3,64,64 in [-1, 1]."""
        return self.decoder(self.bottleneck(self.encoder(pictures)))


def _down(channels: int, wider: int, *, stride: int, padding: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, wider, 4, stride, padding, bias=False),
        nn.BatchNorm2d(wider),
        nn.LeakyReLU(_SLOPE),
    )


def _up(channels: int, narrower: int, *, stride: int, padding: int) -> nn.Sequential:
    return nn.Sequential(
        nn.ConvTranspose2d(channels, narrower, 4, stride, padding, bias=False),
        nn.BatchNorm2d(narrower),
        nn.ReLU(),
    )


@MODELS.register_module()
class ContextEncoder(ObjectCompleter, AdversarialModel):
    """Generates an object from its visible part and surroundings, without a full mask.

    The context encoder of SeGAN's Table 2 (Section 5.2): an image twice as wide and high as the
    object's grown box, which is its centre. In the centre all that is not seen of the object, and
    might be hidden parts of it, is removed: it has the mean colour, as has what is outside of the
    image. The centre is learnt to be the whole object. Losses are those of Context Encoders: the
    squared error, and a discriminator that sees paintings alone.

    Parts, for ``optim_wrapper`` and the logs: ``generator``, ``discriminator``.

    Args:
        generator: Config of a :class:`ContextEncoderNet`. Its output is enlarged to
            ``painter_size``.
        discriminator: Config of a network from N,3,S,S to N,1,h,w logits, 1 = real.
        loss_gan: Config of mmagic's ``GANLoss``.
        data_preprocessor: Config of a :class:`SceneDataPreprocessor`.
        l2_weight: Of the mean squared error.
        painter_size: Side S of paintings, that of the data set's appearances.
        box_growth: As in :class:`SeGAN`, where the samples have no ``grown_boxes``.
        max_objects_per_batch: Objects that are painted at once in predictions; bounds the memory.
        part_checkpoints: Part name -> checkpoint of an earlier training.
        init_cfg: MMEngine's initialisation config.
    """

    def __init__(
        self,
        *,
        generator: dict,
        discriminator: dict,
        loss_gan: dict,
        data_preprocessor: dict,
        l2_weight: float = 0.999,
        painter_size: int = 256,
        box_growth: float = 0.2,
        max_objects_per_batch: int = 16,
        part_checkpoints: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(part_checkpoints, MODELS.build(data_preprocessor), init_cfg)
        self.generator = MODELS.build(generator)
        self.discriminator = MODELS.build(discriminator)
        self.loss_gan = MODELS.build(loss_gan)
        self.l2_weight = l2_weight
        self.painter_size = painter_size
        self.box_growth = box_growth
        self.max_objects_per_batch = max_objects_per_batch

    def objection(self) -> str | None:
        return missing_segmentor(self)

    def generators(self) -> dict[str, nn.Module]:
        return dict(generator=self.generator)

    def discriminators(self) -> dict[str, nn.Module]:
        return dict(discriminator=self.discriminator)

    def generate(
        self, inputs: Tensor, data_samples: Sequence[SceneSample] | None
    ) -> dict[str, Tensor]:
        """Generate all objects, N > 0, of the samples.

        Returns:
            ``context``, N,3,2C,2C, and ``painted``, N,3,S,S, the input and output of the generator,
            and where all samples have them ``appearance``, N,3,S,S; all in [-1, 1].

        Raises:
            ValueError: see :func:`collect_objects`; when there is no object.
        """
        objects = self._collect(inputs, data_samples or ())
        if not len(objects):
            raise ValueError('The batch has no object to learn from: leave such images out.')
        generated = self._complete(inputs, objects)
        if objects.appearance is not None:
            generated['appearance'] = objects.appearance.to(inputs.dtype) / 127.5 - 1
        return generated

    def generator_losses(
        self, generated: dict[str, Tensor], data_samples: Sequence[SceneSample]
    ) -> dict[str, Tensor]:
        """``generator.loss_gan`` and ``generator.loss_l2``.

        Raises:
            ValueError: when a sample lacks what is learnt, or it has another size.
        """
        painted, truth = painting_and_truth(generated)
        scores = self.discriminator(painted).float()
        return {
            'generator.loss_gan': self.loss_gan(scores, target_is_real=True, is_disc=False),
            'generator.loss_l2': self.l2_weight * F.mse_loss(painted.float(), truth),
        }

    def discriminator_losses(
        self, name: str, generated: dict[str, Tensor], data_samples: Sequence[SceneSample]
    ) -> dict[str, Tensor]:
        """``loss_real`` and ``loss_fake``."""
        painted, truth = painting_and_truth(generated)
        real, fake = (self.discriminator(picture).float() for picture in (truth, painted))
        return dict(
            loss_real=self.loss_gan(real, target_is_real=True, is_disc=True),
            loss_fake=self.loss_gan(fake, target_is_real=False, is_disc=True),
        )

    def predict(self, inputs: Tensor, data_samples: Sequence[SceneSample]) -> list[SceneSample]:
        """Add ``pred_instances`` with ``labels``, ``masks``, ``grown_boxes`` and ``painted``.

        They are as :meth:`SeGAN.predict` describes them, but paintings are opaque: which of their
        pixels are the object is not known.
        """
        for images, samples in groups_by_size(inputs, data_samples, self.data_preprocessor):
            self._predict(images, samples)
        return list(data_samples)

    def _predict(self, inputs: Tensor, data_samples: Sequence[SceneSample]) -> None:
        """Paint the objects of images of one size."""
        objects = self._collect(inputs, data_samples)
        chunks = objects.split(self.max_objects_per_batch)
        nothing = inputs.new_zeros((0, 3, self.painter_size, self.painter_size))
        painted = [self._complete(inputs, chunk)['painted'] for chunk in chunks]
        painted = torch.cat([nothing, *painted])
        opaque = torch.ones_like(painted[:, 0], dtype=torch.bool)
        results = dict(
            masks=objects.given, grown_boxes=objects.boxes, painted=cut_out(painted, opaque)
        )
        set_predictions(data_samples, results, objects.image_index, tuple(inputs.shape[-2:]))

    def _collect(self, inputs: Tensor, data_samples: Sequence[SceneSample]) -> Objects:
        return collect_objects(data_samples, tuple(inputs.shape[-2:]), self.box_growth)

    def _complete(self, images: Tensor, objects: Objects) -> dict[str, Tensor]:
        context = self._context(images, objects)
        small = self.generator(context)
        size = (self.painter_size, self.painter_size)
        painted = F.interpolate(small, size=size, mode='bilinear', align_corners=False)
        return dict(context=context, painted=painted)

    def _context(self, images: Tensor, objects: Objects) -> Tensor:
        """The images around the boxes, the removed pixels and what is outside in mean colour."""
        half = (objects.boxes[:, 2:] - objects.boxes[:, :2]) / 2
        around = torch.cat([objects.boxes[:, :2] - half, objects.boxes[:, 2:] + half], dim=1)
        rois = torch.cat([objects.image_index[:, None], around], dim=1)
        size = self.generator.size
        pictures = roi_align(images, rois, size, aligned=True)  # normalised: 0 is the mean colour
        seen = crop_masks(objects.given, objects.boxes, size // 2)[:, None]
        removed = F.pad(~seen, [size // 4] * 4)
        mean, std = self.data_preprocessor.mean, self.data_preprocessor.std
        return (pictures * ~removed * std + mean) / 127.5 - 1
