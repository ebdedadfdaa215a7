"""``InpaintThenSegment``: fill an image with a hole, then segment it (Table 4)."""

from collections.abc import Callable, Mapping, Sequence

import torch
from mmengine.structures import PixelData
from torch import Tensor, nn

from seginpaint_mm.checkpoint import check_checkpoint_fits, load_checkpoint_safely
from seginpaint_mm.errors import CheckpointError
from seginpaint_mm.models.abilities import Inpainter, check_size, objection_to
from seginpaint_mm.models.baselines.finished_model import FinishedModel
from seginpaint_mm.registry import MODELS
from seginpaint_mm.structures import SceneSample

_PARTS = ('inpainter', 'segmentor')


@MODELS.register_module()
class InpaintThenSegment(Inpainter, FinishedModel):
    """Any inpainter, and any segmentor of its result: SGE-Net's Table 4.

    Both are finished and each has its own checkpoint: this model has no weights, and
    ``tools/test.py`` runs it without a checkpoint.

    Args:
        inpainter: Config of a model that adds ``pred_image``; it gets what ``data_preprocessor``
            gives, so that must be the one it was trained with.
        segmentor: Config of an mmseg segmentor, or of another model that adds ``pred_sem_seg``,
            with its own data preprocessor.
        inpainter_checkpoint: File with its weights; None for an inpainter that has none.
        segmentor_checkpoint: File with its weights.
        data_preprocessor: Config of the inpainter's :class:`SceneDataPreprocessor`.

    Raises:
        CheckpointError: with the first batch, when a checkpoint is missing or another model's.
    """

    def __init__(
        self,
        *,
        inpainter: dict,
        segmentor: dict,
        inpainter_checkpoint: str | None = None,
        segmentor_checkpoint: str | None = None,
        data_preprocessor: dict | None = None,
    ) -> None:
        preprocessor = data_preprocessor or dict(type='SceneDataPreprocessor')
        super().__init__(MODELS.build(preprocessor))
        built = MODELS.build({'data_preprocessor': preprocessor, **inpainter})
        # not sub-modules, whose weights would be expected in this model's checkpoint
        self._nets = [net.requires_grad_(False).eval() for net in (built, MODELS.build(segmentor))]
        self.checkpoints = (inpainter_checkpoint, segmentor_checkpoint)
        self._is_loaded = False

    def _apply(self, fn: Callable[[Tensor], Tensor], *rest: bool) -> nn.Module:
        """Move the nets along."""
        for net in self._nets:
            net._apply(fn, *rest)
        return super()._apply(fn, *rest)

    def class_numbers(self, metainfo: Mapping) -> dict[str, dict[str, int]]:
        """Say which config values belong to a data set's classes; see :class:`ClassCountHook`."""
        count = getattr(self._nets[1], 'num_classes', None)
        if count is None:
            return {}
        return dict(most_classes={'segmentor.decode_head.num_classes': count})

    def check_size(self, height: int, width: int) -> None:
        check_size(self._nets[0], (height, width))

    def objection(self) -> str | None:
        return objection_to(self._nets[0])

    @torch.no_grad()
    def predict(self, inputs: Tensor, data_samples: Sequence[SceneSample]) -> list[SceneSample]:
        """Add ``pred_image`` and ``pred_sem_seg``, int64 1,h,w, the classes of that image."""
        self._load()
        inpainter, segmentor = self._nets
        for sample in inpainter(inputs, data_samples, mode='predict'):
            sample.pred_sem_seg = PixelData(data=_classes(segmentor, sample.pred_image.data))
        return list(data_samples)

    def _load(self) -> None:
        """Load the weights when they are first needed: a config is built without them."""
        if self._is_loaded:
            return
        for part, net, path in zip(_PARTS, self._nets, self.checkpoints, strict=True):
            if path is not None:
                _load_weights(net, path, f'model.{part}_checkpoint')
            elif net.state_dict():
                raise CheckpointError(
                    f'model.{part}_checkpoint is not set, but {type(net).__name__} has weights: '
                    f'name the checkpoint of its training.'
                )
        self._is_loaded = True


def _load_weights(net: nn.Module, path: str, where: str) -> None:
    try:
        state = check_checkpoint_fits(net, load_checkpoint_safely(path), path)
    except CheckpointError as error:
        raise CheckpointError(f'{where}: {error}') from error
    net.load_state_dict(state, strict=False)  # batch counters may be absent


def _classes(segmentor: nn.Module, picture: Tensor) -> Tensor:
    """int64 1,h,w of uint8 3,h,w, RGB."""
    size = tuple(picture.shape[-2:])
    sample = SceneSample(metainfo=dict(img_shape=size, ori_shape=size, pad_shape=size))
    batch = dict(inputs=[picture.flip(0)], data_samples=[sample])
    (segmented,) = segmentor.test_step(batch)
    return segmented.pred_sem_seg.data.long()
