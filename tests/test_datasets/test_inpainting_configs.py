"""The data sets with holes that configs are based on give samples of the promised size."""

from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope

from seginpaint_mm.cli import load_config
from seginpaint_mm.registry import DATASETS
from seginpaint_mm.street.writers import LAYOUTS, Order, write_dataset
from seginpaint_mm.tables import load_spec
from seginpaint_mm.utils.config_files import find_config
from tests.helpers.dataset_configs import move
from tests.helpers.dataset_folders import picture, write_map

BASES = Path(__file__).resolve().parents[2] / 'configs/_base_/datasets'


def samples(
    base: str, split: str, root: Path, masks: Path | None = None, number: int = 1, row: str = ''
) -> list:
    """What the first samples of a base config, or of a table's row, hold, once each is checked."""
    if row:
        spec = load_spec(find_config(base, '.yml'))
        options = spec.row(row).cfg_options
        config = load_config(spec.row(row).config, options).to_dict()
    else:
        config = Config.fromfile(BASES / f'{base}.py').to_dict()
    move(config, str(root))
    dataset = config[f'{split}_dataloader']['dataset']
    for step in dataset['pipeline']:
        if step['type'] == 'IrregularHoles':
            step['folder'] = str(masks)
    np.random.seed(0)
    with DefaultScope.overwrite_default_scope('seginpaint_mm'):
        dataset = DATASETS.build(dataset)
    packed = [dataset[index] for index in range(number)]
    return [check(item, len(dataset.metainfo['classes'])) for item in packed]


def check(packed: dict, num_classes: int) -> dict:
    image, sample = packed['inputs'], packed['data_samples']
    size = tuple(image.shape[1:])
    assert torch.equal(sample.gt_image.data, image.flip(0)), 'the image is complete, as RGB'
    assert sample.img_shape == size
    assert sample.hole.data.shape == sample.gt_sem_seg.data.shape == (1, *size)
    assert set(sample.hole.data.unique().tolist()) == {0, 1}
    classes = set(sample.gt_sem_seg.data.unique().tolist())
    assert classes <= {*range(num_classes)}, 'void is a class'
    return dict(size=size, hole=sample.hole.data[0], classes=classes)


def test_small_cityscapes(real_data):
    root, base = real_data / 'cityscapes_256x128', 'inpainting_cityscapes_128x128'
    for split in ('train', 'val'):
        found = samples(base, split, root, number=5)
        assert all(item['size'] == (128, 128) for item in found)
    for item in found:
        side = int(item['hole'].any(dim=0).sum())
        assert 32 <= side <= 64
        assert item['hole'].sum() == side * side


def test_irregular_holes_of_nvidia(real_data):
    root, masks = real_data / 'cityscapes_256x128', real_data / 'irregular_masks'
    row = 'irregular, AOT-GAN'
    table = 'sgenet/table_i_cityscapes-128x128'
    first, again = (samples(table, 'val', root, masks, number=3, row=row) for _ in range(2))
    for one, two in zip(first, again, strict=True):
        assert torch.equal(one['hole'], two['hole']), 'the same holes in every validation'


def test_full_size_and_irregular(real_data):
    root, masks = real_data / 'cityscapes', real_data / 'irregular_masks'
    for split in ('train', 'val'):
        (found,) = samples('inpainting_cityscapes', split, root)
        assert found['size'] == (256, 256)
        assert found['hole'].sum() == 96 * 96
        assert found['hole'][80:176, 80:176].all()
        row = 'Cityscapes, irregular, GatedConv, trained'
        (found,) = samples('sgenet/table_i', split, root, masks, row=row)
        assert found['size'] == (256, 256)


def test_camvid(real_data):
    for split in ('train', 'val'):
        found = samples('inpainting_camvid', split, real_data / 'camvid', number=3)
        assert all(item['size'] == (128, 128) for item in found)


def test_outdoor_scenes(tmp_path):
    for split in ('train', 'test'):
        for name, size in (('wide', (100, 300)), ('large', (400, 300))):
            labels = np.full(size, 7, np.uint8)
            labels[: size[0] // 2] = 1
            write_map(tmp_path / f'images/{split}/{name}.jpg', picture(size))
            write_map(tmp_path / f'labels/{split}/{name}.png', labels)
    for split in ('train', 'test'):
        for found in samples('inpainting_outdoor', split, tmp_path, number=2):
            assert found['size'] == (256, 256)
            assert found['hole'].sum() == 128 * 128
            assert found['classes'] <= {1, 7}
    raw = np.full((128, 128), 255, np.uint8)  # NVIDIA's training masks: white is known
    raw[64, 50:70] = 0
    for number in range(8):
        write_map(tmp_path / f'masks/{number}.png', raw)
    row = 'Outdoor Scenes, irregular, GatedConv, trained'
    for found in samples('sgenet/table_i', 'train', tmp_path, tmp_path / 'masks', 2, row):
        assert found['size'] == (256, 256)
        assert 0.005 < found['hole'].float().mean() < 0.61


def test_street(tmp_path):
    order = Order('cityscapes', 'day', 0, (128, 256))
    root = tmp_path / 'data'
    write_dataset(
        root, LAYOUTS['cityscapes'], order, dict(train=1, val=2), 1, lambda done, total: None
    )
    for split, number in (('train', 1), ('val', 2)):
        for found in samples('inpainting_street', split, root, number=number):
            assert found['size'] == (128, 128)
    mask = np.zeros((64, 64), np.uint8)
    mask[:, :20] = 255
    write_map(tmp_path / 'masks/a.png', mask)
    row = 'irregular, AOT-GAN'
    (found,) = samples('sgenet/table_i_street', 'val', root, tmp_path / 'masks', row=row)
    assert found['hole'].sum() == 128 * 40
