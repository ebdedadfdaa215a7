"""Images of partly hidden rectangles, and a SeGAN small enough for tests."""

import torch
from mmengine.structures import InstanceData
from torch import Tensor

import seginpaint_mm.interop.mmagic  # noqa: F401  registers mmagic's networks
from seginpaint_mm.geometry.boxes import grow_boxes, tight_boxes
from seginpaint_mm.structures import SceneSample

SIZE = (48, 64)  # height, width
PAINTER_SIZE = 32
MASK_SIZE = 14


def tiny_segmentor(**changes: object) -> dict:
    config = dict(
        type='AmodalSegmentor',
        backbone=dict(type='ObjectResNet', depth=18, base_channels=8, strides=(1, 2, 1, 1)),
        in_channels=64,
        pool_size=1,
        roi_size=3,
        mask_size=MASK_SIZE,
        output_size=PAINTER_SIZE,
        loss_mask=dict(type='RegionWeightedBCELoss'),
    )
    return {**config, **changes}


def tiny_crop_segmentor() -> dict:
    return dict(
        type='CropSegmentor',
        backbone=dict(type='CropResNet', depth=18, base_channels=8),
        in_channels=(8, 16, 32),
        channels=8,
        crop_size=16,
        output_size=16,
        loss_mask=dict(type='RegionWeightedBCELoss'),
    )


def tiny_painter() -> dict:
    unet = dict(in_channels=3, out_channels=3, num_down=5, base_channels=4, use_dropout=True)
    patch = dict(in_channels=6, base_channels=4, num_conv=2)
    return dict(
        type='Pix2PixHead',
        generator=dict(type='UnetGenerator', _scope_='mmagic', **unet),
        discriminator=dict(type='PatchDiscriminator', _scope_='mmagic', **patch),
        loss_gan=dict(type='mmagic.GANLoss', gan_type='vanilla'),
    )


def tiny_segan(**changes: object) -> dict:
    """Config of a SeGAN of all parts, changed."""
    config = dict(
        type='SeGAN',
        data_preprocessor=dict(type='SceneDataPreprocessor'),
        segmentor=tiny_segmentor(),
        painter=tiny_painter(),
        painter_size=PAINTER_SIZE,
        painter_weight=0.1,
    )
    return {**config, **changes}


def scene(num: int = 2, size: tuple[int, int] = SIZE, seed: int = 0) -> tuple[Tensor, SceneSample]:
    """A uint8 BGR image (3, *size) and ``num`` objects, of which every second one is hidden."""
    generator = torch.Generator().manual_seed(seed)
    image = torch.randint(0, 256, (3, *size), dtype=torch.uint8, generator=generator)
    full = torch.zeros(num, *size, dtype=torch.bool)
    for index, mask in enumerate(full):
        top, left = 6 + 3 * index % 14, 8 + 7 * index % 30
        mask[top : top + 16, left : left + 18] = True
    visible = full.clone()
    hidden = visible[::2]
    hidden[..., 1::2, :] &= torch.arange(size[1]) % 3 > 0
    sample = SceneSample(metainfo=dict(img_path=f'scene_{seed}.png', img_shape=size))
    sample.gt_instances = InstanceData(
        masks=visible,
        full_masks=full,
        grown_boxes=grow_boxes(tight_boxes(visible), torch.full((4,), 0.2), size),
        full_appearance=torch.randint(
            0, 256, (num, 3, PAINTER_SIZE, PAINTER_SIZE), dtype=torch.uint8, generator=generator
        ),
    )
    return image, sample


def scenes(*nums: int, size: tuple[int, int] = SIZE) -> dict:
    """A batch as the data loader gives it: an image with so many objects for each number."""
    pairs = [scene(num, size, seed) for seed, num in enumerate(nums)]
    return dict(inputs=[image for image, _ in pairs], data_samples=[sample for _, sample in pairs])


def masks_only(batch: dict) -> dict:
    """The batch without what is not known of an image that nobody has labelled."""
    for sample in batch['data_samples']:
        sample.gt_instances = InstanceData(masks=sample.gt_instances.masks)
    return batch
