"""Models of mmdet and mmseg, from their own configs, on the operators that mmcv has here."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
from mmdet.testing import demo_mm_inputs
from mmengine.config import Config
from mmengine.model import BaseModel, revert_sync_batchnorm
from mmengine.registry import DefaultScope
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from seginpaint_mm.registry import MODELS

pytestmark = pytest.mark.slow  # all of them together
CLASSES = 19
BACKBONE_18 = dict(backbone=dict(depth=18))
NARROW = dict(roi_head=dict(bbox_head=dict(fc_out_channels=32)))
FPN_18 = dict(**BACKBONE_18, neck=dict(in_channels=[64, 128, 256, 512]))
DCN_16 = dict(backbone=dict(base_channels=16), neck=dict(in_channels=[64, 128, 256, 512]))
PANOPTIC_18 = dict(
    **BACKBONE_18, panoptic_head=dict(in_channels=[64, 128, 256, 512], num_queries=10)
)
# The library and config of each model, and what makes it small.
MODELS_OF_OTHERS = {
    'Mask R-CNN': ('mmdet/mask_rcnn/mask-rcnn_r50_fpn_1x_coco.py', FPN_18 | NARROW),
    'Mask R-CNN with DCNv2': (
        'mmdet/dcnv2/mask-rcnn_r50-mdconv-c3-c5_fpn_1x_coco.py',
        DCN_16 | NARROW,
    ),
    'PanopticFPN': ('mmdet/panoptic_fpn/panoptic-fpn_r50_fpn_1x_coco.py', FPN_18 | NARROW),
    'RTMDet-Ins': ('mmdet/rtmdet/rtmdet-ins_tiny_8xb32-300e_coco.py', {}),
    'MaskFormer': ('mmdet/maskformer/maskformer_r50_ms-16xb1-75e_coco.py', PANOPTIC_18),
    'Mask2Former': ('mmdet/mask2former/mask2former_r50_8xb2-lsj-50e_coco-panoptic.py', PANOPTIC_18),
    'PSPNet': ('mmseg/pspnet/pspnet_r18-d8_4xb2-80k_cityscapes-512x1024.py', {}),
    'DeepLabV3': ('mmseg/deeplabv3/deeplabv3_r18-d8_4xb2-80k_cityscapes-512x1024.py', {}),
    'DeepLabV3+': ('mmseg/deeplabv3plus/deeplabv3plus_r18-d8_4xb2-80k_cityscapes-512x1024.py', {}),
    'SegFormer': ('mmseg/segformer/segformer_mit-b0_8xb1-160k_cityscapes-1024x1024.py', {}),
    'PointRend': ('mmseg/point_rend/pointrend_r50_4xb2-80k_cityscapes-512x1024.py', FPN_18),
}


@pytest.fixture
def model(name: str) -> Iterator[BaseModel]:
    """Build a model from its library's config, on one process and with random weights."""
    path, changes = MODELS_OF_OTHERS[name]
    library, _, config = path.partition('/')
    folder = Path(find_spec(library).origin).parent / '.mim' / 'configs'
    cfg = Config.fromfile(folder / config)
    cfg.merge_from_dict({'model': changes})
    cfg.model.data_preprocessor.pop('batch_augments', None)  # pads to the size of large images
    if library == 'mmseg':
        cfg.model.data_preprocessor.size = (64, 64)
    drop_weights(cfg.model)
    with DefaultScope.overwrite_default_scope(library):
        torch.manual_seed(0)
        yield revert_sync_batchnorm(MODELS.build(dict(cfg.model, _scope_=library)))


def drop_weights(cfg: Any) -> None:
    """Take out of a config the weights that it would download."""
    if isinstance(cfg, dict):
        cfg.pop('pretrained', None)
        if 'checkpoint' in (cfg.get('init_cfg') or {}):
            del cfg['init_cfg']
        cfg = list(cfg.values())
    if isinstance(cfg, list | tuple):
        for value in cfg:
            drop_weights(value)


def images(name: str) -> dict:
    """Return two images of 64 x 64 with objects or with classes of pixels, as a loader would."""
    if MODELS_OF_OTHERS[name][0].startswith('mmdet'):
        settings = dict(with_mask=True, with_semantic=True, sem_seg_output_strides=1)
        return demo_mm_inputs(2, (3, 64, 64), num_items=[2, 1], use_box_type=False, **settings)
    generator = torch.Generator().manual_seed(0)
    samples = []
    for _ in range(2):
        labels = torch.randint(CLASSES, (1, 64, 64), generator=generator)
        size = dict(img_shape=(64, 64), ori_shape=(64, 64), pad_shape=(64, 64))
        samples.append(SegDataSample(metainfo=size, gt_sem_seg=PixelData(data=labels)))
    inputs = [torch.randint(256, (3, 64, 64), generator=generator).byte() for _ in range(2)]
    return dict(inputs=inputs, data_samples=samples)


@pytest.mark.parametrize('name', MODELS_OF_OTHERS)
def test_trains_and_predicts(name: str, model: BaseModel) -> None:
    losses = model(**model.data_preprocessor(images(name), training=True), mode='loss')
    total, logged = model.parse_losses(losses)
    total.backward()
    assert all(value.isfinite() for value in logged.values())
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    assert gradients
    assert all(gradient.isfinite().all() for gradient in gradients)

    model.eval()
    with torch.no_grad():
        results = model.test_step(images(name))
    assert len(results) == 2
    assert {'pred_instances', 'pred_panoptic_seg', 'pred_sem_seg'} & set(results[0].keys())
