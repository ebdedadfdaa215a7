"""Images with label maps of any classes: Outdoor Scenes, Cityscapes and CamVid with void."""

from pathlib import Path

import numpy as np
import pytest

from seginpaint_mm.datasets import (
    CamVidLabelDataset,
    CityscapesLabelDataset,
    LabelFolderDataset,
    LoadClasses,
    LoadSceneImage,
    OutdoorScenesDataset,
)
from tests.helpers.dataset_folders import (
    SIZE,
    picture,
    write_camvid,
    write_cityscapes,
    write_map,
    write_palette_map,
)

META = dict(classes=('near', 'far'), palette=[(1, 2, 3), (4, 5, 6)])


def load(dataset: LabelFolderDataset, table: str | None = None, index: int = 0) -> np.ndarray:
    """The class map of a sample."""
    results = LoadClasses(table)(LoadSceneImage()(dataset[index]))
    assert results['seg_fields'] == ['gt_seg_map']
    assert results['gt_seg_map'].shape == results['img'].shape[:2]
    return results['gt_seg_map']


def write_pair(root: Path, name: str, labels: np.ndarray, suffix: str = '.jpg') -> None:
    write_map(root / f'images/train/{name}{suffix}', picture(labels.shape[:2]))
    write_map(root / f'labels/train/{name}.png', labels)


def test_outdoor_scenes_with_sub_folders_and_any_classes(tmp_path):
    labels = np.arange(8, dtype=np.uint8).repeat(4)[None].repeat(16, axis=0)
    write_pair(tmp_path, 'sky/b', labels)
    write_pair(tmp_path, 'a', np.where(labels == 7, 255, labels).astype(np.uint8), '.png')
    write_map(tmp_path / 'auto/sky/b.png', np.zeros(SIZE, np.uint8))
    dataset = OutdoorScenesDataset(str(tmp_path), 'train')
    assert len(dataset.metainfo['classes']) == len(dataset.metainfo['palette']) == 8
    assert [Path(dataset[i]['img_path']).name for i in range(2)] == ['a.png', 'b.jpg']
    assert set(np.unique(load(dataset, index=0))) == {*range(7), 255}
    np.testing.assert_array_equal(load(dataset, index=1), labels)
    two = OutdoorScenesDataset(
        str(tmp_path),
        'train',
        image_folder='images/train/sky',
        label_folder='auto/sky',
        metainfo=META,
    )
    assert two.metainfo['classes'] == ('near', 'far')
    assert not load(two).any()


def test_label_ids_out_of_range_are_told(tmp_path):
    labels = np.zeros(SIZE, np.uint8)
    labels[0, 0] = 9
    write_pair(tmp_path, 'a', labels)
    with pytest.raises(ValueError, match=r'a\.png: label ids \[9\] are not classes of a data set'):
        load(OutdoorScenesDataset(str(tmp_path), 'train'))


@pytest.mark.parametrize(
    ('ids', 'message'),
    [
        (np.zeros((*SIZE, 3), np.uint8), 'this file has 3; its colours are greys: save it as'),
        (np.full((*SIZE, 3), (1, 2, 3), np.uint8), 'this file has 3; give the map of ids'),
        (np.zeros(SIZE, np.uint16), 'as uint8, these are uint16: save the map with 8 bits'),
    ],
)
def test_label_maps_of_another_form_are_told(tmp_path: Path, ids: np.ndarray, message: str) -> None:
    write_pair(tmp_path, 'a', ids)
    with pytest.raises(ValueError, match=message):
        load(OutdoorScenesDataset(str(tmp_path), 'train'))


def test_palette_maps_are_read_as_indices(tmp_path):
    labels = np.zeros(SIZE, np.uint8)
    labels[3:] = 1
    write_map(tmp_path / 'images/a.png', picture())
    write_palette_map(tmp_path / 'labels/a_seg.png', labels)
    dataset = LabelFolderDataset(
        str(tmp_path),
        image_folder='images',
        label_folder='labels',
        label_suffix='_seg.png',
        metainfo=META,
    )
    np.testing.assert_array_equal(load(dataset), labels)


def test_what_is_missing_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'images/train: .*SFTGAN'):
        OutdoorScenesDataset(str(tmp_path), 'train')
    write_map(tmp_path / 'images/train/a.png', picture())
    with pytest.raises(FileNotFoundError, match=r'a\.png: .*missing, expected .*labels/train/a\.p'):
        OutdoorScenesDataset(str(tmp_path), 'train')
    folders = dict(image_folder='images', label_folder='labels')
    with pytest.raises(ValueError, match='it has 0 classes and 0 colours'):
        LabelFolderDataset(str(tmp_path), **folders)
    wrong = dict(classes=('near', 'far', 'void'), palette=META['palette'])
    with pytest.raises(ValueError, match='it has 3 classes and 2 colours'):
        LabelFolderDataset(str(tmp_path), metainfo=wrong, **folders)


def test_cityscapes_void_is_a_class(tmp_path):
    labels = np.array([[7, 23, 33, 29, 0, 255, 3, 26]], np.uint8).repeat(4, axis=0)
    root = write_cityscapes(tmp_path, ['a/a_0'], labels=labels, manual=False, suffix='.jpg')
    dataset = CityscapesLabelDataset(str(root), 'val')
    assert dataset.metainfo['classes'][19] == 'void'
    assert len(dataset.metainfo['classes']) == len(dataset.metainfo['palette']) == 20
    classes = load(dataset, 'cityscapes_ids_void')
    assert classes[0].tolist() == [0, 10, 18, 19, 19, 19, 19, 13]

    train_ids = np.array([[0, 18, 255]], np.uint8).repeat(4, axis=0)
    write_cityscapes(
        tmp_path, ['a/a_0'], labels=train_ids, kind='labelTrainIds', manual=False, suffix='.jpg'
    )
    dataset = CityscapesLabelDataset(str(root), 'val', label_suffix='_gtFine_labelTrainIds.png')
    assert load(dataset, 'cityscapes_train_ids_void')[0].tolist() == [0, 18, 19]


def test_automatic_labels_of_cityscapes(tmp_path):
    root = write_cityscapes(tmp_path, ['a/a_0'], manual=False)
    auto = np.full(SIZE, 19, np.uint8)
    write_map(root / 'auto/val/a/a_0_leftImg8bit.png', auto)
    dataset = CityscapesLabelDataset(
        str(root), 'val', label_folder='auto', label_suffix='_leftImg8bit.png'
    )
    np.testing.assert_array_equal(load(dataset), auto)


def test_camvid_keeps_what_is_unlabelled(tmp_path):
    dataset = CamVidLabelDataset(str(write_camvid(tmp_path, ['a', 'b'])), 'val')
    assert len(dataset) == 2
    assert set(np.unique(load(dataset))) == {1, 3, 4, 8}
    write_map(tmp_path / 'valannot/a.png', np.full(SIZE, 11, np.uint8))
    assert (load(dataset) == 11).all()
    assert dataset.metainfo['classes'][11] == 'unlabelled'


def folder(root: Path, **options: object) -> LabelFolderDataset:
    folders = dict(image_folder='images', label_folder='labels', metainfo=META)
    return LabelFolderDataset(str(root), **folders, **options)


def names(dataset: LabelFolderDataset) -> list[str]:
    return [Path(dataset.get_data_info(k)['img_path']).name for k in range(len(dataset))]


def test_images_of_any_format(tmp_path: Path) -> None:
    files = ['a.JPG', 'b.webp', 'c.tiff', 'd.jpeg', 'e.Png', 'f.bmp']
    for name in files:
        suffix = Path(name).suffix.lower()
        plain = write_map(tmp_path / f'images/{Path(name).stem}{suffix}', picture())
        plain.rename(plain.with_name(name))
        write_map(tmp_path / f'labels/{Path(name).stem}.png', np.ones(SIZE, np.uint8))
    dataset = folder(tmp_path)
    assert names(dataset) == files
    for index in range(len(files)):
        assert load(dataset, index=index).all()


def test_two_images_of_one_name(tmp_path: Path) -> None:
    for name in ('a.jpg', 'a.b.png', 'a.png'):
        write_map(tmp_path / f'images/{name}', picture())
    with pytest.raises(ValueError, match=r'a\.jpg and a\.png have the same name, so that one lab'):
        folder(tmp_path)


def test_what_is_no_image_of_the_data_set(tmp_path: Path, logged) -> None:
    """A folder that is called like an image, macOS's shadows, and formats that are not read."""
    write_map(tmp_path / 'images/a.png', picture())
    write_map(tmp_path / 'labels/a.png', np.zeros(SIZE, np.uint8))
    (tmp_path / 'images/b.png').mkdir()
    (tmp_path / 'images/._a.png').write_bytes(b'shadow')
    (tmp_path / 'images/c.dng').write_bytes(b'raw')
    (tmp_path / 'images/notes.txt').write_text('notes')
    assert names(folder(tmp_path)) == ['a.png']
    assert 'left out 1 .dng' in logged.text
    (tmp_path / 'images/a.png').unlink()
    with pytest.raises(
        FileNotFoundError, match=r'no image .* but 1 \.dng, which are not read here'
    ):
        folder(tmp_path)


def test_links_are_followed_once(tmp_path: Path) -> None:
    write_map(tmp_path / 'elsewhere/x.png', picture())
    write_map(tmp_path / 'images/a.png', picture())
    (tmp_path / 'images/linked').symlink_to(tmp_path / 'elsewhere')
    (tmp_path / 'images/circle').symlink_to(tmp_path / 'images')
    (tmp_path / 'images/b.png').symlink_to(tmp_path / 'elsewhere/x.png')
    for name in ('a', 'b', 'linked/x'):
        write_map(tmp_path / f'labels/{name}.png', np.zeros(SIZE, np.uint8))
    assert names(folder(tmp_path)) == ['a.png', 'b.png', 'x.png']


@pytest.mark.parametrize(
    ('meta', 'sentence'),
    [
        (dict(classes=('a', 'a'), palette=[(0, 0, 0)] * 2), 'must be different names'),
        (dict(classes='ab', palette=[(0, 0, 0)] * 2), 'must be different names'),
        (
            dict(classes=tuple(map(str, range(300))), palette=[(0, 0, 0)] * 300),
            'has 300 classes, but label maps hold at most 255',
        ),
        (
            dict(classes=('a', 'b'), palette=[(0, 0, 0), (0, 0)]),
            r'must hold colours .*not \(0, 0\)',
        ),
    ],
)
def test_metainfo_that_cannot_be(tmp_path: Path, meta: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        LabelFolderDataset(str(tmp_path), image_folder='i', label_folder='l', metainfo=meta)


def test_as_many_classes_as_label_maps_hold(tmp_path):
    """Read the last of 255 classes, 254: only 255 is void."""
    labels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    write_pair(tmp_path, 'a', labels)
    meta = dict(classes=[f'class {k}' for k in range(255)], palette=[(k, k, k) for k in range(255)])
    folders = dict(image_folder='images/train', label_folder='labels/train')
    dataset = LabelFolderDataset(str(tmp_path), **folders, metainfo=meta)
    np.testing.assert_array_equal(load(dataset), labels)


def labelled(root: Path, **options: object) -> LabelFolderDataset:
    folders = dict(image_folder='images/train', label_folder='labels/train')
    return LabelFolderDataset(str(root), **folders, **options)


def test_labels_of_any_ids_and_colours(tmp_path: Path) -> None:
    """As scenes have them: named with their ids or colours, left out, or joined."""
    places = np.arange(64, dtype=np.uint8).reshape(8, 8) % 3
    colours = np.array([(70, 130, 180), (128, 64, 128), (0, 0, 142)], np.uint8)
    write_pair(tmp_path, 'a', np.array([7, 11, 26], np.uint8)[places])
    of_ids = labelled(tmp_path, labels=dict(sky=7, road=11, car=26))
    np.testing.assert_array_equal(load(of_ids), places)
    without = labelled(tmp_path, labels=dict(sky=7, road=11, car=26), void=['road'])
    assert without.metainfo['classes'] == ('sky', 'car')
    np.testing.assert_array_equal(load(without), np.array([0, 255, 1])[places])
    joined = dict(near=['road', 'car'], far=['sky'])
    two = labelled(tmp_path, labels=dict(sky=7, road=11, car=26), classes=joined)
    np.testing.assert_array_equal(load(two), np.array([1, 0, 0])[places])
    with pytest.raises(ValueError, match=r'a\.png: label ids \[26\] are not labels of the config'):
        load(labelled(tmp_path, labels=dict(sky=7, road=11)))
    write_map(tmp_path / 'labels/train/a.png', colours[places][..., ::-1])
    names = dict(zip(('sky', 'road', 'car'), map(tuple, colours.tolist()), strict=True))
    of_colours = labelled(tmp_path, labels=names)
    np.testing.assert_array_equal(load(of_colours), places)
    assert of_colours.metainfo['palette'] == list(names.values())


def test_labels_that_cannot_be(tmp_path: Path) -> None:
    write_pair(tmp_path, 'a', np.zeros(SIZE, np.uint8))
    with pytest.raises(ValueError, match='give labels, too'):
        labelled(tmp_path, metainfo=META, void=['near'])
    with pytest.raises(ValueError, match="void names 'sky', which is no label"):
        labelled(tmp_path, labels=['near', 'far'], void=['sky'])
    with pytest.raises(ValueError, match='leave one of them out'):
        load(labelled(tmp_path, labels=['near', 'far']), 'voc')
