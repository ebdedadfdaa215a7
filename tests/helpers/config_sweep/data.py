"""A folder ``data`` in which every shipped config finds its data set, with two images a split."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
from mmdet.datasets import CocoPanopticDataset
from pycocotools import mask as coco_masks

from seginpaint_mm.datasets import PairsDataset
from seginpaint_mm.street.writers import LAYOUTS, Order, write_dataset
from seginpaint_mm.utils.files import write_image
from tests.helpers.amodal_folders import cocoa_annotation, write_cocoa, write_dyce_real
from tests.helpers.dataset_folders import add_persons, picture, write_map
from tests.helpers.tool_runs import run_here

SIZE = (128, 256)  # height, width: no smaller than the crops of configs for small images
_PAIRS = 'dataset_converters/make_pairs'
_SPLITS = ('train', 'val')
_THINGS = ('person', 'car')  # COCO's names, in turns for the objects of Street


def write_all(root: Path) -> Path:
    """Write every data set that a config names, below ``root / 'data'``."""
    data = root / 'data'
    _street(data)
    _voc(data)
    _coco(data)
    _amodal(data)
    _labels(data)
    _own_scenes(data)
    _own_objects(data)
    _automatic_labels(data)
    _pairs(data)
    holes = np.zeros((128, 128), np.uint8)
    holes[40:90, 30:100] = 255
    raw = np.full((128, 128), 255, np.uint8)  # white is known, as in NVIDIA's training masks
    raw[60:62, 60:70] = 0
    for number in range(2):
        shifted = np.roll(holes, 20 * number, axis=0)
        write_map(data / f'irregular_masks/{number:05d}.png', shifted)
    for number in range(8):
        write_map(data / f'irregular_masks_train/{number:05d}.png', np.roll(raw, number, axis=0))
    return root


# Cityscapes' labelIds -> labels of configs/mpi/own_streets.py; all others are void.
_OWN_LABELS = {23: 0, 11: 1, 7: 2, 8: 3, 21: 4, 26: 5, 24: 6, 25: 6}


def _own_scenes(data: Path) -> None:
    """Street as a user's own images and label maps."""
    lookup = np.full(256, 255, np.uint8)
    lookup[[*_OWN_LABELS]] = [*_OWN_LABELS.values()]
    for path in sorted((data / 'street/leftImg8bit').rglob('*_leftImg8bit.*')):
        split, name = path.parts[-3], path.stem.removesuffix('_leftImg8bit')
        labels = str(path.parent).replace('leftImg8bit', 'gtFine')
        ids = cv2.imread(f'{labels}/{name}_gtFine_labelIds.png', cv2.IMREAD_UNCHANGED)
        write_map(data / f'own_streets/images/{split}/{name}.jpg', cv2.imread(str(path)))
        write_map(data / f'own_streets/labels/{split}/{name}.png', lookup[ids])


def _own_objects(data: Path) -> None:
    """COCO's objects as those of a user, whose images are in one folder."""
    for split in _SPLITS:
        content = json.loads(
            (data / f'coco_tiny/annotations/instances_{split}2017.json').read_text()
        )
        for image in content['images']:
            name = f'{split}_{image["file_name"]}'
            image_of = data / f'coco_tiny/{split}2017' / image['file_name']
            write_map(data / 'own_objects/images' / name, cv2.imread(str(image_of)))
            image['file_name'] = name
        _write_json(data / f'own_objects/{split}.json', content)


def images(data: Path) -> list[Path]:
    """The two validation images of Street."""
    return sorted((data / 'street/leftImg8bit/val').rglob('*_leftImg8bit.*'))


def _street(data: Path) -> None:
    """Street in each of its layouts, and the folders of the real sets in the same layout."""
    for layout, folders in {
        'cityscapes': ('street', 'cityscapes', 'cityscapes_256x128'),
        'kitti': ('kitti',),
        'camvid': ('camvid',),
        'sbd': ('sbd',),
        'dyce': ('street_dyce', 'dyce_data'),
        'voc': ('voc_instance', 'voc/VOC2012', 'VOCdevkit/VOC2012'),
    }.items():
        first, *others = (data / folder for folder in folders)
        splits = {'kitti': ('val',), 'dyce': ('train', 'val', 'test')}
        counts = dict.fromkeys(splits.get(layout, _SPLITS), 2)
        order = Order(layout, 'day', 0, SIZE)
        write_dataset(first, LAYOUTS[layout], order, counts, 1, lambda done, total: None)
        for other in others:
            shutil.copytree(first, other)
    _paper_parts(data / 'cityscapes/gt_manual/val')
    for path in (data / 'cityscapes_256x128/leftImg8bit').rglob('*.png'):  # JPEG, as it is shared
        write_map(path.with_suffix('.jpg'), cv2.imread(str(path)))
        path.unlink()


def _paper_parts(folder: Path) -> None:
    """Add 99 maps without images, so that the second scene is in the paper's test part."""
    first = min(folder.rglob('*_gt_manual.png'))
    for number in range(99):
        name = first.name.replace('_gt_manual', f'_h{number:02d}_gt_manual')
        shutil.copy(first, first.with_name(name))


def _voc(data: Path) -> None:
    """The lists and folders of VOC's other parts, from Street in VOC's layout."""
    for root in (data / 'voc/VOC2012', data / 'VOCdevkit/VOC2012'):
        lists = root / 'ImageSets/Segmentation'
        shutil.copy(lists / 'train.txt', lists / 'aug.txt')
        shutil.copytree(lists, root / 'ImageSets/Main')
    add_persons(data / 'voc/VOC2012/SegmentationClassAug')
    _repeat(data / 'voc_instance', 30)  # its split is by number
    context = data / 'VOCdevkit/VOC2010'
    shutil.copytree(data / 'voc/VOC2012/JPEGImages', context / 'JPEGImages')
    shutil.copytree(data / 'voc/VOC2012/SegmentationClass', context / 'SegmentationClassContext')
    shutil.copytree(
        data / 'voc/VOC2012/ImageSets/Segmentation', context / 'ImageSets/SegmentationContext'
    )


def _repeat(root: Path, number: int) -> None:
    """Copy the first scene of a folder in VOC's layout until there are ``number``."""
    first = min(path.stem for path in (root / 'JPEGImages').iterdir())
    for folder in ('JPEGImages', 'SegmentationClass', 'SegmentationObject'):
        path = next((root / folder).glob(f'{first}.*'))
        for index in range(number - len(list((root / folder).iterdir()))):
            shutil.copy(path, path.with_stem(f'{first}_{index:02d}'))


def _coco(data: Path) -> None:
    """COCO's instances of Street's persons and cars, and its panoptic segments."""
    names = CocoPanopticDataset.METAINFO['classes']
    categories = [
        dict(id=number, name=name, isthing=int(number <= 80))
        for number, name in enumerate(names, start=1)
    ]
    for split in _SPLITS:
        scenes = [_scene(path) for path in sorted((data / 'street').rglob('*_leftImg8bit.*'))]
        scenes = [scene for scene in scenes if scene['split'] == split]
        for name in ('coco_tiny', 'coco'):
            _coco_instances(data / name, split, scenes, categories[:80])
        _coco_panoptic(data / 'coco', split, scenes, categories)


def _scene(image: Path) -> dict:
    stem = str(image).replace('leftImg8bit', 'gtFine')
    ids = cv2.imread(stem.rsplit('_', 1)[0] + '_gtFine_instanceIds.png', cv2.IMREAD_UNCHANGED)
    return dict(image=cv2.imread(str(image)), ids=ids, split=image.parts[-3])


def _write_images(folder: Path, scenes: list[dict]) -> list[dict]:
    records = []
    for number, scene in enumerate(scenes, start=1):
        name = f'{number:012d}.jpg'
        write_map(folder / name, scene['image'])
        height, width = scene['ids'].shape
        records.append(dict(id=number, file_name=name, height=height, width=width))
    return records


def _coco_instances(root: Path, split: str, scenes: list[dict], categories: list[dict]) -> None:
    records = _write_images(root / f'{split}2017', scenes)
    annotations = []
    for record, scene in zip(records, scenes, strict=True):
        for number in np.unique(scene['ids']):
            if number < 1000:
                continue
            mask = scene['ids'] == number
            encoded = coco_masks.encode(np.asfortranarray(mask.astype(np.uint8)))
            left, top, width, height = coco_masks.toBbox(encoded).tolist()
            annotations.append(
                dict(
                    id=len(annotations) + 1,
                    image_id=record['id'],
                    category_id=_category(_THINGS[number % 2], categories),
                    bbox=[left, top, width, height],
                    area=int(mask.sum()),
                    iscrowd=0,
                    segmentation=dict(size=list(mask.shape), counts=encoded['counts'].decode()),
                )
            )
    content = dict(images=records, annotations=annotations, categories=categories)
    _write_json(root / f'annotations/instances_{split}2017.json', content)


def _coco_panoptic(root: Path, split: str, scenes: list[dict], categories: list[dict]) -> None:
    records = _write_images(root / f'{split}2017', scenes)
    annotations = []
    for record, scene in zip(records, scenes, strict=True):
        segments = np.zeros(scene['ids'].shape, np.int64)
        infos = []
        for number in np.unique(scene['ids']):
            name = 'road' if number == 7 else 'sky-other-merged'
            name = name if number < 1000 else _THINGS[number % 2]
            if not any(info['name'] == name for info in infos) or number >= 1000:
                infos.append(dict(id=len(infos) + 1, name=name))
            segments[scene['ids'] == number] = next(
                info['id'] for info in reversed(infos) if info['name'] == name
            )
        name = record['file_name'].replace('.jpg', '.png')
        colours = np.stack([segments >> 16, segments >> 8, segments], axis=2) & 255  # BGR
        write_map(root / f'annotations/panoptic_{split}2017/{name}', colours.astype(np.uint8))
        annotations.append(
            dict(
                image_id=record['id'],
                file_name=name,
                segments_info=[
                    dict(id=i['id'], category_id=_category(i['name'], categories), iscrowd=0)
                    for i in infos
                ],
            )
        )
    content = dict(images=records, annotations=annotations, categories=categories)
    _write_json(root / f'annotations/panoptic_{split}2017.json', content)


def _category(name: str, categories: list[dict]) -> int:
    return next(category['id'] for category in categories if category['name'] == name)


def _amodal(data: Path) -> None:
    """COCOA's sample, an image and its JSON each, and its two files of all; DYCE's real images."""
    annotation = cocoa_annotation()
    for number in range(2):
        write_cocoa(data / 'cocoa_sample', annotation, f'{number}')
    write_dyce_real(data / 'pascal3d_dyce', 'a')
    for split in _SPLITS:
        root, records, annotations = data / 'cocoa', [], []
        for number in range(2):
            record = dict(id=number, file_name=f'{number}.jpg', height=16, width=32)
            write_map(root / f'{split}2014/{number}.jpg', picture(seed=number))
            records.append(record)
            annotations.append({**annotation, 'image_id': number, 'id': number})
        content = dict(images=records, annotations=annotations)
        _write_json(root / f'annotations/COCO_amodal_{split}2014.json', content)


def _labels(data: Path) -> None:
    """Outdoor Scenes: eight classes, in images larger than the crops."""
    labels = np.repeat(np.arange(8, dtype=np.uint8), 40)[:, None].repeat(320, axis=1)
    for split in ('train', 'test'):
        for number in range(2):
            root, name = data / 'outdoor_scenes', f'{number}'
            write_map(root / f'images/{split}/{name}.jpg', picture(labels.shape, seed=number))
            write_map(root / f'labels/{split}/{name}.png', np.roll(labels, 40 * number, axis=1))


def _automatic_labels(data: Path) -> None:
    """Labels of the training images as ``predict_labels.py`` would write them."""
    outdoor = data / 'outdoor_scenes'
    shutil.copytree(outdoor / 'labels/train', outdoor / 'automatic_labels')
    for name in ('street', 'cityscapes', 'cityscapes_256x128'):
        folder = data / name / 'leftImg8bit'
        for image in sorted((folder / 'train').rglob('*_leftImg8bit.*')):
            labels = np.repeat(np.arange(SIZE[0], dtype=np.uint8)[:, None] // 8, SIZE[1], axis=1)
            path = data / name / 'automatic_labels' / image.relative_to(folder)
            write_map(path.with_suffix('.png'), labels)


def _pairs(data: Path) -> None:
    """Pairs of images with and without an object, a block of 32 of each kind."""
    common = ('--num', 1, '--workers', 1, '--area', '0.001', '0.9', '--max-contact', '0.9')
    names = [f'--class={name}' for name in _THINGS]
    for split in _SPLITS:
        street = ('cityscapes', data / 'street', '--split', split)
        run_here(
            _PAIRS, data / f'pairs_street/{split}', *common, '--size', 128, 128, *names, *street
        )
        _pair_masks(data / f'pairs_street/{split}')
        listed = f'annotations/instances_{split}2017.json'
        tiny = ('coco', data / 'coco_tiny', '--annotations', listed, '--images', f'{split}2017')
        segments = f'annotations/panoptic_{split}2017'
        full = ('coco-panoptic', data / 'coco', '--annotations', f'{segments}.json')
        full = (*full, '--images', f'{split}2017', '--segments', segments)
        run_here(
            _PAIRS, data / f'pairs_coco_tiny/{split}', *common, '--size', 128, 128, *names, *tiny
        )
        run_here(_PAIRS, data / f'pairs_coco/{split}', *common, '--size', 256, 256, *names, *full)
        shutil.copytree(
            data / f'pairs_coco_tiny/{split}', data / f'pairs_coco_tiny_persons/{split}'
        )


def _pair_masks(folder: Path) -> None:
    """Write the masks of pairs, as ``pairs_street_others.py`` says."""
    load = [dict(type='seginpaint_mm.LoadPair')]
    for number, pair in enumerate(PairsDataset(str(folder), pipeline=load)):
        write_image(folder / f'masks/{number:05d}.png', 255 * pair['hole'])


def _write_json(path: Path, content: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
