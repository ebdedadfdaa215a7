"""Segment instances by Hough-like voting, or by connected components."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from mmengine.model import BaseModel
from mmengine.structures import PixelData
from scipy import ndimage
from torch import Tensor

from seginpaint_mm.models.data_preprocessor import groups_by_size
from seginpaint_mm.models.fcrn.fcrn_head import EnlargedMaps
from seginpaint_mm.models.fcrn.hough_instance_head import HoughInstanceHead
from seginpaint_mm.ops.box_grouping import Hypotheses
from seginpaint_mm.registry import MODELS
from seginpaint_mm.structures import SceneSample
from seginpaint_mm.utils.graphs import IMAGE, NETWORK, Graph

_EIGHT_NEIGHBOURS = np.ones((3, 3))


@MODELS.register_module()
class ConnectedComponentsHead(HoughInstanceHead):
    """The baseline without votes: the connected regions of the semantic segmentation.

    Objects of a class that touch become one, parts of one that are torn apart become several. Takes
    the place of a :class:`HoughInstanceHead` in a config, with the same arguments; the localisation
    maps are not looked at, and a pixel is only of its best class, whatever ``top_n``. The
    confidence is the region's mean score; ``confidence='extent'`` multiplies it by the share of the
    image that the region covers, for a region has no box beside its own to be compared with.
    """

    def _hypotheses_of(
        self, label: int, scores: Tensor, maps: Tensor | EnlargedMaps
    ) -> list[Hypotheses]:
        thing = self.thing_ids[label]
        regions, number = ndimage.label((scores.argmax(0) == thing).cpu(), _EIGHT_NEIGHBOURS)
        pixels = np.flatnonzero(regions)
        owners = regions.ravel()[pixels].astype(np.int64) - 1
        values = scores[thing].flatten().cpu().numpy()[pixels]
        confidences = np.bincount(owners, weights=values) / np.bincount(owners)
        if self.confidence == 'extent':
            confidences = confidences * np.bincount(owners) / scores[thing].numel()
        return [Hypotheses(np.full(number, label), confidences, pixels, owners)]


@MODELS.register_module()
class HoughInstanceSegmentor(BaseModel):
    """Trains the localisation net, and finds instances with it in the scores of a semantic one.

    The semantic net is trained apart, as in the paper, and any will do; with
    :class:`SharedScores` both heads stand on one backbone and are trained together.

    Args:
        semantic: Config of a score source, see :mod:`score_sources`.
        backbone: Config of the localisation net's backbone.
        localization_head: Config of a :class:`LocalizationHead`.
        instance_head: Config of a :class:`HoughInstanceHead`.
        data_preprocessor: Config of the data preprocessor.
        init_cfg: MMEngine's initialisation config.

    Raises:
        ValueError: when the parts disagree about classes, things, or the meaning of the maps.
    """

    def __init__(
        self,
        *,
        semantic: dict,
        backbone: dict,
        localization_head: dict,
        instance_head: dict,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        preprocessor = None if data_preprocessor is None else MODELS.build(data_preprocessor)
        super().__init__(preprocessor, init_cfg)
        self.semantic = MODELS.build(semantic)
        self.backbone = MODELS.build(backbone)
        self.localization_head = MODELS.build(localization_head)
        self.instance_head = MODELS.build(instance_head)
        self._check_things()
        self._check_classes(self.semantic.num_classes)

    def _check_things(self) -> None:
        head, decoder = self.localization_head, self.instance_head
        if head.num_things != len(decoder.thing_ids):
            raise ValueError(
                f'The localisation head gives boxes of {head.num_things} things, the instance '
                f'head has {len(decoder.thing_ids)} thing_ids: set localization_head.num_things '
                f"and instance_head.thing_ids to the data set's."
            )
        if head.box_coder != decoder.box_coder:
            raise ValueError(
                f'The localisation head encodes boxes with {head.box_coder}, the instance head '
                f'decodes them with {decoder.box_coder}: give both the same box_coder.'
            )

    def _check_classes(self, num_classes: int) -> None:
        unknown = [thing for thing in self.instance_head.thing_ids if thing >= num_classes]
        if unknown:
            raise ValueError(
                f'The semantic scores are of {num_classes} classes, 0 to {num_classes - 1}, but '
                f'thing_ids has {unknown[0]}: combine a semantic net and a localisation net that '
                f'were trained on the same classes.'
            )

    def class_numbers(self, metainfo: Mapping) -> dict[str, dict[str, int | tuple[int, ...]]]:
        """Say which config values belong to a data set's classes; see :class:`ClassCountHook`.

        A finished net may know other classes than the data set (VOC's scores, COCO's persons):
        then ``thing_ids`` are its own.
        """
        numbers = dict(
            num_things={'localization_head.num_things': self.localization_head.num_things}
        )
        own, count = self.semantic.class_key, self.semantic.num_classes
        if own is not None:
            numbers['num_classes'] = {f'semantic.{own}': count}
        if own is not None or count == len(metainfo['classes']):
            numbers['thing_ids'] = {'instance_head.thing_ids': self.instance_head.thing_ids}
        return numbers

    def forward(
        self,
        inputs: Tensor,
        data_samples: Sequence[SceneSample] | None = None,
        mode: str = 'tensor',
    ) -> dict[str, Tensor] | list[SceneSample] | tuple[Tensor, Tensor]:
        """Run the nets on normalised images.

        Args:
            inputs: N,3,H,W float32, from the data preprocessor.
            data_samples: The N samples; may be None in mode ``'tensor'`` where the score source
                reads none.
            mode: ``'loss'``, ``'predict'`` or ``'tensor'``.

        Returns:
            The losses; or the samples with predictions added; or scores N,K,H,W, probabilities,
            and localisation maps N,4T,h,w at the stride of the localisation head.
        """
        if mode == 'loss':
            return self.loss(inputs, data_samples)
        if mode == 'predict':
            return self.predict(inputs, data_samples)
        if mode == 'tensor':
            return self.segment(inputs, data_samples)
        raise ValueError(f"mode must be 'loss', 'predict' or 'tensor', got {mode!r}.")

    def graphs(self) -> dict[str, Graph]:
        """``scores`` and ``boxes``: steps 1 and 2; and the boxes alone, as ``localization``."""

        def network(image: Tensor) -> dict[str, Tensor]:
            scores, boxes = self.segment(image, None)
            return dict(scores=scores, boxes=boxes)

        def localization(image: Tensor) -> dict[str, Tensor]:
            return dict(boxes=self.localization_head(self.backbone(image)))

        parts = dict(localization=Graph(localization, dict(image=IMAGE)))
        if self.semantic.reads_truth:
            return parts
        return {NETWORK: Graph(network, dict(image=IMAGE)), **parts}

    def segment(
        self, images: Tensor, data_samples: Sequence[SceneSample] | None
    ) -> tuple[Tensor, Tensor]:
        """Steps 1 and 2: scores N,K,H,W and maps N,4T,h,w of N,3,H,W images."""
        features = self.backbone(images)
        scores = self.semantic(images, data_samples, features)
        return scores, self.localization_head(features)

    def loss(self, inputs: Tensor, data_samples: Sequence[SceneSample]) -> dict[str, Tensor]:
        """``localization.loss_box``, and ``semantic.loss_*`` where the backbone is shared."""
        features = self.backbone(inputs)
        localization = self.localization_head.loss(features, data_samples)
        semantic = self.semantic.loss(features, data_samples)
        return {
            **{f'localization.{name}': value for name, value in localization.items()},
            **{f'semantic.{name}': value for name, value in semantic.items()},
        }

    @torch.no_grad()
    def predict(self, inputs: Tensor, data_samples: Sequence[SceneSample]) -> list[SceneSample]:
        """Add to each sample, at its ``img_shape`` (the batch's padding is cut off):

        ``pred_instances``, see :meth:`HoughInstanceHead.predict`, and ``pred_sem_seg`` int64
        1,h,w, the class of the highest score. Images of each size are predicted apart: larger
        ones beside them change nothing.

        Raises:
            ValueError: when the scores are of fewer classes than the things need.
        """
        for images, samples in groups_by_size(inputs, data_samples, self.data_preprocessor):
            self._predict(images, samples)
        return list(data_samples)

    def _predict(self, inputs: Tensor, data_samples: Sequence[SceneSample]) -> None:
        """Predict images of one size."""
        scores, maps = self.segment(inputs, data_samples)
        self._check_classes(scores.shape[1])
        self.localization_head.check_stride(maps, tuple(inputs.shape[-2:]))
        for sample, sample_scores, sample_maps in zip(data_samples, scores, maps, strict=True):
            height, width = sample.img_shape[:2]
            window = (slice(None), slice(height), slice(width))
            enlarged = self.localization_head.enlarged(sample_maps, (height, width))
            sample.pred_instances = self.instance_head.predict(sample_scores[window], enlarged)
            classes = sample_scores[window].argmax(dim=0, keepdim=True)
            sample.pred_sem_seg = PixelData(data=classes)
