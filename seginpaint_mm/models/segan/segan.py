"""``SeGAN``: predicts full masks of objects and generates their invisible parts (Fig. 2)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torchvision.ops import roi_align

from seginpaint_mm.geometry.boxes import crop_masks
from seginpaint_mm.geometry.depth_order import check_occluders, complete_behind
from seginpaint_mm.models.abilities import ObjectCompleter
from seginpaint_mm.models.adversarial import AdversarialModel
from seginpaint_mm.models.data_preprocessor import check_normalisation, groups_by_size
from seginpaint_mm.models.segan.crop_segmentor import cover
from seginpaint_mm.models.segan.objects import (
    Objects,
    collect_objects,
    missing_segmentor,
    set_predictions,
)
from seginpaint_mm.models.segan.painting import (
    MASK_GRADIENTS,
    average_gradient,
    coloured_input,
    cut_out,
    nearest_colours,
    needed,
    painting_and_truth,
    paste_masks,
)
from seginpaint_mm.registry import MODELS
from seginpaint_mm.structures import SceneSample
from seginpaint_mm.utils.graphs import IMAGE, Array, Graph

PAINTER_MASKS = ('predicted', 'truth', 'visible')
PAINTER_INPUTS = ('coloured', 'image')


@MODELS.register_module()
class SeGAN(ObjectCompleter, AdversarialModel):
    """Full masks and full appearances of objects, given an image and visible masks.

    All objects of a batch are one batch, see :mod:`objects`. The paper's three phases are three
    configs: the segmentor alone (no ``painter``), the painter alone on true masks (no
    ``segmentor``), and both, started from the checkpoints of the first two by
    ``part_checkpoints``; then L = ``painter_weight`` L* + L_segm, eq. (6).

    Parts, for ``optim_wrapper`` and the logs: ``segmentor``, ``generator``, ``discriminator``.

    Args:
        segmentor: Config of an :class:`AmodalSegmentor` or a :class:`CropSegmentor`.
        painter: Config of a :class:`Pix2PixHead`; its images are ``painter_size`` square.
        painter_mask: What is painted: the full mask that the segmentor has ``'predicted'``; the
            ``'truth'``, as the published code does in its tests; or ``'visible'``, nothing: the
            painter sees what is seen of the object, and has to guess the rest. Without a segmentor
            this is the pix2pix of Tables 1 and 2.
        painter_input: What the painter sees: the image ``'coloured'`` as in eq. (1), N,3,S,S; or
            the whole ``'image'`` of the box beside the visible mask, N,4,S,S, as the pix2pix of
            Table 1, which "receives the same inputs as our model". Generator and discriminator then
            have one input channel more.
        painter_size: Side of the painter's images.
        mask_gradient: How the painter's loss reaches the segmentor, see :func:`coloured_input`.
        nearest_colours: Without a painter, what is hidden has in predictions the colour of the
            object's nearest visible pixel, in images of ``painter_size``; else it has none.
        painter_weight: Of L*, eq. (5), in the sum of losses.
        box_growth: Share of its sides by which the box of a visible mask grows at each side, where
            the samples have no ``grown_boxes``.
        occluders: ``'any'``: ``full_masks`` are predicted as they are, as in the paper;
            ``'given'``: only behind other objects of the sample, see :func:`complete_behind`. A
            sample must then hold all objects of its image.
        occluder_growth: Distance in pixels up to which that reaches beyond objects in front.
        max_objects_per_batch: Objects that are completed at once in predictions; bounds the memory.
        part_checkpoints: Part name -> checkpoint of an earlier phase, see
            :class:`AdversarialModel`.
        data_preprocessor: Config of a :class:`SceneDataPreprocessor`.
        init_cfg: MMEngine's initialisation config.

    Raises:
        ValueError: when there is nothing to train, a predicted mask is to be painted without a
            segmentor, the parts' sizes differ, or an argument is out of its range.
    """

    def __init__(
        self,
        *,
        segmentor: dict | None = None,
        painter: dict | None = None,
        painter_mask: str = 'predicted',
        painter_input: str = 'coloured',
        painter_size: int = 256,
        mask_gradient: str = 'straight_through',
        nearest_colours: bool = False,
        painter_weight: float = 1.0,
        box_growth: float = 0.2,
        occluders: str = 'any',
        occluder_growth: int = 0,
        max_objects_per_batch: int = 16,
        part_checkpoints: dict | None = None,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        preprocessor = None if data_preprocessor is None else MODELS.build(data_preprocessor)
        super().__init__(part_checkpoints, preprocessor, init_cfg)
        self.segmentor = None if segmentor is None else MODELS.build(segmentor)
        self.painter = None if painter is None else MODELS.build(painter)
        self.painter_mask = painter_mask
        self.painter_input = painter_input
        self.painter_size = painter_size
        self.mask_gradient = mask_gradient
        self.nearest_colours = nearest_colours
        self.painter_weight = painter_weight
        self.box_growth = box_growth
        self.occluders = occluders
        self.occluder_growth = occluder_growth
        self.max_objects_per_batch = max_objects_per_batch
        self._check_arguments()

    def _check_arguments(self) -> None:
        check_occluders(self.occluders, self.occluder_growth)
        for name, known in (
            ('painter_mask', PAINTER_MASKS),
            ('painter_input', PAINTER_INPUTS),
            ('mask_gradient', MASK_GRADIENTS),
        ):
            if getattr(self, name) not in known:
                raise ValueError(
                    f'SeGAN.{name} must be one of {known}, got {getattr(self, name)!r}'
                )
        if self.max_objects_per_batch < 1:
            raise ValueError('SeGAN.max_objects_per_batch must be at least 1.')
        if self.segmentor is None and self.painter is None:
            raise ValueError('SeGAN needs a segmentor, a painter, or both.')
        if self.painter is None:
            return
        if self.nearest_colours:
            raise ValueError('SeGAN has a painter: leave nearest_colours out.')
        if self.segmentor is None and self.painter_mask == 'predicted':
            raise ValueError(
                "SeGAN without a segmentor can only paint painter_mask='truth' or 'visible'."
            )
        if self.painter_input == 'image' and self.painter_mask != 'visible':
            raise ValueError(
                "SeGAN.painter_input='image' shows the painter no full mask: take "
                "painter_mask='visible'."
            )
        if self.segmentor is not None and self.segmentor.output_size != self.painter_size:
            raise ValueError(
                f'segmentor.output_size={self.segmentor.output_size} must be '
                f'painter_size={self.painter_size}.'
            )
        check_normalisation(self)

    def objection(self) -> str | None:
        if self.painter_mask == 'truth':
            return (
                'This SeGAN paints true masks (model.painter_mask), which are not known of your '
                'images: give the config and the checkpoint of all parts together.'
            )
        return missing_segmentor(self) if self.segmentor is None else None

    def graphs(self) -> dict[str, Graph]:
        """``segmentor`` and ``painter``; crops of images and masks are made outside, see docs.

        The segmentor gives ``full_probs`` k,m,m and ``full``, enlarged to the painter's size. The
        painter takes RGB crops, visible masks and ``full`` in the boxes, and gives ``painted``, all
        in [0, 1].
        """
        parts, side = {}, self.painter_size
        if self.segmentor is not None:
            inputs = dict(
                image=IMAGE,
                masks=Array(('k', 'h', 'w'), torch.bool),
                boxes=Array(('k', 4), high=None),
                image_index=Array(('k',), torch.int64, high=0),
            )
            parts['segmentor'] = Graph(self._segmentor_graph, inputs)
        if self.painter is not None:
            inputs = dict(
                crops=Array(('k', 3, side, side)),
                seen=Array(('k', side, side), torch.bool),
                full=Array(('k', side, side)),
            )
            parts['painter'] = Graph(self._painter_graph, inputs)
        return parts

    def _segmentor_graph(
        self, image: Tensor, masks: Tensor, boxes: Tensor, image_index: Tensor
    ) -> dict[str, Tensor]:
        embedded = self._embed(image, masks, image_index)
        logits = self.segmentor(embedded, masks, boxes, image_index)
        return dict(full_probs=logits.float().sigmoid(), full=self.segmentor.enlarge(logits))

    def _painter_graph(self, crops: Tensor, seen: Tensor, full: Tensor) -> dict[str, Tensor]:
        to_paint = seen.float() if self.painter_mask == 'visible' else full
        painted = self.painter(self._painter_view(crops, seen, to_paint))
        return dict(painted=(painted + 1) / 2)

    def generators(self) -> dict[str, nn.Module]:
        parts = {}
        if self.segmentor is not None:
            parts['segmentor'] = self.segmentor
        if self.painter is not None:
            parts['generator'] = self.painter.generator
        return parts

    def discriminators(self) -> dict[str, nn.Module]:
        return {} if self.painter is None else dict(discriminator=self.painter.discriminator)

    def generate(
        self, inputs: Tensor, data_samples: Sequence[SceneSample] | None
    ) -> dict[str, Tensor]:
        """Predict all objects, N > 0, of the samples.

        Returns:
            With a segmentor ``logits`` N,m,m. With a painter ``seen``, bool N,S,S, the given masks
            in the boxes, ``to_paint``, float N,S,S in [0, 1], the full masks there, ``coloured``,
            N,3,S,S (see ``painter_input``), and ``painted``, N,3,S,S, both in [-1, 1], its input
            and output. Where the samples have them,
            what is learnt: ``visible`` and ``full``, bool N,m,m, ``unknown``, the same, where
            ``full`` is not, and ``appearance``, N,3,S,S in [-1, 1].

        Raises:
            ValueError: see :func:`collect_objects`; when there is no object.
        """
        objects = collect_objects(data_samples or (), tuple(inputs.shape[-2:]), self.box_growth)
        if not len(objects):
            raise ValueError('The batch has no object to learn from: leave such images out.')
        generated = self._complete(
            inputs, self._embed(inputs, objects.given, objects.image_index), objects
        )
        if self.segmentor is not None and objects.full is not None:
            size = self.segmentor.mask_size
            generated['visible'] = crop_masks(objects.visible, objects.boxes, size)
            generated['full'] = crop_masks(objects.full, objects.boxes, size)
            if objects.unknown is not None:
                generated['unknown'] = crop_masks(objects.unknown, objects.boxes, size)
        if self.painter is not None and objects.appearance is not None:
            generated['appearance'] = objects.appearance.to(inputs.dtype) / 127.5 - 1
        return generated

    def _embed(self, images: Tensor, given: Tensor, image_index: Tensor) -> Tensor | None:
        """What all objects share, of all objects: a segmentor may see those around each."""
        if self.segmentor is None:
            return None
        if not self.segmentor.sees_others:
            return self.segmentor.embed(images)
        return self.segmentor.embed(images, cover(given, image_index, images.shape[0]))

    def _complete(
        self, images: Tensor, embedded: Tensor | None, objects: Objects
    ) -> dict[str, Tensor]:
        """What the parts make of a batch of objects, see :meth:`generate`."""
        completed = {}
        if self.segmentor is not None:
            completed['logits'] = self.segmentor(
                embedded, objects.given, objects.boxes, objects.image_index
            )
        if self.painter is not None:
            seen = crop_masks(objects.given, objects.boxes, self.painter_size)
            to_paint = self._mask_to_paint(objects, seen, completed.get('logits'))
            coloured = self._painter_view(self._crop_images(images, objects), seen, to_paint)
            painted = self.painter(coloured)
            completed.update(seen=seen, to_paint=to_paint, coloured=coloured, painted=painted)
        return completed

    def _painter_view(self, crops: Tensor, seen: Tensor, to_paint: Tensor) -> Tensor:
        """What the painter sees of crops N,3,S,S in [0, 1]: N,3 or 4,S,S in [-1, 1]."""
        if self.painter_input == 'image':
            return torch.cat([crops, seen[:, None].to(crops.dtype)], dim=1) * 2 - 1
        return coloured_input(crops, seen, to_paint, self.mask_gradient) * 2 - 1

    def _mask_to_paint(self, objects: Objects, seen: Tensor, logits: Tensor | None) -> Tensor:
        if self.painter_mask == 'predicted':
            enlarged = self.segmentor.enlarge(logits)
            if self.mask_gradient == 'published':
                return average_gradient(logits.float().sigmoid(), enlarged.detach())
            return enlarged
        if self.painter_mask == 'visible':
            return seen.float()
        if objects.full is None:
            raise ValueError(
                "painter_mask='truth' needs gt_instances.full_masks in every sample; take "
                "painter_mask='predicted' where the truth is not known."
            )
        return crop_masks(objects.full, objects.boxes, self.painter_size).float()

    def _crop_images(self, images: Tensor, objects: Objects) -> Tensor:
        """The images in the boxes, N,3,S,S in [0, 1], of normalised images."""
        rois = torch.cat([objects.image_index[:, None], objects.boxes], dim=1)
        crops = roi_align(images, rois, self.painter_size, aligned=True)  # means, where it shrinks
        return (crops * self.data_preprocessor.std + self.data_preprocessor.mean) / 255

    def generator_losses(
        self, generated: dict[str, Tensor], data_samples: Sequence[SceneSample]
    ) -> dict[str, Tensor]:
        """``segmentor.loss_mask``, ``generator.loss_gan`` and ``generator.loss_l1``.

        Raises:
            ValueError: when a sample lacks what is learnt.
        """
        losses = {}
        if self.segmentor is not None:
            full = needed(generated, 'full', 'full_masks')
            masks = generated['visible'], full
            if 'unknown' in generated:
                masks += (generated['unknown'],)
            losses['segmentor.loss_mask'] = self.segmentor.loss_mask(generated['logits'], *masks)
        if self.painter is not None:
            of_painter = self.painter.generator_losses(
                generated['coloured'], *painting_and_truth(generated)
            )
            for name, value in of_painter.items():
                losses[f'generator.{name}'] = self.painter_weight * value
        return losses

    def discriminator_losses(
        self, name: str, generated: dict[str, Tensor], data_samples: Sequence[SceneSample]
    ) -> dict[str, Tensor]:
        """``loss_real`` and ``loss_fake``."""
        return self.painter.discriminator_losses(
            generated['coloured'], *painting_and_truth(generated)
        )

    def predict(self, inputs: Tensor, data_samples: Sequence[SceneSample]) -> list[SceneSample]:
        """Complete the objects, ``max_objects_per_batch`` at a time.

        Adds to each sample ``pred_instances``, one row per object of ``gt_instances``, in order:

        - ``labels`` int64 n, as there, or 0; ``masks`` bool n,h,w, the visible masks that were
          given, at the sample's ``img_shape``; ``grown_boxes`` float32 n,4, where the objects were
          completed;
        - with a segmentor ``full_masks`` bool n,h,w, the given mask and what is predicted beyond
          it (see ``occluders``); ``full_probs`` float32 n,m,m in [0, 1], the prediction in the
          grown boxes; ``scores`` float32 n, the mean probability of what is predicted;
        - with a painter, or with ``nearest_colours``, ``painted`` uint8 n,4,S,S, RGBA in the grown
          boxes: the painting, opaque where the object is.

        Images of each size are predicted apart: larger ones beside them change nothing.
        """
        for images, samples in groups_by_size(inputs, data_samples, self.data_preprocessor):
            self._predict(images, samples)
        return list(data_samples)

    def _predict(self, inputs: Tensor, data_samples: Sequence[SceneSample]) -> None:
        """Complete the objects of images of one size."""
        size = tuple(inputs.shape[-2:])
        objects = collect_objects(data_samples, size, self.box_growth)
        embedded = self._embed(inputs, objects.given, objects.image_index)
        chunks = objects.split(self.max_objects_per_batch) or [objects]
        found = [self._results(inputs, embedded, chunk) for chunk in chunks]
        results = {name: torch.cat([chunk[name] for chunk in found]) for name in found[0]}
        set_predictions(data_samples, results, objects.image_index, size)
        if self.segmentor is not None and self.occluders == 'given':
            for found in (sample.pred_instances for sample in data_samples):
                found.full_masks, _ = complete_behind(
                    found.masks, found.full_masks, growth=self.occluder_growth
                )

    def _results(
        self, images: Tensor, embedded: Tensor | None, objects: Objects
    ) -> dict[str, Tensor]:
        """Rows of ``pred_instances`` of some objects, with masks of the batch's size."""
        completed = self._complete(images, embedded, objects)
        results = dict(masks=objects.given, grown_boxes=objects.boxes)
        if self.segmentor is not None:
            probabilities = completed['logits'].float().sigmoid()
            pasted = paste_masks(probabilities, objects.boxes, tuple(images.shape[-2:]))
            results['full_masks'] = (pasted >= 0.5) | objects.given
            results['full_probs'] = probabilities
            results['scores'] = _mean_of_predicted(probabilities)
        if self.painter is not None:
            alpha = completed['seen'] | (completed['to_paint'] >= 0.5)
            results['painted'] = cut_out(completed['painted'], alpha)
        elif self.nearest_colours:
            crops = (self._crop_images(images, objects) * 255).round().clamp(0, 255).byte()
            seen, whole = (
                crop_masks(masks, objects.boxes, self.painter_size)
                for masks in (objects.given, results['full_masks'])
            )
            colours = map(nearest_colours, crops, seen)
            results['painted'] = torch.cat(
                [torch.stack([*colours]), 255 * whole[:, None].byte()], 1
            )
        return results


def _mean_of_predicted(probabilities: Tensor) -> Tensor:
    """float32 N: mean over the pixels from 0.5 on, 0 where there are none."""
    predicted = probabilities >= 0.5
    total = (probabilities * predicted).flatten(1).sum(dim=1)
    return total / predicted.flatten(1).sum(dim=1).clamp(min=1)
