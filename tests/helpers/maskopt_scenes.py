"""Tiny images with an object to be removed, and tiny models for them."""

import copy

import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import DefaultScope
from mmengine.structures import InstanceData, PixelData

from seginpaint_mm.datasets.transforms.hole_shapes import signed_distance
from seginpaint_mm.engine import PartOptimWrappers
from seginpaint_mm.interop import mmagic  # noqa: F401 (registers GANLoss)
from seginpaint_mm.models.maskopt import ObjectRemover
from seginpaint_mm.structures import SceneSample
from tests.helpers.model_tester import build_model
from tests.helpers.tool_runs import REPOSITORY

SIZE = (32, 48)
NUM_CLASSES = 4
THINGS = ('cat', 'dog')
HINGE = dict(type='mmagic.GANLoss', gan_type='hinge', loss_weight=0.1)


def pair(seed: int = 0, size: tuple[int, int] = SIZE) -> tuple[torch.Tensor, SceneSample]:
    """An image with a bright rectangle, uint8 BGR 3,H,W; its sample knows that without."""
    generator = torch.Generator().manual_seed(seed)
    height, width = size
    truth = torch.randint(0, 100, (3, *size), dtype=torch.uint8, generator=generator)
    truth[:, height // 2 :] //= 2
    mask = torch.zeros(1, height, width, dtype=torch.uint8)
    top, left = (int(torch.randint(2, 8, (1,), generator=generator)) for _ in range(2))
    mask[:, top : top + height // 2, left : left + width // 3] = 1
    image = torch.where(mask.bool(), truth // 2 + 150, truth)
    labels = torch.zeros(1, height, width, dtype=torch.int64)
    labels[:, height // 2 :] = 1
    sample = SceneSample(
        metainfo=dict(
            img_shape=size,
            ori_shape=size,
            img_path=f'{seed}.png',
            removed_classes=['cat'],
            removed_labels=[0],
        )
    )
    sample.gt_image = PixelData(data=truth)
    sample.hole = PixelData(data=mask)
    sample.gt_sem_seg = PixelData(data=labels)
    sample.gt_instances = InstanceData(
        masks=torch.zeros(0, *size, dtype=torch.bool),
        labels=torch.zeros(0, dtype=torch.int64),
        bboxes=torch.zeros(0, 4),
    )
    return image.flip(0), sample


def pairs(number: int, size: tuple[int, int] = SIZE) -> dict:
    """A batch as the data loader gives it."""
    items = [pair(seed, size) for seed in range(number)]
    return dict(inputs=[item[0] for item in items], data_samples=[item[1] for item in items])


def generator(in_channels: int, out_channels: int, spectral_norm: bool = False) -> dict:
    return dict(
        type='EdgeConnectGenerator',
        in_channels=in_channels,
        out_channels=out_channels,
        base_channels=4,
        num_blocks=1,
        spectral_norm=spectral_norm,
    )


def discriminator(in_channels: int) -> dict:
    return dict(type='EdgeConnectDiscriminator', in_channels=in_channels, base_channels=4)


def edge() -> dict:
    return dict(
        type='EdgeStage',
        generator=generator(3, 1, spectral_norm=True),
        discriminator=discriminator(2),
        loss_gan=dict(HINGE, loss_weight=1.0),
    )


def segmentation() -> dict:
    return dict(
        type='SegmentationStage',
        num_classes=NUM_CLASSES,
        generator=generator(NUM_CLASSES + 1, NUM_CLASSES),
        discriminator=discriminator(NUM_CLASSES + 1),
        loss_gan=HINGE,
        loss_classes=dict(type='mmseg.CrossEntropyLoss', avg_non_ignore=True),
    )


def image(cues: int = 1 + NUM_CLASSES, features: bool = False) -> dict:
    """With random SqueezeNet features where wanted."""
    config = dict(
        type='ImageStage',
        generator=generator(4 + cues, 3),
        discriminator=discriminator(3),
        loss_gan=HINGE,
    )
    if features:
        config.update(
            perceptual_features=dict(
                type='PerceptualFeatures',
                network='squeezenet1_1',
                layers=('relu1', 'fire2'),
                weights=None,
            ),
            loss_perceptual=dict(type='PerceptualLoss', layer_weights=dict(relu1=1.0)),
            loss_style=dict(type='StyleLoss', layer_weights=dict(fire2=1.0), loss_weight=250.0),
        )
    return config


def tiny_inpainter(**changes: object) -> dict:
    """All three stages; ``changes`` are arguments of :class:`EdgeConnectInpainter`."""
    return dict(
        type='EdgeConnectInpainter',
        data_preprocessor=dict(
            type='SceneDataPreprocessor', mean=[127.5] * 3, std=[127.5] * 3, pad_size_divisor=4
        ),
        **dict(edge=edge(), segmentation=segmentation(), image=image()) | changes,
    )


def tiny_detector(kind: str = 'PanopticFPN') -> dict:
    """The small config's network with two things and two kinds of stuff."""
    path = REPOSITORY / 'configs/_base_/models/panoptic_selector_small.py'
    detector = Config.fromfile(path).selector.detector.to_dict()
    detector['backbone']['base_channels'] = 8
    detector['neck'].update(in_channels=[8, 16, 32, 64])
    for head in ('bbox_head', 'mask_head'):
        detector['roi_head'][head]['num_classes'] = 2
    detector['semantic_head'].update(num_things_classes=2, num_stuff_classes=2)
    detector['panoptic_fusion_head'].update(num_things_classes=2, num_stuff_classes=2)
    detector['test_cfg']['rcnn'].update(score_thr=0.0, max_per_img=8)
    if kind == 'MaskRCNN':
        for part in ('semantic_head', 'panoptic_fusion_head'):
            del detector[part]
        detector['type'] = 'MaskRCNN'
    return detector


def tiny_selector(kind: str = 'PanopticFPN', **changes: object) -> dict:
    stuff = (0, 1) if kind == 'PanopticFPN' else ()
    config = dict(
        type='PanopticMaskSelector',
        detector=tiny_detector(kind),
        thing_names=THINGS,
        class_ids=(2, 3, *stuff),
        background_class=0,
        score_threshold=0.0,
    )
    return config | changes


SCENE_SIZE = (64, 64)
EXPANSION = dict(type='MaskExpansionLoss')


def tiny_remover(kind: str = 'PanopticFPN', **changes: object) -> dict:
    config = tiny_inpainter() | dict(type='ObjectRemover', selector=tiny_selector(kind))
    return config | dict(mask_expansion=EXPANSION) | changes


def scenes(number: int) -> dict:
    batch = pairs(number, SCENE_SIZE)
    for sample in batch['data_samples']:
        distance = signed_distance(sample.hole.data[0].numpy())
        sample.signed_distance = PixelData(data=torch.from_numpy(distance)[None])
    return batch


def optimizers(model: ObjectRemover) -> PartOptimWrappers:
    adam = dict(optimizer=dict(type='Adam', lr=1e-3, betas=(0.0, 0.9)))
    with DefaultScope.overwrite_default_scope('seginpaint_mm'):
        parts = dict.fromkeys(model.parts(), adam)
        return build_optim_wrapper(model, dict(constructor='PartOptimWrapperConstructor', **parts))


def prepared(model: ObjectRemover, batch: dict) -> dict:
    return model.data_preprocessor(copy.deepcopy(batch), training=True)


def finding(config: dict) -> ObjectRemover:
    """A random network that takes most of each of its boxes for an object.

    In evaluation mode ``generate`` computes no losses of the panoptic network.
    """
    model = build_model(config).eval()
    torch.nn.init.constant_(model.selector.detector.roi_head.mask_head.conv_logits.bias, 1.0)
    return model
