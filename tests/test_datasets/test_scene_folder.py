"""A user's own scenes: any labels, in any of the forms in which label maps are saved."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seginpaint_mm.datasets import SceneFolderDataset
from tests.helpers.dataset_folders import picture, write_map

LABELS = ['sky', 'road', 'car', 'pavement', 'person', 'sign']
LOAD = [dict(type='seginpaint_mm.LoadSceneImage'), dict(type='seginpaint_mm.LoadSceneAnnotations')]
SIZE = (40, 60)
COLOURS = dict(sky=(70, 130, 180), road=(128, 64, 128), car=(0, 0, 142), pavement=(244, 35, 232))


def label_map() -> np.ndarray:
    """Sky above a road with a car, a pavement on the left, a person on it, and void below."""
    labels = np.zeros(SIZE, np.uint8)
    labels[15:] = 1
    labels[15:, :20] = 3
    labels[10:30, 30:45] = 2
    labels[12:28, 5:12] = 4
    labels[-3:] = 255
    return labels


def write(root: Path, names: tuple[str, ...] = ('a', 'sub/b'), split: str = '') -> Path:
    for seed, name in enumerate(names):
        write_map(root / 'images' / split / f'{name}.jpg', picture(SIZE, seed))
        write_map(root / 'labels' / split / f'{name}.png', label_map())
    return root


def dataset(root: Path, **options: object) -> SceneFolderDataset:
    options = dict(labels=LABELS, foreground=['car', 'person'], pipeline=LOAD) | options
    return SceneFolderDataset(str(root), test_mode=True, **options)


def test_classes_are_the_labels_that_hide_nothing(tmp_path: Path) -> None:
    scenes = dataset(write(tmp_path), void=['sign'])
    assert scenes.metainfo['classes'] == ('sky', 'road', 'pavement')
    assert len({*scenes.metainfo['palette']}) == 3
    assert [Path(scene['img_path']).name for scene in scenes] == ['a.jpg', 'b.jpg']
    labels, scene = label_map(), scenes[0]
    expected = np.full(SIZE, 255, np.uint8)
    for number, label in enumerate((0, 1, 3)):
        expected[labels == label] = number
    np.testing.assert_array_equal(scene['gt_seg_map'], expected)
    np.testing.assert_array_equal(scene['gt_background'], expected)
    np.testing.assert_array_equal(scene['gt_foreground'], np.isin(labels, (2, 4)))


def test_labels_are_joined_to_classes(tmp_path: Path) -> None:
    classes = dict(other=['sky', 'sign'], ground=['road', 'pavement'])
    scenes = dataset(write(tmp_path), classes=classes, palette=[(1, 2, 3), (4, 5, 6)])
    assert scenes.metainfo['classes'] == ('other', 'ground')
    assert scenes.metainfo['palette'] == [(1, 2, 3), (4, 5, 6)]
    assert np.unique(scenes[0]['gt_seg_map']).tolist() == [0, 1, 255]


def test_ids_as_they_are_stored(tmp_path: Path) -> None:
    """Labels have the ids of the files; networks see places in the list of classes."""
    write_map(tmp_path / 'images/a.png', picture(SIZE))
    write_map(tmp_path / 'labels/a.png', label_map() + np.uint8(20) * (label_map() != 255))
    ids = dict(zip(LABELS, range(20, 26), strict=True))
    own, plain = dataset(tmp_path, labels=ids)[0], dataset(write(tmp_path / 'plain'))[0]
    for name in ('gt_seg_map', 'gt_foreground'):
        np.testing.assert_array_equal(own[name], plain[name])


@pytest.mark.parametrize('form', ['RGB', 'RGBA', 'P'])
def test_label_maps_that_are_colour_images(tmp_path: Path, form: str) -> None:
    """Also with a palette in an order of its own; black is void."""
    labels = label_map()
    labels[labels == 4] = 2
    lookup = np.zeros((256, 3), np.uint8)
    lookup[:4] = list(COLOURS.values())
    write_map(tmp_path / 'images/a.png', picture(SIZE))
    image = Image.fromarray(lookup[labels])
    image = image.quantize(8) if form == 'P' else image.convert(form)
    (tmp_path / 'labels').mkdir()
    image.save(tmp_path / 'labels/a.png')
    scenes = dataset(tmp_path, labels=COLOURS, foreground=['car'])
    write_map(tmp_path / 'ids/a.png', labels)
    plain = dataset(tmp_path, labels=[*COLOURS], foreground=['car'], label_folder='ids')
    for name in ('gt_seg_map', 'gt_foreground'):
        np.testing.assert_array_equal(scenes[0][name], plain[0][name])
    assert scenes.metainfo['palette'] == [COLOURS[name] for name in ('sky', 'road', 'pavement')]


def test_wrong_colours_are_named(tmp_path: Path) -> None:
    write_map(tmp_path / 'images/a.png', picture(SIZE))
    colours = np.zeros((*SIZE, 3), np.uint8)
    colours[:2, :3] = (30, 20, 10)  # BGR
    path = write_map(tmp_path / 'labels/a.png', colours)
    with pytest.raises(ValueError, match=r'a\.png: 6 pixels have the colour \(10, 20, 30\)'):
        dataset(tmp_path, labels=COLOURS, foreground=['car'])[0]
    write_map(path, colours[:-1])
    with pytest.raises(ValueError, match='give both in the same size'):
        dataset(tmp_path, labels=COLOURS, foreground=['car'])[0]
    write_map(path.with_suffix('.jpg'), colours).rename(path)
    with pytest.raises(ValueError, match='JPEG changes colours'):
        dataset(tmp_path, labels=COLOURS, foreground=['car'])[0]
    page = Image.fromarray(colours)
    page.save(path, save_all=True, append_images=[page.rotate(180)])
    with pytest.raises(ValueError, match=r'a\.png: a label map has one page, this file has 2'):
        dataset(tmp_path, labels=COLOURS, foreground=['car'])[0]
    for data in (write_map(path, colours).read_bytes()[:-30], b''):
        path.write_bytes(data)
        with pytest.raises(ValueError, match=r'a\.png: cannot be read as a label map'):
            dataset(tmp_path, labels=COLOURS, foreground=['car'])[0]


def test_hidden_truth_has_the_ids_of_the_labels(tmp_path: Path) -> None:
    """Where it is void, or foreground, nothing is known."""
    write(tmp_path, ('a',))
    truth = label_map()
    truth[10:30, 30:45] = 1
    truth[20:30, 30:45] = 255
    write_map(tmp_path / 'behind/a.png', truth)
    scene = dataset(tmp_path, hidden_folder='behind')[0]
    assert np.unique(scene['gt_background'][10:20, 30:45]).tolist() == [1]
    assert np.unique(scene['gt_background'][20:30, 30:45]).tolist() == [255]
    assert np.unique(scene['gt_background'][12:28, 5:12]).tolist() == [255]
    assert scene['gt_foreground'][10:30, 30:45].all()
    (tmp_path / 'behind/a.png').unlink()
    with pytest.raises(FileNotFoundError, match=r'expected .*behind/a\.png'):
        dataset(tmp_path, hidden_folder='behind')


def test_objects_are_pasted_from_the_data_set_itself(tmp_path: Path) -> None:
    """On the named ground; its truth is what was there, so that it is known behind them."""
    root = write(tmp_path, ('a', 'b', 'c'))
    paste = dict(
        type='seginpaint_mm.PasteForeground',
        source=dict(pipeline=[*LOAD, dict(type='seginpaint_mm.LoadObjects')]),
        num_objects=(3, 3),
        fixed=True,
    )
    pasted = dataset(root, ground=['road', 'pavement'], pipeline=[*LOAD, paste])
    hidden = 0
    for before, after in zip(dataset(root), pasted, strict=True):
        new = (after['gt_foreground'] == 1) & (before['gt_foreground'] == 0)
        hidden += (new & (after['gt_background'] != 255)).sum()
        np.testing.assert_array_equal(after['gt_background'], before['gt_background'])
    assert hidden > 50
    with pytest.raises(ValueError, match='set ground to the names'):
        dataset(root, labels=[*'abcdef'], foreground=['c', 'e'], pipeline=[*LOAD, paste])[0]


def test_a_part_or_a_list(tmp_path: Path) -> None:
    names = tuple(f'{number:02d}' for number in range(20))
    root = write(tmp_path, names)
    parts = [dataset(root, part=part, split_seed=3) for part in ('train', 'val')]
    assert [len(part) for part in parts] == [16, 4]
    found = [[Path(scene['img_path']).stem for scene in part] for part in parts]
    assert sorted([*found[0], *found[1]]) == list(names)
    assert all(part == sorted(part) for part in found)
    assert len(dataset(root, part='val', split_seed=4)) == 4
    (root / 'val.txt').write_text('03.jpg labels/03.png\n\n07\n')
    listed = dataset(root, list_file='val.txt')
    assert [Path(scene['img_path']).stem for scene in listed] == ['03', '07']


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('03\n03.jpg\n', 'lines 1 and 2 name the same image'),
        ('33\n', r"val\.txt: line 1 names '33', but"),
        ('\n', 'there is no image in this list'),
    ],
)
def test_wrong_lists(tmp_path: Path, text: str, message: str) -> None:
    root = write(tmp_path, ('02', '03'))
    (root / 'val.txt').write_text(text)
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        dataset(root, list_file='val.txt')
    with pytest.raises(ValueError, match='leave one out'):
        dataset(root, list_file='val.txt', part='val')


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(foreground=[]), 'foreground names no label'),
        (dict(foreground='car'), r"foreground must be names in a list, e.g. \['car'\]"),
        (dict(foreground=['cart']), "foreground names 'cart', which is no label"),
        (dict(foreground=['car'], void=['car']), "'car' is in 'foreground' and in 'void'"),
        (dict(foreground=LABELS), 'There are 0 classes: name'),
        (dict(ground=['car']), "ground names 'car', which is no class"),
        (dict(classes=dict(all=['sky', 'road'])), 'The labels pavement, sign are in no class'),
        (dict(classes=['sky', 'road']), 'classes must join labels under names'),
        (dict(classes=dict(all=3)), r"classes\['all'\] must be names in a list"),
        (dict(classes=dict(all='sky')), r"classes\['all'\] must be names in a list"),
        (dict(labels=['sky', 'sky', 'car']), 'labels must be different names'),
        (dict(labels='sky'), 'labels must be names in the order of their ids'),
        (dict(labels=dict(sky=1, car=1)), 'gives one id to two names'),
        (dict(labels=dict(sky=1, car=300)), r"labels\['car'\] is 300: ids are whole numbers"),
        (dict(labels=dict(sky=1, car=(1, 2, 3))), r"labels\['car'\] is \(1, 2, 3\)"),
        (dict(labels=dict(sky=(1, 2, 3), car=(1, 2, 3))), 'gives one colour to two names'),
        (dict(palette=[(1, 2, 3)]), 'a colour .* for each of the 4 classes'),
        (dict(object_groups=[['car', 'bus']]), r"object_groups\[0\] names 'bus'"),
        (dict(part='test'), "part must be 'train' or 'val', not 'test'"),
        (dict(part='val', val_share=2), 'val_share must be between 0 and 1, not 2'),
    ],
    ids=str,
)
def test_wrong_options_are_one_sentence(tmp_path: Path, options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dataset(write(tmp_path), **options)


def test_an_id_without_a_name_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r'a\.png: label ids \[4\] are not labels of the config'):
        dataset(write(tmp_path), labels=LABELS[:4], foreground=['car'])[0]
