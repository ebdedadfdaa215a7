"""A folder in which documented commands run: tiny data of each layout, photos and masks."""

import tarfile
from pathlib import Path

import cv2
import mmdet
import numpy as np
import torch
from mmdet.registry import MODELS as MMDET_MODELS
from mmengine.config import Config
from mmengine.registry import DefaultScope
from torchvision.models import resnet18

from seginpaint_mm.interop import mmagic  # noqa: F401 (registers GANLoss)
from seginpaint_mm.street.writers import LAYOUTS, Order, write_dataset
from seginpaint_mm.utils.files import write_json
from tests.helpers.amodal_folders import cocoa_annotation, write_cocoa
from tests.helpers.dataset_folders import add_persons, picture, write_map
from tests.helpers.maskopt_scenes import tiny_inpainter, tiny_selector
from tests.helpers.model_tester import build_model
from tests.helpers.tool_runs import REPOSITORY, run_here

PHOTO_SIZE = (320, 448)  # height, width; the READMEs click at (420, 180)
# Folder of data/ -> Street's layout, size, and scenes to train, validate and test with.
DATA = {
    'street': ('cityscapes', (128, 256), (4, 2, 0)),
    'cityscapes': ('cityscapes', (128, 256), (2, 2, 0)),
    'cityscapes_256x128': ('cityscapes', (128, 256), (2, 2, 0)),
    'kitti': ('kitti', (128, 424), (0, 2, 0)),
    'street_dyce': ('dyce', (128, 128), (4, 2, 2)),
    'VOCdevkit/VOC2012': ('voc', (128, 256), (2, 2, 0)),
}
PAIRS = 'data/pairs_street'
OWN_SIZE = (144, 160)  # of a user's own data
# What a user has; a command may name any of them.
PHOTOS = ('street.jpg', 'photo.jpg', 'my_photos/a.jpg', 'photos/a.jpg', 'photos/sub/b.jpg')
MASKS = ('mask.png', 'hole.png', 'object.png', 'chair.png', 'table.png')
MASK_FOLDERS = ('masks', 'holes')
FINDER = 'finder'
BACKBONE = 'resnet18_torchvision_partial.pth'


def write_world(folder: Path) -> Path:
    """Fill a folder with what the documents suppose to be there, each as small as it can be."""
    (folder / 'configs').symlink_to(REPOSITORY / 'configs')
    for name, (layout, size, counts) in DATA.items():
        splits = dict(zip(('train', 'val', 'test'), counts, strict=True))
        order = Order(layout, 'day', 0, size)
        write_dataset(
            folder / 'data' / name, LAYOUTS[layout], order, splits, 1, lambda done, total: None
        )
    _number_maps(folder / 'data/cityscapes/gt_manual/val/street')
    _turn_into_jpeg(folder / 'data/cityscapes_256x128/leftImg8bit')
    write_cocoa(folder / 'data/cocoa_sample', cocoa_annotation())
    _list_more_images(folder / 'data/VOCdevkit/VOC2012/ImageSets/Segmentation')
    add_persons(folder / 'data/VOCdevkit/VOC2012/SegmentationClassAug')
    (folder / 'data/voc').symlink_to('VOCdevkit')
    for split in ('train', 'val'):
        options = ('--num', '32', '--size', '128', '128', '--scale', '0.7', '2', '--workers', '1')
        source = ('cityscapes', str(folder / 'data/street'), '--split', split)
        run_here('dataset_converters/make_pairs', folder / PAIRS / split, *options, *source)
    for name in PHOTOS:
        write_map(folder / name, picture(PHOTO_SIZE))
    for number, name in enumerate(MASKS):
        write_map(folder / name, _mask(number))
    for name in MASK_FOLDERS:
        write_map(folder / name / 'a.png', _mask(0))
        write_map(folder / name / 'sub/b.png', _mask(1))
    (folder / 'shards').mkdir()
    for number in range(2):
        with tarfile.open(folder / f'shards/shard-{number:03d}.tar', 'w') as tar:
            tar.add(folder / 'photos/a.jpg', f'{number}.jpg')
    _write_own_data(folder)
    torch.save(resnet18().state_dict(), folder / BACKBONE)
    write_detector(folder)
    write_finder(folder / FINDER)
    return folder


def _mask(number: int) -> np.ndarray:
    """A rectangle of 255 on 0, uint8 (H, W), elsewhere for each number."""
    mask = np.zeros(PHOTO_SIZE, np.uint8)
    top, left = 20 + 40 * number, 30 + 70 * number
    mask[top : top + 60, left : left + 50] = 255
    return mask


def _number_maps(maps: Path) -> None:
    """Put 99 maps between the two scenes' own: the first hundred are those to validate with."""
    first, _ = sorted(maps.iterdir())
    for number in range(99):
        name = first.name.replace('_gt_manual', f'_{number:02d}_gt_manual')
        (first.with_name(name)).symlink_to(first.name)


def _write_own_data(folder: Path) -> None:
    """What docs/own_data.md supposes: label maps, object maps, and COCO's JSON."""
    objects = np.zeros(OWN_SIZE, np.uint8)
    objects[30:90, 30:80] = 1
    scenes = np.full((144, 160), 2, np.uint8)  # labels of configs/mpi/own_streets.py
    scenes[:60], scenes[60:90, 20:60] = 0, 5
    for first, split in ((0, 'train'), (8, 'val')):
        for number in range(first, first + 8):
            image = picture(OWN_SIZE, number)
            write_map(folder / f'data/own_streets/images/{split}/{number}.jpg', image)
            write_map(folder / f'data/own_streets/labels/{split}/{number}.png', scenes)
    for seed, name in enumerate(('a', 'b')):
        write_map(folder / f'data/own_objects/images/{name}.jpg', picture(OWN_SIZE, seed))
        write_map(folder / f'data/mine_objects/images/{name}.jpg', picture(OWN_SIZE))
        write_map(folder / f'data/mine_objects/masks/{name}.png', objects)
        write_map(folder / f'data/coco/train2017/{name}.jpg', picture(OWN_SIZE))
    height, width = OWN_SIZE
    images = [
        dict(id=number, file_name=f'{name}.jpg', height=height, width=width)
        for number, name in enumerate(('a', 'b'))
    ]
    outline = [30, 30, 80, 30, 80, 90, 30, 90]
    annotations = [
        dict(
            id=number + 1,
            image_id=number,
            category_id=1,
            segmentation=[outline],
            bbox=[30, 30, 50, 60],
            area=3000,
            iscrowd=0,
        )
        for number in range(2)
    ]
    categories = [dict(id=1, name='person'), dict(id=2, name='car')]
    content = dict(images=images, annotations=annotations, categories=categories)
    write_json(folder / 'data/coco/annotations/instances_train2017.json', content)
    for split, image, annotation in zip(('train', 'val'), images, annotations, strict=True):
        content = dict(images=[image], annotations=[annotation], categories=categories)
        write_json(folder / f'data/own_objects/{split}.json', content)
        write_json(folder / f'data/coco_tiny/annotations/instances_{split}2017.json', content)
        write_map(folder / f'data/coco_tiny/{split}2017/{image["file_name"]}', picture(OWN_SIZE))


def _turn_into_jpeg(images: Path) -> None:
    for path in images.rglob('*.png'):
        write_map(path.with_suffix('.jpg'), cv2.imread(str(path)))
        path.unlink()


def _list_more_images(lists: Path) -> None:
    """VOC's training images beside its own, of SBD."""
    (lists / 'aug.txt').write_text((lists / 'train.txt').read_text())


def write_finder(folder: Path) -> None:
    """A work dir with a small ObjectRemover of random weights that finds persons and cars."""
    folder.mkdir()
    selector = tiny_selector(thing_names=('person', 'car'))
    model = {**tiny_inpainter(), 'type': 'ObjectRemover', 'selector': selector}
    network = build_model(model)
    torch.nn.init.constant_(network.selector.detector.roi_head.mask_head.conv_logits.bias, 1.0)
    torch.save(dict(state_dict=network.state_dict()), folder / 'epoch_1.pth')
    steps = [dict(type='LoadPair'), dict(type='PackScene')]
    loader = dict(dataset=dict(type='PairsDataset', data_root='nowhere', pipeline=steps))
    (folder / f'{folder.name}.py').write_text(
        f"_base_ = ['{REPOSITORY}/configs/_base_/default_runtime.py']\n"
        f"custom_imports = dict(imports=['seginpaint_mm.interop.mmagic'])\n"
        f'test_dataloader = {loader!r}\ntest_cfg, test_evaluator = dict(), []\n'
        f'model = {model!r}\n'
    )


def write_detector(folder: Path) -> None:
    """Write config and checkpoint of a small Mask R-CNN of mmdet that takes all for persons."""
    cfg = Config.fromfile(
        Path(mmdet.__file__).parent / '.mim/configs/mask_rcnn/mask-rcnn_r50_fpn_1x_coco.py'
    )
    cfg.model.backbone.update(depth=18, init_cfg=None)
    cfg.model.neck.update(in_channels=[64, 128, 256, 512], out_channels=16)
    cfg.model.rpn_head.update(in_channels=16, feat_channels=16)
    cfg.model.test_cfg.rpn.max_per_img = 20
    cfg.model.test_cfg.rcnn.update(score_thr=0.0, max_per_img=5)
    heads = cfg.model.roi_head
    for part in (heads.bbox_roi_extractor, heads.mask_roi_extractor):
        part.out_channels = 16
    heads.bbox_head.update(in_channels=16, fc_out_channels=16, num_classes=2)
    heads.mask_head.update(in_channels=16, conv_out_channels=16, num_classes=2)
    for step in cfg.test_dataloader.dataset.pipeline:
        if step.type == 'Resize':
            step.scale = (128, 96)
    (folder / 'mask_rcnn.py').write_text(cfg.pretty_text)
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmdet'):
        model = MMDET_MODELS.build(cfg.model)
    torch.nn.init.constant_(model.roi_head.bbox_head.fc_cls.bias, 0.0)
    model.roi_head.bbox_head.fc_cls.bias.data[0] = 9.0
    meta = dict(dataset_meta=dict(classes=('person', 'car')))
    torch.save(dict(state_dict=model.state_dict(), meta=meta), folder / 'mask_rcnn.pth')
