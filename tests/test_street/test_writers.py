"""Street on the disk: the layouts of the real data sets, whole and resumable."""

import errno
import json
import os
import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmseg.utils import voc_palette
from PIL import Image
from torchvision.datasets import SBDataset, VOCSegmentation

from seginpaint_mm.datasets import InstanceDataset, SBDInstanceDataset, VOCInstanceDataset
from seginpaint_mm.errors import UserError
from seginpaint_mm.street import StreetScene, render_street
from seginpaint_mm.street.labels import background_classes
from seginpaint_mm.street.render import RENDERER_VERSION
from seginpaint_mm.street.writers import LAYOUTS, Order, write_dataset, writer
from seginpaint_mm.street.writers.street_layouts import CamVidLayout
from seginpaint_mm.street.writers.writer import SPLIT_SIZE
from tests.helpers.tool_runs import run_here, run_process

SIZE = (64, 128)
TOOL = 'dataset_converters/street'


def ignore(done: int, total: int) -> None:
    """Progress that nobody looks at."""


def write(root: Path, layout: str, seed: int = 0, **counts: int) -> None:
    order = Order(layout, 'day', seed, SIZE)
    write_dataset(root, LAYOUTS[layout], order, counts, 1, ignore)


def read(path: Path) -> np.ndarray:
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert image is not None, path
    return image


def files(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob('*'))
        if path.is_file()
    }


def test_cityscapes(tmp_path: Path) -> None:
    write(tmp_path / 'out', 'cityscapes', train=2, val=1)
    scene = render_street(1, size=SIZE)
    stem = 'train/street/street_000000_000001'
    root = tmp_path / 'out'
    np.testing.assert_array_equal(read(root / f'leftImg8bit/{stem}_leftImg8bit.png'), scene.image)
    labels = read(root / f'gtFine/{stem}_gtFine_labelIds.png')
    np.testing.assert_array_equal(labels, scene.label_ids)
    instances = read(root / f'gtFine/{stem}_gtFine_instanceIds.png')
    assert instances.dtype == np.uint16
    for item in scene.objects:
        assert (instances[item.visible_mask] == item.instance_id).all()
        assert item.instance_id // 1000 == item.label
    np.testing.assert_array_equal(instances[labels < 24], labels[labels < 24])
    manual = read(root / f'gt_manual/{stem}_gt_manual.png')
    np.testing.assert_array_equal(manual, background_classes(scene.background_label_ids))
    assert set(np.unique(manual)) <= {0, 1, 2, 255}
    assert (root / 'leftImg8bit/val/street/street_000001_000000_leftImg8bit.png').exists()
    assert len(files(root)) == 3 * 4 + 1


def test_kitti(tmp_path: Path) -> None:
    write(tmp_path / 'out', 'kitti', val=2)
    root, name = tmp_path / 'out', '000001_10.png'
    scene = render_street(SPLIT_SIZE + 1, size=SIZE)
    np.testing.assert_array_equal(read(root / 'training/image_2' / name), scene.image)
    np.testing.assert_array_equal(read(root / 'training/semantic' / name), scene.label_ids)
    instances = read(root / 'training/instance' / name)
    assert instances.dtype == np.uint16
    np.testing.assert_array_equal(instances // 256, scene.label_ids)
    for item in scene.objects:
        numbers = np.unique(instances[item.visible_mask] % 256)
        assert numbers.tolist() == [item.instance_id % 1000 + 1]
    assert (instances[scene.label_ids < 24] % 256 == 0).all()
    manual = read(root / 'gt_manual/test' / name)
    np.testing.assert_array_equal(manual, background_classes(scene.background_label_ids))
    assert len(files(root)) == 2 * 4 + 1


def test_camvid(tmp_path: Path) -> None:
    write(tmp_path / 'out', 'camvid', train=1, val=1, test=1)
    root = tmp_path / 'out'
    for sequence, split in enumerate(('train', 'val', 'test')):
        scene = render_street(sequence * SPLIT_SIZE, size=SIZE)
        np.testing.assert_array_equal(read(root / split / 'street_000000.png'), scene.image)
        labels = read(root / f'{split}annot' / 'street_000000.png')
        hidden = read(root / f'{split}background' / 'street_000000.png')
        np.testing.assert_array_equal(hidden, background_classes(scene.background_label_ids))
        for street, camvid in (
            (23, 0),
            (11, 1),
            (17, 2),
            (7, 3),
            (8, 4),
            (21, 5),
            (26, 8),
            (24, 9),
        ):
            assert (labels[scene.label_ids == street] == camvid).all()
        assert labels.max() <= 11
    assert len(files(root)) == 3 * 3 + 1


VOC_CLASSES = {24: 15, 25: 15, 26: 7, 28: 6, 33: 2}  # person, rider, car, bus, bicycle


def check_voc_instances(dataset: Callable[..., InstanceDataset], scene: StreetScene) -> None:
    """The data set's first sample shows the scene's objects of VOC's classes, and no others."""
    load = [dict(type='seginpaint_mm.LoadSceneImage'), dict(type='seginpaint_mm.LoadInstances')]
    pack = [dict(type='seginpaint_mm.PackScene')]
    samples = dataset(pipeline=[*load, *pack], test_mode=True)
    sample = samples[0]['data_samples']
    expected = np.zeros(SIZE, np.uint8)
    for street, voc in VOC_CLASSES.items():
        expected[scene.label_ids == street] = voc
    np.testing.assert_array_equal(sample.gt_sem_seg.data[0], expected)
    objects = [item for item in scene.objects if item.label in VOC_CLASSES]
    assert len(objects) == len(sample.gt_instances) > 2
    for item in objects:
        [number] = [
            k
            for k, m in enumerate(sample.gt_instances.masks.numpy())
            if (m == item.visible_mask).all()
        ]
        thing = samples.metainfo['thing_ids'][sample.gt_instances.labels[number]]
        assert thing == VOC_CLASSES[item.label]


def test_voc(tmp_path: Path) -> None:
    root = tmp_path / 'VOCdevkit/VOC2012'
    write(root, 'voc', train=2, val=1)
    scene = render_street(0, size=SIZE)
    check_voc_instances(partial(VOCInstanceDataset, str(root), 'train'), scene)
    lists = root / 'ImageSets/Segmentation'
    assert (lists / 'train.txt').read_text() == 'street_000000_000000\nstreet_000000_000001\n'
    assert (lists / 'val.txt').read_text() == 'street_000001_000000\n'
    name = 'street_000000_000000.png'
    classes = (root / 'SegmentationClass' / name).read_bytes()
    assert classes == (root / 'SegmentationClassAug' / name).read_bytes()
    image = read(root / 'JPEGImages/street_000000_000000.jpg')
    assert np.abs(image.astype(int) - scene.image).mean() < 8, 'a JPEG of the scene'
    assert len(files(root)) == 3 * 4 + 2 + 1
    their = VOCSegmentation(str(tmp_path), '2012', 'train')
    assert len(their) == 2
    assert set(np.unique(np.array(their[0][1]))) <= {0, *VOC_CLASSES.values()}


def test_palette_is_that_of_voc(tmp_path: Path) -> None:
    write(tmp_path / 'out', 'voc', train=1)
    with Image.open(tmp_path / 'out/SegmentationClass/street_000000_000000.png') as image:
        colours = np.array(image.getpalette()).reshape(-1, 3)
    colours = np.concatenate([colours, np.zeros((256 - len(colours), 3), int)])
    for number, colour in enumerate(voc_palette()):
        assert colours[number].tolist() == colour


def test_sbd(tmp_path: Path) -> None:
    root = tmp_path / 'out'
    write(root, 'sbd', train=2, val=1)
    scene = render_street(0, size=SIZE)
    check_voc_instances(partial(SBDInstanceDataset, str(root), 'train'), scene)
    assert (root / 'val.txt').read_text() == 'street_000001_000000\n'
    their = SBDataset(str(root), 'train', 'segmentation')
    _, classes = their[0]
    load = [dict(type='seginpaint_mm.LoadSceneImage'), dict(type='seginpaint_mm.LoadInstances')]
    ours = SBDInstanceDataset(str(root), 'train', pipeline=load, test_mode=True)[0]
    np.testing.assert_array_equal(np.array(classes), ours['gt_seg_map'])
    assert len(files(root)) == 3 * 3 + 2 + 1


@pytest.mark.parametrize('layout', ['voc', 'sbd'])
def test_bytes_depend_on_the_scene_only(tmp_path: Path, layout: str) -> None:
    for name in ('first', 'second'):
        write(tmp_path / name, layout, val=1)
    assert files(tmp_path / 'first') == files(tmp_path / 'second')


def test_lists_name_whole_splits_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(writer, 'write_image', stop)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / 'out', 'voc', train=2)
    assert not (tmp_path / 'out/ImageSets').exists()
    monkeypatch.undo()
    write(tmp_path / 'out', 'voc', train=2)
    write(tmp_path / 'out', 'voc', val=1)
    lists = {path.name: len(path.read_text().split()) for path in (tmp_path / 'out').rglob('*.txt')}
    assert lists == {'train.txt': 2, 'val.txt': 1}


def test_splits_share_no_scene(tmp_path: Path) -> None:
    write(tmp_path / 'out', 'camvid', train=3, val=3, test=3)
    root = tmp_path / 'out'
    images = [
        path.read_bytes() for split in LAYOUTS['camvid'].splits for path in (root / split).iterdir()
    ]
    assert len(images) == len(set(images)) == 9


def test_resumes_where_it_was_interrupted(tmp_path: Path) -> None:
    root = tmp_path / 'out'
    write(root, 'camvid', train=3)
    whole = files(root)
    (root / 'trainannot/street_000001.png').unlink()
    untouched = root / 'train/street_000000.png'
    os.utime(untouched, (1, 1))
    progress = []
    order = Order('camvid', 'day', 0, SIZE)
    write_dataset(
        root, LAYOUTS['camvid'], order, dict(train=3), 1, lambda *state: progress.append(state)
    )
    assert progress == [(2, 3), (3, 3)]
    assert untouched.stat().st_mtime == 1
    assert files(root) == whole


def test_more_scenes_may_be_asked_for_later(tmp_path: Path) -> None:
    write(tmp_path / 'out', 'camvid', train=1)
    first = files(tmp_path / 'out')
    write(tmp_path / 'out', 'camvid', train=2, val=1)
    assert files(tmp_path / 'out').items() > first.items()


class DeadlyLayout(CamVidLayout):
    """A layout that kills the process that uses it."""

    def contents(self, scene: StreetScene) -> dict[str, np.ndarray]:
        os.kill(os.getpid(), signal.SIGKILL)
        return super().contents(scene)


def test_killed_worker(tmp_path: Path) -> None:
    order = Order('camvid', 'day', 0, SIZE)
    with pytest.raises(UserError, match='A worker process was killed.*fewer --workers'):
        write_dataset(tmp_path / 'out', DeadlyLayout(), order, dict(train=1), 2, ignore)


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def fail(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr(os, 'fsync', fail)


@pytest.mark.usefixtures('full_disk')
def test_full_disk(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r'Cannot write .* \(No space left on device\)'):
        write(tmp_path / 'out', 'camvid', train=1)
    assert files(tmp_path / 'out') == {}


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['--num-train', '-1'], '--num-train is -1, but must be from 0 to 1000000.'),
        (['--num-val', '2000000'], '--num-val is 2000000, but must be from 0 to 1000000.'),
        ([], 'No scenes were asked for: give --num-train, --num-val or --num-test.'),
        (
            ['--layout', 'kitti', '--num-train', '1'],
            '--num-train is 1, but the kitti layout only has val: leave it out.',
        ),
        (
            ['--num-train', '1', '--size', '8', '512'],
            'size is (8, 512), but must be (height, width), each 32 or more.',
        ),
        (['--num-train', '1', '--seed', '-2'], 'index and seed must not be negative'),
        (['--num-train', '1', '--workers', '0'], '--workers is 0, but must be 1 or more.'),
    ],
)
def test_wrong_arguments(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    with pytest.raises(SystemExit) as stop:
        run_here(TOOL, tmp_path / 'out', *arguments)
    assert stop.value.code == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / 'out').exists()


def test_other_options_or_other_files_are_not_mixed_in(tmp_path: Path) -> None:
    write(tmp_path / 'out', 'camvid', train=1)
    with pytest.raises(
        UserError, match=r"holds a Street data set made with .*'seed': 0.*'seed': 1"
    ):
        write(tmp_path / 'out', 'camvid', seed=1, train=1)
    (tmp_path / 'mine').mkdir()
    (tmp_path / 'mine' / 'notes.txt').touch()
    with pytest.raises(UserError, match='mine holds other files: give an empty or a new folder'):
        write(tmp_path / 'mine', 'camvid', train=1)


@pytest.mark.parametrize('version', [None, 1])
def test_scenes_of_an_older_renderer_are_not_mixed_in(tmp_path: Path, version: int | None) -> None:
    write(tmp_path / 'out', 'camvid', train=1)
    note = tmp_path / 'out/street.json'
    old = json.loads(note.read_text()) | dict(renderer_version=version)
    note.write_text(json.dumps({key: value for key, value in old.items() if value is not None}))
    with pytest.raises(UserError, match='out holds .* another version .*: delete the folder'):
        write(tmp_path / 'out', 'camvid', train=2)


@pytest.mark.parametrize('content', ['{', '[]'])
def test_unreadable_note(tmp_path: Path, content: str) -> None:
    (tmp_path / 'street.json').write_text(content)
    with pytest.raises(UserError, match=r'street\.json is damaged: give another folder'):
        write(tmp_path, 'camvid', train=1)


def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / 'file').touch()
    with pytest.raises(OSError, match='file'):
        write(tmp_path / 'file' / 'out', 'camvid', train=1)


def test_command_line_with_two_workers_makes_the_same_files_as_one(tmp_path: Path) -> None:
    out = tmp_path / 'out'
    arguments = ['--num-train', '5', '--num-val', '2', '--workers', '2', '--look', 'overcast']
    done = run_process(TOOL, out, *arguments, '--size', *map(str, SIZE))
    assert done.returncode == 0, done.stderr
    assert done.stdout == f'7 scenes: {out}\n'
    order = Order('cityscapes', 'overcast', 0, SIZE)
    counts = dict(train=5, val=2)
    write_dataset(tmp_path / 'one', LAYOUTS['cityscapes'], order, counts, 1, ignore)
    assert files(out) == files(tmp_path / 'one')
    assert json.loads((out / 'street.json').read_text()) == dict(
        layout='cityscapes',
        look='overcast',
        seed=0,
        size=[64, 128],
        renderer_version=RENDERER_VERSION,
    )
