"""``ObjectRemover``: finds an object and fills its place, trained end to end (Sec. III-C, D)."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from mmengine.structures import PixelData
from torch import Tensor, nn

from seginpaint_mm.models.holes import (
    GIVEN,
    check_extent,
    crops_of_a_size,
    pad_with,
    repeat_border,
    stack_holes,
)
from seginpaint_mm.models.maskopt.edge_connect_inpainter import (
    SIDES,
    STAGES,
    EdgeConnectInpainter,
    without_padding,
)
from seginpaint_mm.models.maskopt.predictions import set_predictions
from seginpaint_mm.models.maskopt.segments import Segments
from seginpaint_mm.models.maskopt.stages import canny_edges
from seginpaint_mm.registry import MODELS
from seginpaint_mm.structures import SceneSample

TERMS = ('selector', *STAGES)
_PREFIX = 'selector.'


@MODELS.register_module()
class ObjectRemover(EdgeConnectInpainter):
    """The panoptic network, its mask, and the inpainters, joined (Fig. 2); loss of eq. (10).

    L_SN = L_PS + L_E + L_S + L_I + lambda_X L_X, each with its weight. The inpainters see the
    image outside the selected mask, and so the gradients of their losses reach the panoptic
    network. Where nothing that was found overlaps the object, M_G takes the mask's place;
    ``selector.unmatched`` in the log is the share of such images.

    Parts: those of :class:`EdgeConnectInpainter`, and ``selector``. Without stages the panoptic
    network is trained alone; without a mask expansion loss, too, no mask is selected in training.

    Args:
        selector: Config of a :class:`PanopticMaskSelector`.
        mask_expansion: Config of a :class:`MaskExpansionLoss`, or None for training without; its
            ``loss_weight`` is lambda_X. The samples need a ``signed_distance``.
        term_weights: Weight of L_PS (``selector``), L_E, L_S and L_I (``edge``,
            ``segmentation``, ``image``) in eq. (10); 1 for those that are not named.

    The other arguments, and errors, are those of :class:`EdgeConnectInpainter`.
    """

    task: ClassVar[str] = 'remove'
    needs_stage = False  # the panoptic network may be trained first, alone

    def __init__(
        self,
        *,
        selector: dict,
        mask_expansion: dict | None = None,
        term_weights: Mapping[str, float] | None = None,
        edge: dict | None = None,
        segmentation: dict | None = None,
        image: dict | None = None,
        joint: bool = True,
        frozen_parts: Sequence[str] = (),
        part_checkpoints: dict | None = None,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        unknown = set(term_weights or ()) - set(TERMS)
        if unknown:
            raise ValueError(
                f'ObjectRemover.term_weights: there is no term {min(unknown)!r}; use {TERMS}.'
            )
        super().__init__(
            edge=edge,
            segmentation=segmentation,
            image=image,
            joint=joint,
            part_checkpoints=part_checkpoints,
            data_preprocessor=data_preprocessor,
            init_cfg=init_cfg,
        )
        self.selector = MODELS.build(selector)
        self.mask_expansion = mask_expansion and MODELS.build(mask_expansion)
        self.term_weights = {name: (term_weights or {}).get(name, 1.0) for name in TERMS}
        self._freeze(frozen_parts)

    def objection(self) -> str | None:
        return None if 'image' in self.stages else self.objection_without_image()

    def all_parts(self) -> dict[str, nn.Module]:
        """Name -> part, also those that are frozen."""
        return dict(selector=self.selector, **super().all_parts())

    def class_numbers(self, metainfo: Mapping) -> dict[str, dict[str, int | tuple[int, ...]]]:
        """Say which config values belong to a data set's classes; see :class:`ClassCountHook`."""
        things = self.selector.class_ids[: len(self.selector.thing_names)]
        return dict(
            super().class_numbers(metainfo),
            thing_ids={f'selector.class_ids[:{len(things)}]': things},
        )

    def generate(
        self, inputs: Tensor, data_samples: Sequence[SceneSample] | None
    ) -> dict[str, Tensor]:
        """Find the object that overlaps ``hole``, M_G, and fill its place.

        Returns:
            What :meth:`EdgeConnectInpainter.generate` gives; ``probability``, N,1,H,W in [0, 1],
            the selected mask, and ``unmatched``, bool N, unless nothing learns from the mask; in
            training the panoptic network's losses, named ``selector.loss_*``.
        """
        pictures = self.denormalise(inputs)
        hole = stack_holes(data_samples, tuple(inputs.shape[-2:]))
        features = self.selector.look(pictures)
        made = self._truths(inputs, data_samples)
        made['hole'] = hole.float()
        if self.stages or self.mask_expansion or not self.training:
            found = self.selector.segments(pictures, features, data_samples)
            probability, unmatched = self.selector.select_by_overlap(found, hole)
            made.update(probability=probability, unmatched=unmatched)
            painted = self._remove(pictures, probability, features, found, made.get('padding'))
            made.update(without_padding(painted, made))
        if self.training and 'selector' in self.generators():
            losses = self.selector.loss(pictures, features, data_samples)
            made.update({f'{_PREFIX}{name}': value for name, value in losses.items()})
        return made

    def _remove(
        self,
        pictures: Tensor,
        probability: Tensor,
        features: tuple[Tensor, ...] | None,
        found: Sequence[Segments | None],
        padding: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """What the inpainters make of images of which they do not see the mask.

        What was found says the classes around it; without segmentation nothing asks for them.
        """
        mask = self.selector.hand_over(probability)
        seen = probability.detach() < 0.5
        edges = canny_edges(pictures, seen if padding is None else seen & ~padding)
        labels = None
        if self.num_classes is not None:
            labels = self.selector.classes(pictures, features, found)
        made = self.paint(pictures, mask, edges, self._planes(labels))
        return made if labels is None else dict(made, known_labels=labels)

    def generator_losses(
        self, generated: dict[str, Tensor], data_samples: Sequence[SceneSample]
    ) -> dict[str, Tensor]:
        """The terms of eq. (10), weighted, and ``selector.unmatched``.

        Raises:
            ValueError: when a sample has no ``signed_distance`` for the mask expansion loss.
        """
        losses = super().generator_losses(generated, data_samples)
        losses.update({name: generated[name] for name in generated if name.startswith(_PREFIX)})
        weighted = {
            name: self.term_weights[name.partition('.')[0]] * value
            for name, value in losses.items()
        }
        if self.mask_expansion is not None and 'selector' in self.generators():
            distance = _signed_distances(data_samples)
            probability = generated['probability']
            if 'padding' in generated:
                probability = probability.masked_fill(generated['padding'], 0)
            expansion = self.mask_expansion(probability, distance)
            weighted['selector.loss_expansion'] = expansion
        if 'unmatched' in generated:
            weighted['selector.unmatched'] = generated['unmatched'].float().mean()
        return weighted

    def predict(self, inputs: Tensor, data_samples: Sequence[SceneSample]) -> list[SceneSample]:
        """Remove objects from images of any size.

        A sample's ``remove`` (metainfo) says what, see :func:`choose`; ``'hole'`` stands for what
        its ``hole`` marks, whatever is found there. Without it, the thing that overlaps its
        ``hole`` most, as in the paper's experiments: an image in which nothing does stays as it
        is, and its ``pred_mask`` is empty.

        Adds what :meth:`EdgeConnectInpainter.predict` adds, and ``pred_mask`` uint8 1,h,w, 1 =
        removed.

        Raises:
            ValueError: when what is to be removed is not there, or is the whole image.
        """
        for pictures, samples in crops_of_a_size(inputs, data_samples):
            self._predict(pictures, samples)
        return list(data_samples)

    def _predict(self, inputs: Tensor, samples: Sequence[SceneSample]) -> None:
        """Of images of one size."""
        size = tuple(inputs.shape[-2:])
        pictures = repeat_border(self.denormalise(inputs), *SIDES)
        features, found = None, [None] * len(samples)
        is_known = all(sample.get('remove') == GIVEN for sample in samples)
        if self.num_classes is not None or not is_known:
            features = self.selector.look(pictures)
            found = self.selector.segments(pictures, features, samples)
        padded = tuple(pictures.shape[-2:])
        masks = [
            self._given(sample, size, padded)
            if sample.get('remove') == GIVEN
            else self._selected(segments, sample, size)
            for segments, sample in zip(found, samples, strict=True)
        ]
        mask = torch.stack(masks).to(pictures.dtype)
        made = self._remove(pictures, mask, features, found)
        labels = made.get('known_labels')
        set_predictions(samples, pictures, mask >= 0.5, made, labels, size)
        for sample, of_sample in zip(samples, mask[..., : size[0], : size[1]], strict=True):
            sample.set_field(PixelData(data=of_sample.to(torch.uint8)), 'pred_mask')

    def _given(self, sample: SceneSample, size: tuple[int, int], padded: tuple[int, int]) -> Tensor:
        """A sample's own hole, bool 1,H,W of the padded size."""
        hole = stack_holes([sample], size)
        check_extent(hole, [sample])
        return pad_with(hole[0], padded, 0)

    def _selected(self, segments: Segments, sample: SceneSample, size: tuple[int, int]) -> Tensor:
        """What of the segments is to be removed, bool 1,H,W of the padded size."""
        where = str(sample.get('img_path', 'a sample'))
        request = sample.get('remove')
        if request is not None:
            mask = self.selector.select(segments, request, where) >= 0.5
            check_extent(mask[None, :, : size[0], : size[1]], [sample])
            return mask
        if 'hole' not in sample:
            raise ValueError(
                f"{where}: nothing says what is to be removed: give it a 'remove', e.g. "
                f"dict(all='person'), or a hole."
            )
        padded = tuple(segments.probabilities.shape[-2:])
        wide = pad_with(stack_holes([sample], size), padded, 0)
        probability, unmatched = self.selector.select_by_overlap([segments], wide)
        return (probability[0] >= 0.5) & ~unmatched[:, None, None]


def _signed_distances(data_samples: Sequence[SceneSample]) -> Tensor:
    if not all('signed_distance' in sample for sample in data_samples):
        raise ValueError(
            'ObjectRemover.mask_expansion needs a signed_distance, which a sample of the batch '
            "does not have: add dict(type='SignedDistance') before PackScene."
        )
    return torch.stack([sample.signed_distance.data for sample in data_samples])
