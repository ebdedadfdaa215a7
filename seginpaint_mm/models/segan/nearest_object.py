"""``NearestObject``: the baseline that retrieves the most similar training object."""

from collections.abc import Sequence
from typing import ClassVar

import torch
from mmengine.model import BaseModel
from mmengine.optim import OptimWrapper
from torch import Tensor
from torchvision.ops import roi_align

from seginpaint_mm.geometry.boxes import crop_masks
from seginpaint_mm.models.abilities import ObjectCompleter
from seginpaint_mm.models.data_preprocessor import groups_by_size
from seginpaint_mm.models.segan.objects import Objects, collect_objects, set_predictions
from seginpaint_mm.models.segan.painting import paste_masks
from seginpaint_mm.registry import MODELS
from seginpaint_mm.structures import SceneSample


@MODELS.register_module()
class NearestObject(ObjectCompleter, BaseModel):
    """The full mask and the appearance of the training object nearest in a network's features.

    The nearest neighbour of SeGAN's Table 2 (Section 5.2): features of the image and of the
    visible mask, each the mean over the last feature map of the same fixed network, one after the
    other; the smallest L2 distance. Ours looks at both in the object's grown box.

    Training it is to look at the training set once, in one process: each step remembers the
    batch's objects, and the checkpoint holds all of them. An epoch more remembers them again.

    Args:
        backbone: Config of a network that gives feature maps of normalised RGB, e.g. mmseg's ResNet
            with ``init_cfg=dict(type='Pretrained', ...)``. It is not trained.
        crop_size: Side of what the network is shown of an object.
        mask_size: Side of the full masks that are remembered.
        painter_size: Side of the appearances, as the pipeline's ``CropAppearances`` gives them.
        box_growth: As in :class:`SeGAN`, where the samples have no ``grown_boxes``.
        max_objects_per_batch: Objects that the network is shown at once; bounds the memory.
        data_preprocessor: Config of a :class:`SceneDataPreprocessor`.
        init_cfg: MMEngine's initialisation config.
    """

    tensors_of_any_shape: ClassVar[tuple[str, ...]] = ('features', 'full', 'appearances')

    def __init__(
        self,
        *,
        backbone: dict,
        data_preprocessor: dict,
        crop_size: int = 224,
        mask_size: int = 58,
        painter_size: int = 256,
        box_growth: float = 0.2,
        max_objects_per_batch: int = 16,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(MODELS.build(data_preprocessor), init_cfg)
        self.backbone = MODELS.build(backbone).requires_grad_(False)
        self.crop_size = crop_size
        self.mask_size = mask_size
        self.painter_size = painter_size
        self.box_growth = box_growth
        self.max_objects_per_batch = max_objects_per_batch
        self.register_buffer('features', torch.zeros(0, 0))
        self.register_buffer('full', torch.zeros(0, mask_size, mask_size, dtype=torch.bool))
        appearances = torch.zeros(0, 4, painter_size, painter_size, dtype=torch.uint8)
        self.register_buffer('appearances', appearances)
        self._seen: list[dict[str, Tensor]] = []  # not yet among the buffers

    def train(self, mode: bool = True) -> 'NearestObject':
        """The network stays as it is used in tests."""
        super().train(mode)
        self.backbone.eval()
        return self

    def train_step(self, data: dict, optim_wrapper: OptimWrapper) -> dict[str, int]:
        """Remember the objects of a batch; no weight changes.

        Returns:
            ``num_objects`` of the batch, for the log.

        Raises:
            ValueError: when the samples lack ``full_masks`` or ``full_appearance``, or appearances
                are not ``painter_size`` square.
        """
        batch = self.data_preprocessor(data, training=True)
        with torch.no_grad():
            objects = self._collect(**batch)
            _check(objects, self.painter_size)
            whole = crop_masks(objects.full, objects.boxes, self.painter_size)
            opacity = whole[:, None].to(torch.uint8) * 255
            seen = dict(
                features=self._embed(batch['inputs'], objects),
                full=crop_masks(objects.full, objects.boxes, self.mask_size),
                appearances=torch.cat([objects.appearance, opacity], dim=1),
            )
        self._seen.append(seen)
        return dict(num_objects=len(objects))

    def forward(
        self, inputs: Tensor, data_samples: Sequence[SceneSample], mode: str = 'tensor'
    ) -> Tensor | list[SceneSample]:
        """The objects' features (N, F), or, with ``mode='predict'``, see :meth:`predict`."""
        if mode == 'predict':
            return self.predict(inputs, data_samples)
        if mode == 'tensor':
            return self._embed(inputs, self._collect(inputs, data_samples))
        raise ValueError(f"NearestObject: mode must be 'predict' or 'tensor', got {mode!r}.")

    def predict(self, inputs: Tensor, data_samples: Sequence[SceneSample]) -> list[SceneSample]:
        """Add ``pred_instances`` with the fields that :meth:`SeGAN.predict` describes.

        Raises:
            ValueError: when nothing was remembered.
        """
        self._settle()
        if not len(self.features):
            raise ValueError(
                'NearestObject remembers no object: train it for one epoch (tools/train.py), and '
                'give the checkpoint.'
            )
        for images, samples in groups_by_size(inputs, data_samples, self.data_preprocessor):
            self._predict(images, samples)
        return list(data_samples)

    def _predict(self, inputs: Tensor, data_samples: Sequence[SceneSample]) -> None:
        """Look the objects of images of one size up."""
        objects = self._collect(inputs, data_samples)
        size = tuple(inputs.shape[-2:])
        nearest = torch.cdist(self._embed(inputs, objects), self.features).argmin(dim=1)
        full = self.full[nearest].float()
        results = dict(
            masks=objects.given,
            grown_boxes=objects.boxes,
            full_masks=(paste_masks(full, objects.boxes, size) >= 0.5) | objects.given,
            full_probs=full,
            scores=torch.ones_like(objects.boxes[:, 0]),
            painted=self.appearances[nearest],
        )
        set_predictions(data_samples, results, objects.image_index, size)

    def _collect(self, inputs: Tensor, data_samples: Sequence[SceneSample]) -> Objects:
        return collect_objects(data_samples, tuple(inputs.shape[-2:]), self.box_growth)

    def _embed(self, images: Tensor, objects: Objects) -> Tensor:
        """float32 (N, F)."""
        parts = [
            self._embed_some(images, some) for some in objects.split(self.max_objects_per_batch)
        ]
        return torch.cat(parts) if parts else images.new_zeros((0, self.features.shape[1]))

    def _embed_some(self, images: Tensor, objects: Objects) -> Tensor:
        rois = torch.cat([objects.image_index[:, None], objects.boxes], dim=1)
        crops = roi_align(images, rois, self.crop_size, aligned=True)
        masks = crop_masks(objects.given, objects.boxes, self.crop_size)[:, None]
        mean, std = self.data_preprocessor.mean, self.data_preprocessor.std
        shown = (crops, (255 * masks - mean) / std)  # a mask is a white image on black
        return torch.cat(
            [self.backbone(pictures)[-1].mean(dim=(2, 3)) for pictures in shown], dim=1
        )

    def _settle(self) -> None:
        """Put what was seen among the buffers."""
        if self._seen:
            for name in self.tensors_of_any_shape:
                new = [seen[name] for seen in self._seen]
                old = [getattr(self, name)] if len(self.features) else []
                setattr(self, name, torch.cat([*old, *new]))
            self._seen = []

    def _save_to_state_dict(self, destination: dict, prefix: str, keep_vars: bool) -> None:
        self._settle()
        super()._save_to_state_dict(destination, prefix, keep_vars)

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *rest: object) -> None:
        self._seen = []
        for name in self.tensors_of_any_shape:  # a checkpoint may remember any number
            value = state_dict.get(f'{prefix}{name}')
            if value is not None:
                setattr(self, name, torch.empty_like(value, device=getattr(self, name).device))
        super()._load_from_state_dict(state_dict, prefix, *rest)


def _check(objects: Objects, painter_size: int) -> None:
    for name, value in (('full_masks', objects.full), ('full_appearance', objects.appearance)):
        if value is None:
            raise ValueError(
                f'NearestObject remembers gt_instances.{name}, which a sample of the batch does '
                f'not have: load it in train_dataloader.dataset.pipeline.'
            )
    if objects.appearance.shape[-1] != painter_size:
        raise ValueError(
            f'gt_instances.full_appearance is {objects.appearance.shape[-1]} pixels wide: crop '
            f'appearances to painter_size={painter_size}.'
        )
