"""``seginpaint init``: a folder becomes a config that trains, or a sentence says what is needed."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from PIL import Image

from seginpaint_mm.commands.init import main
from seginpaint_mm.datasets.own_folders import read_names
from seginpaint_mm.engine.step_time import step_seconds
from seginpaint_mm.errors import UserError
from seginpaint_mm.registry import DATASETS
from seginpaint_mm.utils.files import write_json
from tests.helpers.dataset_folders import picture, write_map

SIZE = (48, 64)
NAMES = 'sky,road,car'


def label_map() -> np.ndarray:
    labels = np.zeros(SIZE, np.uint8)
    labels[24:] = 1
    labels[12:36, 20:44] = 2
    return labels


def write_scenes(root: Path, splits: tuple[str, ...] = ('',), number: int = 5) -> Path:
    for split in splits:
        for seed in range(number):
            write_map(root / f'images/{split}/{seed}.jpg', picture(SIZE, seed))
            write_map(root / f'labels/{split}/{seed}.png', label_map())
    return root


def write_coco(root: Path) -> Path:
    box = [20, 12, 24, 24]
    outline = [20, 12, 44, 12, 44, 36, 20, 36]
    for split in ('train', 'val'):
        write_map(root / f'{split}2017/a.jpg', picture(SIZE))
        content = dict(
            images=[dict(id=1, file_name='a.jpg', width=SIZE[1], height=SIZE[0])],
            annotations=[
                dict(
                    id=1,
                    image_id=1,
                    category_id=7,
                    bbox=box,
                    area=576,
                    iscrowd=0,
                    segmentation=[outline],
                )
            ],
            categories=[dict(id=7, name='chair'), dict(id=9, name='lamp')],
        )
        write_json(root / f'annotations/instances_{split}2017.json', content)
    return root


def write_masks(root: Path) -> Path:
    for seed in range(5):
        write_map(root / f'images/{seed}.jpg', picture(SIZE, seed))
        write_map(root / f'masks/{seed}.png', (label_map() == 2).astype(np.uint8))
    return root


def write_penn_fudan(root: Path, ending: str = 'png') -> Path:
    for seed in range(5):
        write_map(root / f'PNGImages/{seed}.png', picture(SIZE, seed))
        write_map(root / f'PedMasks/{seed}_mask.{ending}', (label_map() == 2).astype(np.uint8))
    return root


def init(*arguments: str | Path, seconds: float = 0.5) -> Config:
    """The written config; steps are supposed to take so long."""
    path = Path(arguments[1]).with_suffix('.py')
    with mock.patch('seginpaint_mm.commands.init.step_seconds', return_value=seconds):
        main([*map(str, arguments), '--out', str(path)])
    return Config.fromfile(path)


def lengths(cfg: Config) -> tuple[int, int]:
    with DefaultScope.overwrite_default_scope('seginpaint_mm'):
        train, val = (
            DATASETS.build(cfg[f'{split}_dataloader'].dataset) for split in ('train', 'val')
        )
        train[0], val[0]
    return len(train), len(val)


def test_mpi(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write_scenes(tmp_path / 'mine')
    cfg = init('mpi', root, '--classes', NAMES, '--foreground', 'car')
    assert lengths(cfg) == (4, 1)
    assert cfg.model.background_head.num_classes == 2
    assert cfg.train_dataloader.dataset.ground == ['road']  # by its name
    assert cfg.train_dataloader.sampler.samples_per_epoch % cfg.train_dataloader.batch_size == 0
    out = capsys.readouterr().out
    assert '5 images, 64x48 pixels; label maps of ids' in out
    assert 'sky 40.6%, road 40.6%, car 18.8%' in out  # 18.8 % is half on the sky
    assert 'not known: what is behind the objects' in out
    assert len((tmp_path / 'mine.py').read_text().splitlines()) < 40
    # a step of the written config takes some time: of two small images
    small = [dict(type='mmseg.Resize', scale=(32, 32)), dict(type='PackScene')]
    dataset = dict(cfg.train_dataloader.dataset, pipeline=[*cfg.load, *small])
    cfg.merge_from_dict(dict(train_dataloader=dict(batch_size=2)))
    cfg.train_dataloader.dataset = dataset
    with DefaultScope.overwrite_default_scope('seginpaint_mm'):
        assert 0 < step_seconds(cfg) < 60


def test_mpi_is_smaller_where_there_is_no_gpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write_scenes(tmp_path / 'mine')
    for there, channels in ((False, 256), (True, 512)):
        monkeypatch.setattr('torch.cuda.is_available', lambda there=there: there)
        cfg = init('mpi', root, '--classes', NAMES, '--foreground', 'car')
        assert cfg.model.background_head.in_channels == channels
        assert cfg.model.background_head.num_classes == 2
        (tmp_path / 'mine.py').unlink()


def test_time_decides_how_much_is_trained(tmp_path: Path) -> None:
    root = write_scenes(tmp_path / 'mine', ('train', 'val'))
    options = ('--classes', NAMES, '--foreground', 'car', '--minutes', '10')
    cfg = init('mpi', root, *options, seconds=1.0)
    assert cfg.train_dataloader.sampler.samples_per_epoch == 96  # a batch of 8 a second, < 20 x 5
    (tmp_path / 'mine.py').unlink()
    slow = init('mpi', root, *options, seconds=20.0)
    assert slow.train_dataloader.sampler.samples_per_epoch == 24  # 10 epochs of a minute
    assert lengths(slow) == (5, 5)


def test_label_maps_of_colours(tmp_path: Path) -> None:
    root = write_scenes(tmp_path / 'mine')
    colours = np.array([(70, 130, 180), (128, 64, 128), (0, 0, 142)], np.uint8)
    for path in (root / 'labels').iterdir():
        Image.fromarray(colours[label_map()]).save(path)
    table = tmp_path / 'classes.txt'
    lines = [f'{r} {g} {b}\t{n}' for n, (r, g, b) in zip(NAMES.split(','), colours, strict=True)]
    table.write_text('\n'.join(lines))
    cfg = init('mpi', root, '--classes', table, '--foreground', 'car')
    assert cfg.train_dataloader.dataset.labels.sky == (70, 130, 180)
    assert lengths(cfg) == (4, 1)
    for method in ('sgenet', 'fcrn'):
        (tmp_path / 'mine.py').unlink()
        cfg = init(method, root, '--classes', table)
        assert cfg.train_dataloader.dataset.labels.sky == (70, 130, 180)
        assert lengths(cfg) == (4, 1)


def write_coloured(root: Path, kind: str) -> Path:
    """Label maps of the colours, and the list of these."""
    colours = np.array([(128, 128, 128), (128, 64, 128), (64, 0, 128)], np.uint8)
    for path in sorted((root / 'labels').iterdir()):
        if kind == 'palette':  # whose order is another
            image = Image.fromarray(np.array([1, 2, 0], np.uint8)[label_map()])
            image.putpalette(colours[[2, 0, 1]].ravel().tolist())
            image.save(path)
        else:
            Image.fromarray(colours[label_map()]).save(path)
    if kind != 'palette':  # of one class, or without any
        Image.fromarray(np.full((*SIZE, 3), dict(grey=128, black=0)[kind], np.uint8)).save(
            root / 'labels/0.png'
        )
    table = root / 'labelmap.txt'
    table.write_text(
        '# label:color_rgb:parts:actions\nsky:128,128,128::\nroad:128,64,128::\ncar:64,0,128::\n'
    )
    return table


@pytest.mark.parametrize('kind', ['palette', 'grey', 'black'])
def test_colours_are_colours_whatever_the_first_map_shows(
    tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write_scenes(tmp_path / 'mine')
    table = write_coloured(root, kind)
    cfg = init('sgenet', root, '--classes', table)
    assert cfg.train_dataloader.dataset.labels.car == (64, 0, 128)
    share = '18.8%' if kind == 'palette' else '15.0%'
    out = capsys.readouterr().out
    assert 'label maps of colours' in out
    assert f'car {share}' in out
    (tmp_path / 'mine.py').unlink()
    if kind != 'palette':
        with pytest.raises(SystemExit):
            init('sgenet', root, '--classes', NAMES)
        assert 'labels/1.png: the label maps hold colours' in capsys.readouterr().err


def test_ids_whose_classes_are_named_by_colours(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write_scenes(tmp_path / 'mine')
    (tmp_path / 'names.txt').write_text('sky 1 2 3\nroad 4 5 6\ncar 7 8 9\n')
    cfg = init('sgenet', root, '--classes', tmp_path / 'names.txt')
    assert cfg.train_dataloader.dataset.labels == NAMES.split(',')
    assert 'the classes in the order of --classes' in capsys.readouterr().out


def test_images_that_lie_and_suffixes_in_capitals(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write_scenes(tmp_path / 'mine')
    lying = Image.fromarray(np.ascontiguousarray(np.rot90(picture(SIZE, 1))))
    lying.save(root / 'images/1.tif', tiffinfo={274: 6}, compression='tiff_lzw')
    (root / 'images/1.jpg').unlink()
    (root / 'labels/2.png').rename(root / 'labels/2.PNG')
    assert lengths(init('sgenet', root, '--classes', NAMES)) == (4, 1)
    assert '5 images, 64x48 pixels;' in capsys.readouterr().out


def test_what_is_in_no_split_is_told(tmp_path: Path, logged: pytest.LogCaptureFixture) -> None:
    root = write_scenes(tmp_path / 'mine', ('train', 'val', 'test'))
    write_map(root / 'images/beside.jpg', picture(SIZE))
    init('sgenet', root, '--classes', NAMES)
    assert 'images: beside.jpg, test (2) left out, as train and val are there' in logged.text


@pytest.mark.parametrize(
    ('folder', 'out', 'message'),
    [
        ('mine', 'config', 'a config is a Python file: name it'),
        ('mi\nne', 'mine.py', 'a config cannot name this folder'),
        ('{{ fileDirname }}', 'mine.py', 'a config cannot hold {{: rename the folder'),
    ],
)
def test_names_that_a_config_cannot_have(
    tmp_path: Path, folder: str, out: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write_scenes(tmp_path / folder)
    with pytest.raises(SystemExit):
        main(['sgenet', str(root), '--classes', NAMES, '--out', str(tmp_path / out)])
    assert message in capsys.readouterr().err
    assert not (tmp_path / out).exists()


@pytest.mark.parametrize('name', ['images/0.jpg', 'labels/0.png'])
def test_empty_files(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    root = write_scenes(tmp_path / 'mine')
    (root / name).write_bytes(b'')
    with pytest.raises(SystemExit):
        init('sgenet', root, '--classes', NAMES)
    err = capsys.readouterr().err
    assert f'{root / name}: this is not an image' in err
    assert 'fetch or write it again' in err


def test_fcrn_of_label_maps(tmp_path: Path) -> None:
    root = write_scenes(tmp_path / 'mine', ('train', 'val'))
    cfg = init('fcrn', root, '--classes', NAMES, '--void', 'sky')
    assert cfg.train_dataloader.dataset.void == ['sky']
    assert cfg.model.decode_head.num_classes == 2
    assert lengths(cfg) == (5, 5)
    write_map(root / 'masks/0.png', label_map())
    (tmp_path / 'mine.py').unlink()
    with pytest.raises(SystemExit):  # objects come first, and have another form
        init('fcrn', root)


def test_sgenet(tmp_path: Path) -> None:
    root = write_scenes(tmp_path / 'mine', ('train', 'valid'))
    cfg = init('sgenet', root, '--classes', NAMES)
    assert cfg.train_dataloader.dataset.labels == NAMES.split(',')
    assert cfg.model.generator.decoder.num_classes == 3
    assert lengths(cfg) == (5, 5)


@pytest.mark.parametrize('method', ['fcrn', 'segan'])
@pytest.mark.parametrize('form', ['coco', 'masks'])
def test_objects(tmp_path: Path, method: str, form: str) -> None:
    """Categories without an object are left out; a folder is divided."""
    write = write_coco if form == 'coco' else write_masks
    options = () if form == 'coco' else ('--classes', 'chair')
    cfg = init(method, write(tmp_path / 'mine'), *options)
    assert lengths(cfg) == ((1, 1) if form == 'coco' else (4, 1))
    if method == 'fcrn':
        assert cfg.model.semantic.decode_head.num_classes == 2
        assert tuple(cfg.model.instance_head.thing_ids) == (1,)


def test_folders_of_penn_fudan(tmp_path: Path) -> None:
    cfg = init('fcrn', write_penn_fudan(tmp_path / 'PennFudanPed'))
    assert cfg.train_dataloader.dataset.classes == ['person']
    assert lengths(cfg) == (4, 1)


@pytest.mark.parametrize('ending', ['png', 'tif'])
def test_masks_that_are_named_after_their_images(tmp_path: Path, ending: str) -> None:
    root = write_penn_fudan(tmp_path / 'mine', ending)
    (root / 'PNGImages').rename(root / 'images')
    (root / 'PedMasks').rename(root / 'masks')
    cfg = init('segan', root, '--classes', 'chair')
    assert cfg.train_dataloader.dataset.mask_file == f'masks/{{name}}_mask.{ending}'
    assert lengths(cfg) == (4, 1)


@pytest.mark.parametrize('form', ['folders', 'table'])
def test_objects_of_several_classes_in_folders(
    tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / 'mine'
    for seed in range(5):
        write_map(root / f'images/{seed}.jpg', picture(SIZE, seed))
        if form == 'table':
            write_map(root / f'masks/{seed}.png', label_map().astype(np.uint8))
            (root / f'masks/{seed}.csv').write_text('1,road\n2,car\n')
        else:
            for number, name in enumerate(('road', 'car'), start=1):
                mask = (label_map() == number).astype(np.uint8)
                write_map(root / f'masks/{name}/{seed}.png', mask)
    cfg = init('fcrn', root)
    assert lengths(cfg) == (4, 1)
    assert cfg.train_dataloader.dataset.classes == ['car', 'road']
    assert cfg.model.semantic.decode_head.num_classes == 3
    assert 'car 5, road 5' in capsys.readouterr().out
    (tmp_path / 'mine.py').unlink()
    cfg = init('segan', root, '--classes', 'car')
    assert cfg.train_dataloader.dataset.classes == ['car']


def add_dog(path: Path) -> None:
    """A category that the other split has not, and an object of it."""
    content = json.loads(path.read_text())
    content['categories'].append(dict(id=11, name='dog'))
    content['annotations'].append(dict(content['annotations'][0], id=2, category_id=11))
    path.write_text(json.dumps(content))


@pytest.mark.parametrize('split', ['train', 'val'])
def test_categories_of_one_split(
    tmp_path: Path, split: str, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write_coco(tmp_path / 'mine')
    add_dog(root / f'annotations/instances_{split}2017.json')
    with pytest.raises(SystemExit):
        init('fcrn', root)
    other = dict(train='val', val='train')[split]
    shown = capsys.readouterr()
    assert f"instances_{other}2017.json: it has no category 'dog'" in shown.err
    assert 'chair 2, dog 1' in shown.out
    assert init('fcrn', root, '--classes', 'chair').train_dataloader.dataset.classes == ['chair']
    (tmp_path / 'mine.py').unlink()
    init('segan', root)  # of objects whose classes do not count


@pytest.mark.parametrize('method', ['segan', 'maskopt'])
def test_chosen_categories(tmp_path: Path, method: str) -> None:
    root = write_coco(tmp_path / 'mine')
    add_dog(root / 'annotations/instances_train2017.json')
    add_dog(root / 'annotations/instances_val2017.json')
    cfg = init(method, root, '--classes', 'dog')
    for split in ('train', 'val'):
        assert cfg[f'{split}_dataloader'].dataset.classes == ['dog']


def test_other_json_of_coco_and_of_others(tmp_path: Path) -> None:
    root = write_coco(tmp_path / 'mine')
    write_json(root / 'annotations/captions_train2017.json', {})
    assert lengths(init('fcrn', root)) == (1, 1)
    root = write_masks(tmp_path / 'masked')
    write_json(root / 'classes.json', {str(seed): {'1': 'lamp'} for seed in range(5)})
    assert init('segan', root).train_dataloader.dataset.classes == ['lamp']
    root = write_scenes(tmp_path / 'labelled')
    write_json(root / 'info.json', {})
    assert init('fcrn', root, '--classes', NAMES).model.decode_head.num_classes == 3


@pytest.mark.parametrize('form', ['one', 'folders', 'table'])
def test_masks_of_splits(tmp_path: Path, form: str) -> None:
    root = tmp_path / 'mine'
    for split, number in (('train', 3), ('val', 2)):
        for seed in range(number):
            write_map(root / f'images/{split}/{seed}.jpg', picture(SIZE, seed))
            mask = (label_map() == 2).astype(np.uint8)
            place = 'lamp/' if form == 'folders' else ''
            write_map(root / f'masks/{split}/{place}{seed}.png', mask)
            if form == 'table':
                (root / f'masks/{split}/{seed}.csv').write_text('1,lamp\n')
    (root / 'masks/train/.cache').mkdir()  # no class
    cfg = init('segan', root, *(('--classes', 'lamp') if form == 'one' else ()))
    assert lengths(cfg) == (3, 2)
    assert cfg.val_dataloader.dataset.classes == ['lamp']


def test_masks_without_an_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write_masks(tmp_path / 'mine')
    for path in (root / 'masks').iterdir():
        path.with_suffix('.csv').write_text('1,lamp\n')
    with pytest.raises(SystemExit):
        init('fcrn', root, '--classes', 'dog')
    assert 'masks/ shows no object of dog, but object numbers' in capsys.readouterr().err
    for path in (root / 'masks').iterdir():
        write_map(path, np.zeros(SIZE, np.uint8)) if path.suffix == '.png' else path.unlink()
    with pytest.raises(SystemExit):
        init('fcrn', root, '--classes', 'dog')
    assert 'masks/ shows no object of dog.' in capsys.readouterr().err


def test_masks_in_two_forms(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write_masks(tmp_path / 'mine')
    write_map(root / 'masks/lamp/0.png', label_map())
    with pytest.raises(SystemExit):
        init('segan', root)
    assert 'it holds both the folders lamp, as of classes, and masks' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ((), 'name the classes by --classes'),
        (('--classes', 'sky,road', '--foreground', 'road'), 'holds the id 2, but --classes names'),
        (('--classes', NAMES), 'mpi needs --foreground'),
        (('--classes', NAMES, '--foreground', 'cat'), "'cat' is none of the classes"),
        (('--classes', 'sky,mud,car', '--foreground', 'car'), 'mpi needs --ground'),
        (('--classes', 'nowhere.txt'), 'there is no such file'),
        (('--classes', 'data.yaml'), 'data.yaml: there is no such file: give a text file'),
        (('--classes', str(Path(__file__).parent)), 'there is no such file: give a text file'),
        (('--classes', NAMES, '--foreground', NAMES), 'mpi needs some that are behind'),
    ],
)
def test_what_cannot_be_known_is_asked_for(
    tmp_path: Path,
    arguments: tuple[str, ...],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = write_scenes(tmp_path / 'mine')
    with pytest.raises(SystemExit):
        main(['mpi', str(root), *arguments, '--out', str(tmp_path / 'mine.py')])
    assert message in capsys.readouterr().err
    assert not (tmp_path / 'mine.py').exists()


def test_missing_folders_and_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write_scenes(tmp_path / 'mine')
    out = tmp_path / 'out.py'
    out.write_text('# mine')
    with pytest.raises(SystemExit):
        main(['mpi', str(root), '--out', str(out)])
    assert 'out.py exists' in capsys.readouterr().err
    assert out.read_text() == '# mine'
    with pytest.raises(SystemExit):
        main(['segan', str(root), '--out', str(tmp_path / 'other.py')])
    assert "neither COCO's JSON" in capsys.readouterr().err
    shutil.rmtree(root / 'images')
    with pytest.raises(SystemExit):
        main(['mpi', str(root), '--classes', NAMES, '--out', str(tmp_path / 'other.py')])
    assert 'it must hold images/' in capsys.readouterr().err


def test_tables_of_classes(tmp_path: Path) -> None:
    path = tmp_path / 'classes.txt'
    path.write_text('7 road\ntraffic light 19\n')
    assert read_names(str(path)) == {'road': 7, 'traffic light': 19}
    assert read_names('a, b') == {'a': 0, 'b': 1}
    many = [f'class-{number}' for number in range(150)]  # together no name of a file
    assert list(read_names(','.join(many))) == many
    path.write_text('7 road\nsky\n')
    with pytest.raises(UserError, match='some classes ids or colours, others not'):
        read_names(str(path))
    path.write_text('0: road\n1: sky\n')
    assert read_names(str(path)) == {'road': 0, 'sky': 1}
    for text, message in (
        ('255 road\n', "'road' has 255: ids are numbers from 0 to 254"),
        ('road 1 2 256\n', r"'road' has \(1, 2, 256\)"),
        ('road 7\nsky 7\n', "'road' and 'sky' both have 7"),
    ):
        path.write_text(text)
        with pytest.raises(UserError, match=message):
            read_names(str(path))
    other = tmp_path / 'data.yaml'
    other.write_text('names: [road, sky]\n')
    with pytest.raises(UserError, match='write the classes into a text file'):
        read_names(str(other))
    path.write_text('1 2 road\n')
    with pytest.raises(UserError, match="'1 2 road' is no class"):
        read_names(str(path))


@pytest.mark.parametrize('write', [write_coco, write_masks], ids=['coco', 'masks'])
def test_maskopt_makes_pairs_while_training(
    write: Callable[[Path], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cfg = init('maskopt', write(tmp_path / 'mine'), '--classes', 'chair')
    assert 'they are pasted elsewhere, and removed' in capsys.readouterr().out
    with DefaultScope.overwrite_default_scope('seginpaint_mm'):
        datasets = [
            DATASETS.build(cfg[f'{split}_dataloader'].dataset) for split in ('train', 'val')
        ]
        for dataset in datasets:
            record = dataset[0]
            assert record['inputs'].shape[1:] == (128, 128)
            hole = record['data_samples'].hole.data[0].bool()
            truth = record['data_samples'].gt_image.data
            changed = (record['inputs'] != truth).any(0)
            assert hole.any()
            assert changed[hole].float().mean() > 0.5, 'another object is seen there'
        assert torch.equal(datasets[1][0]['inputs'], datasets[1][0]['inputs']), 'always the same'


def test_validation_that_cannot_be_made_is_told_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All objects of the validation image cover nearly all of it: none fits into another image."""
    folder = write_coco(tmp_path / 'mine')
    path = folder / 'annotations/instances_val2017.json'
    content = json.loads(path.read_text())
    outline = [1.0, 1.0, 63.0, 1.0, 63.0, 47.0, 1.0, 47.0]
    content['annotations'][0].update(segmentation=[outline], bbox=[1, 1, 62, 46], area=2852)
    path.write_text(json.dumps(content))
    with pytest.raises(SystemExit):
        init('maskopt', folder, '--classes', 'chair')
    assert 'none of the 1 images has a whole object of 0.005 to 0.3' in capsys.readouterr().err
    assert not folder.with_suffix('.py').exists()
