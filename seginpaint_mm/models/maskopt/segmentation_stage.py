"""``SegmentationStage``: paints classes where they cannot be seen (eq. 4)."""

import torch
from torch import Tensor

from seginpaint_mm.models.maskopt.stage import InpaintingStage
from seginpaint_mm.models.recording import is_recorded
from seginpaint_mm.registry import MODELS

IGNORE_INDEX = 255


@MODELS.register_module()
class SegmentationStage(InpaintingStage):
    """The segmentation inpainter; see :class:`InpaintingStage`.

    Its generator takes ``num_classes`` + 1 channels: the classes and the mask; and gives
    ``num_classes``. Its discriminator takes ``num_classes`` + 1: the classes' probabilities, and
    the true grey picture.

    Args:
        num_classes: C.
        loss_classes: Config of a loss of mmseg's kind; its ``loss_weight`` is lambda_SC.
    """

    def __init__(
        self,
        *,
        num_classes: int,
        generator: dict,
        discriminator: dict,
        loss_gan: dict,
        loss_classes: dict,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(generator, discriminator, loss_gan, init_cfg)
        self.num_classes = num_classes
        self.loss_classes = MODELS.build(loss_classes)

    def forward(self, classes: Tensor, mask: Tensor) -> Tensor:
        """Logits of S_I, N,C,H,W.

        Args:
            classes: N,C,H,W, see :func:`one_hot`.
            mask: N,1,H,W in [0, 1], 1 = to be filled; no class is seen there.
        """
        return self.generator(torch.cat([classes * (1 - mask), mask], dim=1))

    def generator_losses(self, logits: Tensor, labels: Tensor, grey: Tensor) -> dict[str, Tensor]:
        """``loss_gan`` and ``loss_classes``.

        Args:
            logits: N,C,H,W, of S_I.
            labels: int64 N,H,W, the classes of I_G; 255 = ignore.
            grey: N,1,H,W, I_G.
        """
        of_classes = self.loss_classes(logits.float(), labels, ignore_index=IGNORE_INDEX)
        activations = self.judge(probabilities(logits, labels), grey)
        return dict(loss_gan=self.fooling_loss(activations), loss_classes=of_classes)


def probabilities(logits: Tensor, labels: Tensor) -> Tensor:
    """Probabilities N,C,H,W of logits; 0 where the label is 255, as in :func:`one_hot`.

    There the truth has no class: a discriminator would know it from any painting by that alone.
    """
    return logits.softmax(dim=1) * (labels != IGNORE_INDEX)[:, None]


def one_hot(labels: Tensor, num_classes: int) -> Tensor:
    """float32 N,C,H,W of int64 N,H,W; nothing where the label is 255.

    Raises:
        ValueError: when a label is no class.
    """
    known = labels != IGNORE_INDEX
    if not is_recorded():
        _check_classes(labels[known], num_classes)
    shape = (labels.shape[0], num_classes, *labels.shape[1:])
    planes = torch.zeros(shape, device=labels.device)
    return planes.scatter_(1, (labels * known)[:, None], known[:, None].float())


def _check_classes(labels: Tensor, num_classes: int) -> None:
    wrong = labels[(labels < 0) | (labels >= num_classes)]
    if len(wrong):
        raise ValueError(
            f'A label is {wrong[0].item()}, but model.segmentation.num_classes is {num_classes}, '
            f"for 0 to {num_classes - 1} and 255 = ignore: set it to the data set's number of "
            f'classes.'
        )
