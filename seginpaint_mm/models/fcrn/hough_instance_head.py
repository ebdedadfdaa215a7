"""Decode instances from voting pixels: hypotheses, votes, seeds (Section 4)."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from mmengine.model import BaseModule
from mmengine.structures import InstanceData
from torch import Tensor

from seginpaint_mm.models.fcrn.fcrn_head import EnlargedMaps
from seginpaint_mm.ops.box_grouping import Hypotheses, region_nms
from seginpaint_mm.ops.hough_decoding import by_confidence, group_votes, tight_boxes
from seginpaint_mm.registry import MODELS


@dataclass(frozen=True)
class Votes:
    """Pixels that may belong to things of one class; on the CPU.

    Attributes:
        pixels: int64 (V,), row * width + column, ascending.
        scores: float32 (V,), the pixels' scores for the class.
        ranks: int64 (V,), how many classes have a higher score there.
    """

    pixels: Tensor
    scores: Tensor
    ranks: Tensor

    def __len__(self) -> int:
        return len(self.pixels)

    def within(self, top_n: int) -> 'Votes':
        """Those of the top-n mask: the class is among the n highest of the pixel."""
        return self[self.ranks < top_n]

    def places(self, width: int) -> tuple[Tensor, Tensor]:
        """Rows and columns, int64 (V,), in an image of that width."""
        rows = self.pixels.div(width, rounding_mode='floor')
        return rows, self.pixels - rows * width

    def points(self, width: int) -> Tensor:
        """x, y of the middles of the pixels, float32 (V, 2), in an image of that width."""
        rows, columns = self.places(width)
        return torch.stack((columns, rows), dim=1) + 0.5

    def __getitem__(self, chosen: Tensor) -> 'Votes':
        """Some of them; ``chosen`` is bool (V,)."""
        return Votes(self.pixels[chosen], self.scores[chosen], self.ranks[chosen])


def find_votes(scores: Tensor, thing_id: int, *, top_n: int, min_score: float) -> Votes:
    """The votes for a class of things: the pixels in its top-n mask.

    All K classes are ranked, so that a pixel that is surely background votes for nothing: its
    class has no instances. Of equal scores all count as among the highest.

    Args:
        scores: floats (K, H, W).
        thing_id: The class.
        top_n: n.
        min_score: Pixels vote with scores above it only.
    """
    scores = scores.flatten(1)
    pixels = (scores[thing_id] > min_score).nonzero().squeeze(1)
    candidates = scores.index_select(1, pixels)
    of_class = candidates[thing_id]
    ranks = (candidates > of_class).sum(0)
    return Votes(pixels.cpu(), of_class.float().cpu(), ranks.cpu()).within(top_n)


CONFIDENCES = ('score', 'extent')
TIES = ('centre', 'order')


@MODELS.register_module()
class HoughInstanceHead(BaseModule):
    """Finds instances in semantic scores and the boxes that pixels predict; has no parameters.

    Steps 3 to 6 of Sec. 2.1: the pixels of the top-n mask of a class vote, each with its box;
    non-maximum suppression on the boxes groups them; each group is a hypothesis, its pixels the
    mask and their mean score the confidence; of hypotheses with much the same mask the most
    confident stays.

    "n masks per category", says the paper: each of the top-1, ..., top-n masks makes hypotheses of
    its own, and only step 6 chooses among them. (From one mask per class they would be disjoint,
    and step 6 would have nothing to do.) The top-1 mask is the semantic segmentation, with its
    clean outlines; the larger ones also find what it misses.

    Args:
        thing_ids: Semantic ids, below K, of the classes that have instances, in order.
        box_coder: Config of the :class:`BoxCoder` that the maps are encoded with.
        top_n: The masks of a class: n for each, ascending. ``(2,)`` takes the top-2 mask alone.
        min_score: Pixels vote for a class with a score above this only. Next to a score of 0.9
            lies one of at most 0.1: such votes add nothing but time.
        box_iou_threshold: Step 4: votes whose boxes overlap by an IoU above it are one instance's.
        region_iou_threshold: Step 6: hypotheses whose masks overlap by an IoU above it are the
            same; 0 lets any overlap suppress.
        across_classes: Whether step 6 looks at all classes together, so that a region is found as
            one class only. Within each class, the default, is what the paper's [8] does, and what
            an average over classes rewards.
        ties: Which of votes with equal scores step 4 keeps first, of which the paper says
            nothing: ``'centre'``, the one nearest to the centre of its own box, in units of that
            box; ``'order'``, the first in the image, which lies on the object's upper edge.
        confidence: ``'score'``, the paper's mean score of the pixels. True classes give each
            hypothesis a score of 1 and thereby no order for the average precision: ``'extent'``
            multiplies it by the share of the kept vote's box that the mask fills.
        min_pixels: Smaller hypotheses are dropped: stray votes of a good score would otherwise
            lead the list. Below 1 it is a share of the image's pixels (10 pixels of a VOC image
            are a share of 5e-5): objects of small images may have fewer than 10.
        max_instances: The most confident so many are returned.
        init_cfg: MMEngine's initialisation config.

    Raises:
        ValueError: when an option is out of its range.
    """

    def __init__(
        self,
        *,
        thing_ids: Sequence[int],
        box_coder: dict,
        top_n: Sequence[int] = (1, 2),
        min_score: float = 0.1,
        box_iou_threshold: float = 0.5,
        region_iou_threshold: float = 0.5,
        across_classes: bool = False,
        ties: str = 'centre',
        confidence: str = 'score',
        min_pixels: float = 5e-5,
        max_instances: int = 100,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.thing_ids = tuple(thing_ids)
        self.box_coder = MODELS.build(box_coder)
        self.top_n = tuple(top_n)
        self.min_score = min_score
        self.box_iou_threshold = box_iou_threshold
        self.region_iou_threshold = region_iou_threshold
        self.across_classes = across_classes
        self.ties = ties
        self.confidence = confidence
        self.min_pixels = min_pixels
        self.max_instances = max_instances
        self._check_options()

    def _check_options(self) -> None:
        if not self.top_n or sorted(set(self.top_n)) != list(self.top_n) or self.top_n[0] < 1:
            raise ValueError(
                f'HoughInstanceHead: top_n must be ascending numbers from 1 on, e.g. (1, 2), not '
                f'{self.top_n}.'
            )
        if not 0 < self.box_iou_threshold < 1:
            raise ValueError(
                f'HoughInstanceHead: box_iou_threshold must be above 0 and below 1, not '
                f'{self.box_iou_threshold}.'
            )
        if not 0 <= self.region_iou_threshold < 1:
            raise ValueError(
                f'HoughInstanceHead: region_iou_threshold must be at least 0 and below 1, not '
                f'{self.region_iou_threshold}.'
            )
        for name, words in (('ties', TIES), ('confidence', CONFIDENCES)):
            if getattr(self, name) not in words:
                raise ValueError(
                    f'HoughInstanceHead: {name} must be one of {words}, not '
                    f'{getattr(self, name)!r}.'
                )

    @torch.no_grad()
    def predict(self, scores: Tensor, maps: Tensor | EnlargedMaps) -> InstanceData:
        """Find the instances of an image.

        Works on the CPU; tensors elsewhere are read there as far as pixels vote.

        Args:
            scores: floats (K, H, W) in [0, 1], probabilities of the classes.
            maps: floats (4T, H, W): channels 4t to 4t + 3 are the encoded boxes of the t-th of
                ``thing_ids``. They matter only where pixels vote: :class:`EnlargedMaps` computes
                them there.

        Returns:
            InstanceData: on the scores' device, in descending order of scores: ``bboxes`` float32
            (n, 4), the masks' tight x1, y1, x2, y2, right and bottom exclusive; ``labels`` int64
            (n,), indices into ``thing_ids``; ``scores`` float32 (n,) in [0, 1]; ``masks`` bool
            (n, H, W).

        Raises:
            ValueError: when the sizes of scores and maps do not fit the things or each other, the
                scores hold NaN, or a vote's box is not finite or has no area.
        """
        self._check_inputs(scores, maps)
        scores = scores.contiguous()
        hypotheses = Hypotheses.join(
            [
                found
                for label in range(len(self.thing_ids))
                for found in self._hypotheses_of(label, scores, maps)
            ]
        )
        least = self.fewest_pixels(scores[0].numel())
        hypotheses = hypotheses.select(by_confidence(hypotheses, least))
        kept = region_nms(
            hypotheses,
            threshold=self.region_iou_threshold,
            across_classes=self.across_classes,
        )
        return to_instances(hypotheses.select(kept[: self.max_instances]), scores)

    def _hypotheses_of(
        self, label: int, scores: Tensor, maps: Tensor | EnlargedMaps
    ) -> list[Hypotheses]:
        """Those of each of the class's masks; a mask equal to the one before adds nothing."""
        votes = find_votes(
            scores, self.thing_ids[label], top_n=self.top_n[-1], min_score=self.min_score
        )
        boxes = self._vote_boxes(votes, label, maps)
        found, voted = [], 0
        for n in self.top_n:
            chosen = votes.ranks < n
            if chosen.sum() > voted:
                voted = chosen.sum()
                found.append(self._group(votes[chosen], boxes[chosen], label, maps.shape[-1]))
        return found

    def _vote_boxes(self, votes: Votes, label: int, maps: Tensor | EnlargedMaps) -> Tensor:
        """The boxes, float32 (V, 4), that the votes mean by the maps of their class."""
        width = maps.shape[-1]
        if isinstance(maps, Tensor):
            of_label = maps[4 * label : 4 * label + 4].flatten(1)
            deltas = of_label.index_select(1, votes.pixels.to(maps.device)).T.cpu()
        else:
            deltas = maps.read_object(label, *votes.places(width)).cpu()
        return self.box_coder.decode(votes.points(width), deltas)

    def _group(self, votes: Votes, boxes: Tensor, label: int, width: int) -> Hypotheses:
        """Steps 4 and 5, in an image of that width."""
        return group_votes(
            label,
            votes.pixels.numpy(),
            votes.points(width).numpy(),
            votes.scores.numpy(),
            boxes.numpy(),
            threshold=self.box_iou_threshold,
            ties=self.ties,
            confidence=self.confidence,
        )

    def fewest_pixels(self, num_pixels: int) -> float:
        """Pixels that a hypothesis must have in an image of ``num_pixels``."""
        return self.min_pixels * (num_pixels if self.min_pixels < 1 else 1)

    def _check_inputs(self, scores: Tensor, maps: Tensor | EnlargedMaps) -> None:
        if tuple(scores.shape[1:]) != tuple(maps.shape[1:]):
            raise ValueError(
                f'HoughInstanceHead: the scores are {tuple(scores.shape[1:])} (height, width), the '
                f'localisation maps {tuple(maps.shape[1:])}: resize the maps to the scores.'
            )
        if len(maps) != 4 * len(self.thing_ids):
            raise ValueError(
                f'HoughInstanceHead: {len(self.thing_ids)} thing_ids need '
                f'{4 * len(self.thing_ids)} localisation maps, not {len(maps)}.'
            )
        if max(self.thing_ids, default=-1) >= len(scores):
            raise ValueError(
                f'HoughInstanceHead: thing_ids has {max(self.thing_ids)}, but the scores are of '
                f'{len(scores)} classes, 0 to {len(scores) - 1}: give the thing_ids of the data '
                f'set that the semantic net was trained on.'
            )
        if scores.sum().isnan():  # quicker than to look at each
            raise ValueError(
                'HoughInstanceHead: the scores hold NaN, as after a training that diverged.'
            )


def to_instances(hypotheses: Hypotheses, scores: Tensor) -> InstanceData:
    """What :meth:`HoughInstanceHead.predict` returns, from pixels of maps like ``scores``."""
    height, width = scores.shape[1:]
    owners, pixels = hypotheses.owners, hypotheses.pixels
    masks = torch.zeros(len(hypotheses), height * width, dtype=torch.bool, device=scores.device)
    where = (torch.from_numpy(owners), torch.from_numpy(pixels))
    masks[tuple(index.to(scores.device) for index in where)] = True
    return InstanceData(
        bboxes=torch.from_numpy(tight_boxes(hypotheses, width)).to(scores.device),
        labels=torch.from_numpy(hypotheses.labels).to(scores.device),
        scores=torch.from_numpy(hypotheses.scores).float().to(scores.device),
        masks=masks.view(len(hypotheses), height, width),
    )
