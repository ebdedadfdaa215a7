"""Where a segmentor of instances has its semantic scores from (step 1 of Sec. 2.1)."""

from abc import abstractmethod
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from seginpaint_mm.checkpoint import check_checkpoint_fits, load_checkpoint_safely
from seginpaint_mm.errors import CheckpointError
from seginpaint_mm.models.data_preprocessor import pad_bottom_right
from seginpaint_mm.registry import MODELS
from seginpaint_mm.structures import SceneSample


class ScoreSource(BaseModule):
    """Gives each pixel's probabilities of K classes.

    Attributes:
        num_classes: K.
        class_key: Key of K in the config of a source whose classes are those of the data set; None
            of one that may know others.
        reads_truth: It looks at the samples' labels, not at the images.
    """

    num_classes: int
    class_key: str | None = None
    reads_truth = False

    @abstractmethod
    def forward(
        self,
        images: Tensor,
        data_samples: Sequence[SceneSample],
        features: Sequence[Tensor],
    ) -> Tensor:
        """Probabilities N,K,H,W, float32 in [0, 1].

        Args:
            images: N,3,H,W float32, normalised, padded to one size.
            data_samples: The N samples.
            features: What the localisation net's backbone makes of the images.
        """

    def loss(
        self, features: Sequence[Tensor], data_samples: Sequence[SceneSample]
    ) -> dict[str, Tensor]:
        """Losses of a source that is trained with the localisation net; others have none."""
        return {}


@MODELS.register_module()
class TrueScores(ScoreSource):
    """1 for the true class, 0 for the others: the oracle, and what a localisation net is measured
    with while there is no semantic net.

    Pixels that the truth ignores, and the padding, have 0 for all classes.

    Args:
        num_classes: K of the samples' ``gt_sem_seg``.
    """

    class_key = 'num_classes'
    reads_truth = True

    def __init__(self, *, num_classes: int) -> None:
        super().__init__()
        self.num_classes = num_classes

    def forward(
        self,
        images: Tensor,
        data_samples: Sequence[SceneSample],
        features: Sequence[Tensor],
    ) -> Tensor:
        """Reads ``gt_sem_seg`` int64 1,h,w of each sample, 255 = ignore.

        Raises:
            ValueError: when a sample has none, or one with a class of K or above.
        """
        size = images.shape[-2:]
        truth = [pad_bottom_right(self._classes(sample), size, 255) for sample in data_samples]
        classes = torch.cat(truth)
        known = classes != 255
        one_hot = F.one_hot(classes.masked_fill(~known, 0), self.num_classes).movedim(-1, 1)
        return (one_hot * known[:, None]).float()

    def _classes(self, sample: SceneSample) -> Tensor:
        name = sample.get('img_path', 'a sample')
        if 'gt_sem_seg' not in sample:
            raise ValueError(
                f'{name} has no gt_sem_seg, which TrueScores reads: load the labels, or take the '
                f'scores from a net (SegmentorScores).'
            )
        classes = sample.gt_sem_seg.data
        unknown = classes[(classes >= self.num_classes) & (classes != 255)]
        if len(unknown):
            raise ValueError(
                f'{name} has pixels of class {int(unknown[0])}, TrueScores has '
                f'{self.num_classes} classes: set its num_classes to that of the data set.'
            )
        return classes


@MODELS.register_module()
class SharedScores(ScoreSource):
    """A semantic head on the localisation net's backbone; both are trained together.

    Args:
        decode_head: Config of an mmseg decode head, whose loss reads ``gt_sem_seg``.
    """

    class_key = 'decode_head.num_classes'

    def __init__(self, *, decode_head: dict) -> None:
        super().__init__()
        self.decode_head = MODELS.build(decode_head)
        self.num_classes = self.decode_head.num_classes

    def forward(
        self,
        images: Tensor,
        data_samples: Sequence[SceneSample],
        features: Sequence[Tensor],
    ) -> Tensor:
        """Reads the features only."""
        logits = self.decode_head(features).float()
        size = images.shape[-2:]
        return F.interpolate(logits, size, mode='bilinear', align_corners=False).softmax(1)

    def loss(
        self, features: Sequence[Tensor], data_samples: Sequence[SceneSample]
    ) -> dict[str, Tensor]:
        return self.decode_head.loss(features, data_samples, None)


class NetScores(ScoreSource):
    """Scores of a finished net, which is not trained here.

    With ``checkpoint`` the net loads its weights itself and is no part of the model around it: its
    tensors are neither in that model's checkpoints nor expected there. So the localisation net's
    checkpoint is the same whichever scores it is combined with. Without ``checkpoint`` the net is
    an ordinary part, whose weights come with the whole model's.

    The images come as the model's data preprocessor normalises them: the net must have been
    trained with the same mean and standard deviation.

    Args:
        segmentor: Config of the net.
        checkpoint: Local file with the net's weights, as tools/train.py writes them, or None.
        net_classes: Net -> K.
    """

    def __init__(self, segmentor: dict, checkpoint: str | None) -> None:
        super().__init__()
        net = MODELS.build(segmentor).requires_grad_(False).eval()
        self.checkpoint = checkpoint
        self._is_loaded = checkpoint is None
        if checkpoint is None:
            self.segmentor = net
        else:
            object.__setattr__(self, 'segmentor', net)  # not as a sub-module

    def init_weights(self) -> None:
        """Initialise or load the net."""
        self._load()
        super().init_weights()

    def train(self, mode: bool = True) -> 'NetScores':
        """Stay in evaluation mode."""
        return super().train(False)

    def _apply(self, fn: Callable, recurse: bool = True) -> nn.Module:
        """Move, or change the layout of, the net with the model around it."""
        if self.checkpoint is not None:
            self.segmentor._apply(fn, recurse)
        return super()._apply(fn, recurse)

    @torch.no_grad()
    def forward(
        self,
        images: Tensor,
        data_samples: Sequence[SceneSample],
        features: Sequence[Tensor],
    ) -> Tensor:
        """Runs the net on the images.

        Raises:
            CheckpointError: when the checkpoint is missing or another net's.
        """
        self._load()
        return self._scores(images, data_samples)

    @abstractmethod
    def _scores(self, images: Tensor, data_samples: Sequence[SceneSample]) -> Tensor:
        """Probabilities N,K,H,W, float32."""

    def _load(self) -> None:
        """Load the weights when they are first needed: a config is built without them."""
        if self._is_loaded:
            return
        try:
            checkpoint = load_checkpoint_safely(self.checkpoint)
            state = check_checkpoint_fits(self.segmentor, checkpoint, self.checkpoint)
        except CheckpointError as error:
            raise CheckpointError(f'model.semantic.checkpoint: {error}') from error
        self.segmentor.load_state_dict(state, strict=False)  # batch counters may be absent
        self._is_loaded = True


@MODELS.register_module()
class SegmentorScores(NetScores):
    """Softmax of any mmseg segmentor, whole or by sliding window as its ``test_cfg`` says.

    A segmentor with one sigmoid output gives two classes: 1 - p and p.

    Args:
        segmentor: Config of an ``mmseg.EncoderDecoder`` or of another class with its ``inference``.
        checkpoint: See :class:`NetScores`.

    Raises:
        ValueError: when ``segmentor`` is not such a class.
    """

    def __init__(self, *, segmentor: dict, checkpoint: str | None = None) -> None:
        super().__init__(segmentor, checkpoint)
        if not hasattr(self.segmentor, 'inference'):
            raise ValueError(
                f'SegmentorScores takes an mmseg segmentor (mmseg.EncoderDecoder), not '
                f'{type(self.segmentor).__name__}: ForegroundScores takes models that give '
                f'pred_foreground_prob.'
            )
        one_output = self.segmentor.out_channels == 1
        self.num_classes = 2 if one_output else self.segmentor.num_classes

    def _scores(self, images: Tensor, data_samples: Sequence[SceneSample]) -> Tensor:
        size = tuple(images.shape[-2:])
        metas = [dict(ori_shape=size, img_shape=size, pad_shape=size) for _ in images]
        logits = self.segmentor.inference(images, metas).float()
        if logits.shape[1] == 1:
            foreground = logits.sigmoid()
            return torch.cat((1 - foreground, foreground), dim=1)
        return logits.softmax(1)


@MODELS.register_module()
class ForegroundScores(NetScores):
    """Two classes, 0 background and 1 foreground, of a model that predicts the foreground.

    Args:
        segmentor: Config of a model whose ``predict`` adds ``pred_foreground_prob``.
        checkpoint: See :class:`NetScores`.
    """

    num_classes = 2

    def __init__(self, *, segmentor: dict, checkpoint: str | None = None) -> None:
        super().__init__(segmentor, checkpoint)

    def _scores(self, images: Tensor, data_samples: Sequence[SceneSample]) -> Tensor:
        copies = [sample.new() for sample in data_samples]  # its other predictions stay out
        probabilities = []
        for sample in self.segmentor(images, copies, mode='predict'):
            if 'pred_foreground_prob' not in sample:
                raise ValueError(
                    f'ForegroundScores needs a model that gives pred_foreground_prob; '
                    f'{type(self.segmentor).__name__} gives {", ".join(sample.keys())}.'
                )
            foreground = sample.pred_foreground_prob.data
            probabilities.append(pad_bottom_right(foreground, images.shape[-2:], 0))
        foreground = torch.stack(probabilities)
        return torch.cat((1 - foreground, foreground), dim=1)
