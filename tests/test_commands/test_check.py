"""``seginpaint check``: each thing that can be wrong with a user's files is named once."""

import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.dataset import ConcatDataset, RepeatDataset

from seginpaint_mm.commands.check import _sizes, main
from seginpaint_mm.datasets import FolderInstanceDataset, SceneFolderDataset
from seginpaint_mm.datasets.checking import SampleReader, SampleReport, leaf_datasets, look_at
from tests.helpers.dataset_folders import picture, write_map
from tests.helpers.tool_runs import REPOSITORY

SIZE = (24, 40)
LOAD = [dict(type='seginpaint_mm.LoadSceneImage'), dict(type='seginpaint_mm.LoadSceneAnnotations')]
OWN = dict(labels=['sky', 'road', 'car', 'boat'], foreground=['car', 'boat'], ground=['road'])


def label_map() -> np.ndarray:
    labels = np.zeros(SIZE, np.uint8)
    labels[12:] = 1
    labels[6:18, 10:20] = 2
    labels[-2:] = 255
    return labels


def write(root: Path, split: str, seeds: range) -> None:
    for seed in seeds:
        write_map(root / f'images/{split}/{seed}.png', picture(SIZE, seed))
        write_map(root / f'labels/{split}/{seed}.png', label_map())


def write_config(root: Path) -> Path:
    """As a user does it: what differs from the config that the README names."""
    path = root / 'mine.py'
    own = f'dataset=dict(data_root={str(root)!r}, **{OWN!r})'
    path.write_text(
        f'_base_ = {str(REPOSITORY / "configs/mpi/own_streets.py")!r}\n'
        f'train_dataloader = dict({own})\nval_dataloader = dict({own})\n'
        f'test_dataloader = val_dataloader\nmodel = dict(background_head=dict(num_classes=2))\n'
    )
    return path


def check(root: Path, *options: str) -> int:
    """The status of the command, on one process."""
    arguments = [str(write_config(root)), '--out-dir', str(root / 'out'), '--workers', '1']
    try:
        main([*arguments, *options])
    except SystemExit as end:
        return end.code
    return 0


def test_good_data_are_described_and_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, 'train', range(3))
    write(tmp_path, 'val', range(3, 5))
    assert check(tmp_path, '--num', '2') == 0
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert 'train: SceneFolderDataset, 3 images, 40x24 pixels' in lines
    # of 24 rows: sky 12 without 6x10 pixels, road 10 without 6x10, 2 without class
    assert 'classes: sky 43.8%, road 35.4%, without class 8.3%' in lines
    assert 'foreground: 12.5% of the pixels, nothing is known behind it' in lines
    assert not any(line.startswith('test') for line in lines)  # as val
    assert (tmp_path / 'out/problems.txt').read_text() == ''
    for split in ('train', 'val'):
        sheet = cv2.imread(str(tmp_path / f'out/{split}.png'))
        assert (sheet == (0, 140, 255)).all(-1).any()  # foreground in the legend


def test_every_problem_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, 'train', range(8))
    write(tmp_path, 'val', range(7, 9))  # the image 7 is in train too
    labels, images = tmp_path / 'labels/train', tmp_path / 'images/train'
    (labels / '1.png').unlink()
    (images / '2.png').write_bytes((images / '2.png').read_bytes()[:200])
    write_map(labels / '3.png', np.full(SIZE, 9, np.uint8))
    write_map(labels / '4.png', label_map()[:-1])
    write_map(labels / '5.png', np.full(SIZE, 255, np.uint8))
    assert check(tmp_path) == 1
    out = capsys.readouterr().out
    problems = (tmp_path / 'out/problems.txt').read_text().splitlines()
    assert len(problems) == 6
    assert '6 problems' in out
    for number, text in enumerate(problems[:5], 1):
        assert f'{number}.png' in text
        assert text in out
    same = f'{tmp_path}/images/val/7.png (val) is the same image as {images}/7.png (train).'
    assert problems[5] == same


def test_hidden_truth_of_another_image(tmp_path: Path) -> None:
    write(tmp_path, 'train', range(1))
    hidden = np.minimum(label_map(), 1)
    for labels, number in ((hidden, 0), (1 - hidden, 1)):
        write_map(tmp_path / 'hidden/0.png', labels)
        folders = dict(image_folder='images/train', label_folder='labels/train')
        scenes = SceneFolderDataset(
            str(tmp_path), **OWN, **folders, hidden_folder='hidden', pipeline=LOAD
        )
        report = SampleReader(scenes)(0)
        assert report.hidden == 120
        assert len(report.problems) == number
    assert 'its hidden truth has another class than its label map on 100%' in report.problems[0]


def test_what_opencv_refuses_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path, 'train', range(1))
    scenes = SceneFolderDataset(
        str(tmp_path), **OWN, image_folder='images/train', label_folder='labels/train'
    )
    reader = SampleReader(scenes)
    reader.steps = [lambda results: cv2.cvtColor(np.zeros((0, 0)), cv2.COLOR_BGR2GRAY)]
    (problem,) = reader(0).problems
    assert problem.startswith(f'{tmp_path}/images/train/0.png: it cannot be read: error: ')


def test_sizes_of_equal_area() -> None:
    reports = [SampleReport('a.png', size=(40, 24)), SampleReport('b.png', size=(24, 40))]
    assert _sizes(reports) == ', 2 sizes from 24x40 to 40x24 pixels'


def test_indices_of_no_sample(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, 'train', range(2))
    options = ('--split', 'train', '--cfg-options', 'train_dataloader.dataset.indices=[0,5]')
    assert check(tmp_path, *options) == 1
    assert 'indices holds 5, but' in capsys.readouterr().out


def test_missing_data_of_a_split_leave_the_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, 'train', range(1))
    assert check(tmp_path) == 1
    assert f'{tmp_path}/images/val: there is no such folder' in capsys.readouterr().out
    assert check(tmp_path, '--split', 'train') == 0
    assert check(tmp_path, '--workers', '0') == 2


def test_every_split_and_data_set_is_compared_and_drawn(tmp_path: Path) -> None:
    """Two data sets to train on, and a test set with an image of the validation."""
    for split, seeds in (('train', range(2)), ('more', range(2, 4)), ('val', range(4, 6))):
        write(tmp_path, split, seeds)
    write(tmp_path, 'test', range(5, 7))
    path = write_config(tmp_path)
    own = f"type='SceneFolderDataset', data_root={str(tmp_path)!r}, **{OWN!r}, pipeline={LOAD!r}"
    sets = {
        split: f"dict({own}, image_folder='images/{split}', label_folder='labels/{split}')"
        for split in ('train', 'more', 'test')
    }
    path.write_text(
        path.read_text().replace('test_dataloader = val_dataloader', '')
        + f"train_dataloader['dataset'] = dict(_delete_=True, type='ConcatDataset', "
        f'datasets=[{sets["train"]}, {sets["more"]}])\n'
        f'test_dataloader = dict(dataset=dict(_delete_=True, **{sets["test"]}))\n'
    )
    with pytest.raises(SystemExit):
        main([str(path), '--out-dir', str(tmp_path / 'out'), '--workers', '1'])
    images = tmp_path / 'images'
    same = f'{images}/test/5.png (test) is the same image as {images}/val/5.png (val).\n'
    assert (tmp_path / 'out/problems.txt').read_text() == same
    sheets = [cv2.imread(str(tmp_path / f'out/{name}.png')) for name in ('train', 'train_2')]
    assert (sheets[0] != sheets[1]).any()


def test_wrapped_data_sets_are_read_once_and_elsewhere(tmp_path: Path) -> None:
    write(tmp_path, 'train', range(2))
    one = SceneFolderDataset(str(tmp_path), **OWN, pipeline=LOAD)
    assert list(leaf_datasets(RepeatDataset(one, times=3))) == [one]
    assert list(leaf_datasets(ConcatDataset([one, one]))) == [one, one]
    reader = SampleReader(one)
    assert pickle.loads(pickle.dumps(reader))(1) == reader(1)
    assert reader(0).digest != reader(1).digest


def test_objects_are_counted_by_class(tmp_path: Path) -> None:
    numbers = np.zeros(SIZE, np.uint8)
    numbers[2:8, 3:9], numbers[10:20, 3:9] = 1, 2
    write_map(tmp_path / 'images/a.png', picture(SIZE))
    write_map(tmp_path / 'masks/a.png', numbers)
    load = [dict(type='seginpaint_mm.LoadSceneImage'), dict(type='seginpaint_mm.LoadInstances')]
    report = SampleReader(
        FolderInstanceDataset(
            str(tmp_path), image_folder='images', mask_file='masks/{name}.png', pipeline=load
        )
    )(0)
    assert report.objects == {1: 2}
    assert not report.problems


def test_other_labels() -> None:
    """Boxes of mmdet, objects with hidden parts, and holes."""
    image = np.zeros((*SIZE, 3), np.uint8)
    boxes = look_at(dict(img=image, gt_bboxes_labels=np.array([3, 3, 0])), 5)
    assert boxes.objects == {3: 2, 0: 1}
    full = dict(img=image, gt_full_masks=np.ones((2, *SIZE), bool), gt_labels=np.zeros(2, int))
    assert look_at(full, 1).objects == {0: 2}
    hole = look_at(dict(img=image, img_path='a.png', hole=np.zeros(SIZE, np.uint8)), 0)
    assert hole.problems == ['a.png: its hole covers nothing.']
    classes = np.zeros(SIZE, np.uint16)
    classes[0, 0] = 7
    (problem,) = look_at(dict(img=image, img_path='a.png', gt_seg_map=classes), 5).problems
    assert 'holds class 7' in problem
    assert '5 classes (0 to 4)' in problem
