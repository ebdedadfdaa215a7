"""``PanopticMaskSelector``: from an image to the mask to be removed (Sec. III-C)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from mmengine.config import ConfigDict
from mmengine.model import BaseModule
from torch import Tensor, nn

from seginpaint_mm.models.maskopt.choosing import MEASURES, choose, overlaps
from seginpaint_mm.models.maskopt.segments import (
    VOID,
    Segments,
    check_gives_masks,
    find_segments,
    wider_mask_boxes,
    with_truth,
    without_truth,
)
from seginpaint_mm.registry import MODELS
from seginpaint_mm.structures import SceneSample

HANDOVERS = ('soft', 'straight_through')
# Of the heads, on a CPU, where mmcv's RoIAlign takes no bfloat16.
_FULL_PRECISION = torch.autocast('cpu', enabled=False)
_DIVISOR = 32


@MODELS.register_module()
class PanopticMaskSelector(BaseModule):
    """A panoptic network, and the choice of one of its segments.

    The way from the mask head's logits to the mask of the whole image can be differentiated:
    sigmoid, then pasting by interpolation. Its gradient reaches the backbone.

    Args:
        detector: Config of any mmdet panoptic or instance network that gives mask logits; see
            :func:`find_segments`; with ``_scope_='mmdet'``. Its ``data_preprocessor`` tells its
            normalisation.
        thing_names: Names of its labels of things, in order.
        class_ids: Class of the data set (``gt_sem_seg``) of each of its labels, things before
            stuff.
        background_class: Class of the data set where nothing was found; 255 = unknown.
        handover: ``'soft'``: the inpainters get the probabilities. ``'straight_through'``: they
            get 0 and 1, and the gradient goes to the probabilities.
        score_threshold: Segments that are less sure are left out.
        box_margin: Share of a box's width and height by which masks may reach beyond it on each
            side, in training and in use. Masks end at their boxes, which are trained to fit the
            object, so that the mask expansion loss can enlarge nothing there; 0 is what mmdet does.
        overlap: By which :meth:`select_by_overlap` compares things, ``'iou'`` or ``'covered'``, see
            :func:`overlaps`. The paper says "the largest overlap", of which ``'covered'`` is the
            literal reading: it prefers a large thing that covers more of M_G.
        min_overlap: Overlap in [0, 1) with the object that is to be removed which a segment must
            exceed to be taken for it by :meth:`select_by_overlap`. With 0, as in the results and
            checkpoints of this toolkit, one common pixel is enough, so that ``mask/found`` counts
            neighbours, too; 0.1 leaves those out.
        upscale: Images are enlarged by this before the network looks at them: it finds objects
            of few pixels badly. Masks keep the image's size; the time grows with its square.
        scale: (1333, 800), in any order, in place of ``upscale``: images are enlarged or reduced,
            until the longer or the shorter side has so many pixels, as mmdet's ``Resize`` does for
            the networks that it publishes, rounded to multiples of 32. The truth of the network's
            own losses is resized alike.
        min_area: Pixels that an object has at least in the truth of the network's own losses,
            except the one that is to be removed; smaller ones are no objects to it.
        init_cfg: MMEngine's initialisation config.

    Raises:
        ValueError: when ``handover`` is another one, ``box_margin`` is negative, ``upscale`` is
            less than 1, ``scale`` is less than 32, ``overlap`` is another one, there are fewer
            classes than things, or the network gives no mask logits.
    """

    def __init__(
        self,
        *,
        detector: dict,
        thing_names: Sequence[str],
        class_ids: Sequence[int],
        background_class: int = VOID,
        handover: str = 'straight_through',
        score_threshold: float = 0.3,
        box_margin: float = 0.0,
        min_area: int = 1,
        upscale: int = 1,
        scale: tuple[int, int] | None = None,
        min_overlap: float = 0.0,
        overlap: str = 'iou',
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if handover not in HANDOVERS:
            raise ValueError(
                f'PanopticMaskSelector.handover must be one of {HANDOVERS}, not {handover!r}.'
            )
        if box_margin < 0:
            raise ValueError(
                f'PanopticMaskSelector.box_margin must be 0 or more, not {box_margin}.'
            )
        if upscale < 1:
            raise ValueError(f'PanopticMaskSelector.upscale must be 1 or more, not {upscale}.')
        if scale is not None and (upscale != 1 or len(scale) != 2 or min(scale) < _DIVISOR):
            raise ValueError(
                f'PanopticMaskSelector.scale must be two sides of {_DIVISOR} or more, and without '
                f'upscale, not {tuple(scale)} with upscale {upscale}.'
            )
        if not 0 <= min_overlap < 1:
            raise ValueError(
                f'PanopticMaskSelector.min_overlap must be from 0 to below 1, not {min_overlap}.'
            )
        if overlap not in MEASURES:
            raise ValueError(
                f'PanopticMaskSelector.overlap must be one of {MEASURES}, not {overlap!r}.'
            )
        if len(class_ids) < len(thing_names):
            raise ValueError(
                f'PanopticMaskSelector: {len(thing_names)} things have {len(class_ids)} class_ids: '
                f'give the class of each thing, then those of stuff.'
            )
        self.detector = MODELS.build(ConfigDict(detector))  # mmdet wants its parts as such
        check_gives_masks(self.detector)
        self.thing_names = tuple(thing_names)
        self.class_ids = tuple(class_ids)
        self.background_class = background_class
        self.handover = handover
        self.score_threshold = score_threshold
        self.box_margin = box_margin
        self.min_area = min_area
        self.upscale = upscale
        self.scale = scale and (min(scale), max(scale))
        self.min_overlap = min_overlap
        self.overlap = overlap

    def look(self, pictures: Tensor) -> tuple[Tensor, ...]:
        """The features of N,3,H,W in [0, 1], RGB: computed once for the loss and the masks.

        They are float32 in mixed precision, too: mmcv's RoIAlign takes no bfloat16 on a CPU.
        """
        features = self.detector.extract_feat(self._normalise(pictures))
        return tuple(feature.float() for feature in features)

    def _normalise(self, pictures: Tensor) -> Tensor:
        """As mmdet's data preprocessor does it, padded to a multiple of 32, then resized."""
        preprocessor = self.detector.data_preprocessor
        colours = pictures * 255
        if not preprocessor._channel_conversion:  # the network takes BGR, as it is read
            colours = colours.flip(1)
        normalised = (colours - preprocessor.mean) / preprocessor.std
        height, width = padded_size(pictures)
        margin = (0, width - pictures.shape[-1], 0, height - pictures.shape[-2])
        padded, seen = F.pad(normalised, margin), self.seen_size((height, width))
        if seen == (height, width):
            return padded
        is_reduced = seen[0] * seen[1] < height * width
        return F.interpolate(
            padded, seen, mode='bilinear', align_corners=False, antialias=is_reduced
        )

    def seen_size(self, size: tuple[int, int]) -> tuple[int, int]:
        """(height, width) in which the network sees a batch of (height, width), padded."""
        if self.scale is None:
            return size[0] * self.upscale, size[1] * self.upscale
        factor = min(self.scale[0] / min(size), self.scale[1] / max(size))
        height, width = (max(1, round(factor * side / _DIVISOR)) * _DIVISOR for side in size)
        return height, width

    @_FULL_PRECISION
    def loss(
        self, pictures: Tensor, features: tuple[Tensor, ...], samples: Sequence[SceneSample]
    ) -> dict[str, Tensor]:
        """L_PS: the network's own losses; see :func:`with_truth` for what the samples need."""
        size = padded_size(pictures)
        seen = self.seen_size(size)
        truths = with_truth(samples, size, self.class_ids, self.min_area, seen)
        with (
            _known_features(self.detector, features),
            wider_mask_boxes(self.detector, seen, self.box_margin),
        ):
            losses = self.detector.loss(pictures, truths)
        return {
            name: sum(part.mean() for part in value) if isinstance(value, list) else value.mean()
            for name, value in losses.items()
            if 'loss' in name
        }

    @_FULL_PRECISION
    def segments(
        self,
        pictures: Tensor,
        features: tuple[Tensor, ...],
        samples: Sequence[SceneSample],
    ) -> list[Segments]:
        """Find the confident segments of N images, with masks of the images' size."""
        size = padded_size(pictures)
        seen = self.seen_size(size)
        blank = without_truth(samples, size, seen)
        found = find_segments(self.detector, features, blank, size, self.box_margin, seen)
        height, width = pictures.shape[-2:]
        sure = [segments.keep(segments.scores >= self.score_threshold) for segments in found]
        return [
            Segments(item.probabilities[:, :height, :width], item.labels, item.scores)
            for item in sure
        ]

    def things(self, segments: Segments) -> Segments:
        """Those of them that can be removed."""
        return segments.keep(segments.labels < len(self.thing_names))

    def select_by_overlap(self, found: Sequence[Segments], holes: Tensor) -> tuple[Tensor, Tensor]:
        """For training: in each image the thing with the largest overlap with m_G.

        Args:
            found: Segments of N images.
            holes: bool N,1,H,W, M_G.

        Returns:
            float N,1,H,W in [0, 1], the probabilities, M_G itself where nothing overlaps by more
            than ``min_overlap``; and bool N, True where that is so.
        """
        chosen, unmatched = [], []
        for segments, hole in zip(found, holes[:, 0], strict=True):
            things = self.things(segments)
            overlap = overlaps(things, hole, self.overlap)
            nothing = not len(overlap) or not overlap.max() > self.min_overlap
            unmatched.append(nothing)
            chosen.append(hole.float() if nothing else things.probabilities[overlap.argmax()])
        return torch.stack(chosen)[:, None], holes.new_tensor(unmatched)

    def select(self, segments: Segments, request: dict, where: str) -> Tensor:
        """For use: the union of the objects to remove, float 1,H,W; see :func:`choose`."""
        things = self.things(segments)
        return things.probabilities[choose(things, request, self.thing_names, where)].amax(0)[None]

    def hand_over(self, probability: Tensor) -> Tensor:
        """The mask for the inpainters, N,1,H,W in [0, 1]."""
        if self.handover == 'soft':
            return probability
        return (probability >= 0.5).to(probability) + (probability - probability.detach())

    @_FULL_PRECISION
    @torch.no_grad()
    def classes(
        self, pictures: Tensor, features: tuple[Tensor, ...], found: Sequence[Segments]
    ) -> Tensor:
        """S, the class of each pixel, int64 N,H,W, in the data set's classes."""
        height, width = pictures.shape[-2:]
        maps = self._stuff(features, padded_size(pictures), len(pictures))[:, :height, :width]
        ids = torch.tensor(self.class_ids, device=pictures.device)
        for classes, segments in zip(maps, found, strict=True):
            for number in segments.scores.argsort().tolist():  # the highest score comes last
                is_there = segments.probabilities[number] >= 0.5
                classes[is_there] = ids[segments.labels[number]]
        return maps

    def _stuff(self, features: tuple[Tensor, ...], size: tuple[int, int], number: int) -> Tensor:
        """Classes of stuff, int64 (N, *size), where the network has a semantic head."""
        head = getattr(self.detector, 'semantic_head', None)
        if head is None:
            shape = (number, *size)
            return torch.full(shape, self.background_class, device=features[0].device)
        logits = head(features)['seg_preds']
        labels = F.interpolate(logits, size, mode='bilinear', align_corners=False).argmax(dim=1)
        # PanopticFPN's last channel is "a thing", which the segments tell of.
        lookup = [*self.class_ids[len(self.thing_names) :], self.background_class]
        return torch.tensor(lookup, device=labels.device)[labels]


def padded_size(pictures: Tensor) -> tuple[int, int]:
    """(height, width) of N,3,H,W, rounded up to a multiple of 32."""
    height, width = (side + -side % _DIVISOR for side in pictures.shape[-2:])
    return height, width


@contextmanager
def _known_features(detector: nn.Module, features: tuple[Tensor, ...]) -> Iterator[None]:
    """Let mmdet's ``loss`` take features that were computed before."""
    detector.extract_feat = lambda _: features
    try:
        yield
    finally:
        del detector.extract_feat
