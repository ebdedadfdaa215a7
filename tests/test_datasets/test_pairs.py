"""Pairs on the disk: exact, the same for a seed whoever writes them, resumable; wrong inputs."""

import json
import re
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from seginpaint_mm.datasets import (
    CityscapesInstanceDataset,
    CocoInstanceDataset,
    CocoPanopticInstanceDataset,
    InstanceDataset,
    PackScene,
    PairsDataset,
)
from seginpaint_mm.datasets.object_placement import BLENDINGS
from seginpaint_mm.datasets.pairs import PairMaker, PairOptions, write_pairs
from seginpaint_mm.datasets.pairs.maker import BLOCK
from seginpaint_mm.datasets.pairs.writer import write_block
from seginpaint_mm.errors import DataError, UserError
from tests.helpers.dataset_folders import picture, street_labels, write_cityscapes, write_map
from tests.helpers.tool_runs import run_here

TOOL = 'dataset_converters/make_pairs'
SIZE = (40, 48)
RECORD = 'records/000000.json'
LOAD = [dict(type='seginpaint_mm.LoadSceneImage'), dict(type='seginpaint_mm.LoadInstances')]
PAIR = [dict(type='seginpaint_mm.LoadPair', instances=True)]


def street(root: Path, number: int = 3, city: str = 'a') -> Path:
    """Images with a car and a person."""
    labels = street_labels(road=7, sidewalk=8, other=11, car=26, size=(48, 64))
    labels[6:18, 4:10] = 24
    instances = np.where(labels > 23, labels.astype(np.uint16) * 1000, labels)
    names = [f'{city}/{k}' for k in range(number)]
    return write_cityscapes(
        root, names, split='train', labels=labels, instances=instances, manual=False
    )


def street_source(root: Path) -> InstanceDataset:
    return CityscapesInstanceDataset(str(root), 'train', pipeline=LOAD, test_mode=True)


def maker(root: Path, seed: int = 0, **options: object) -> PairMaker:
    return PairMaker(street_source(root), PairOptions(**dict(size=SIZE) | options), seed)


def ignore(done: int, total: int) -> None:
    """Progress that nobody looks at."""


def files(root: Path) -> dict[str, bytes]:
    paths = [path for path in sorted(root.rglob('*')) if path.is_file()]
    return {str(path.relative_to(root)): path.read_bytes() for path in paths}


@pytest.fixture(scope='module')
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Street, and two blocks of pairs of it by the command line."""
    root = tmp_path_factory.mktemp('pairs')
    street(root / 'street')
    options = ['--num', BLOCK + 1, '--size', *SIZE, '--truncation', '--workers', 1]
    run_here(TOOL, root / 'out', *options, 'cityscapes', root / 'street')
    return root / 'street', root / 'out'


@pytest.mark.parametrize('truth_format', ['jpg', 'png'])
def test_what_is_read_is_what_was_made(tmp_path: Path, truth_format: str) -> None:
    made = maker(street(tmp_path / 'street'), truth_format=truth_format, truncation=True)
    write_pairs(tmp_path / 'out', made, BLOCK, workers=1, on_progress=ignore)
    dataset = PairsDataset(str(tmp_path / 'out'), pipeline=PAIR, test_mode=True)
    assert len(dataset) == BLOCK
    expected = street_source(tmp_path / 'street').metainfo
    assert all(dataset.metainfo[key] == expected[key] for key in ('classes', 'thing_ids'))
    for found, pair in zip(dataset, made.block(0), strict=True):
        for name, expected in (
            ('img', pair.image),
            ('gt_image', pair.truth),
            ('hole', pair.hole),
            ('gt_seg_map', pair.classes),
            ('gt_instance_map', pair.instances),
        ):
            np.testing.assert_array_equal(found[name], expected, err_msg=name)
        assert found['removed_classes'] == [pair.removed_class]
        assert found['hole_share'] == pytest.approx(pair.hole.mean(), abs=1e-5)


def test_records_tell_how_each_object_was_put_in(tmp_path: Path) -> None:
    made = maker(street(tmp_path / 'street'), truncation=True)
    write_block(tmp_path / 'all', made, 0)
    write_block(tmp_path / 'box', maker(tmp_path / 'street', blendings=('box',)), 0)
    told = {
        name: [pair['blending'] for pair in json.loads((tmp_path / name / RECORD).read_text())]
        for name in ('all', 'box')
    }
    assert told['all'] == [pair.blending for pair in made.block(0)]
    assert set(told['all']) == set(BLENDINGS)
    assert set(told['box']) == {'box'}


def test_hole_covers_what_changed_and_holds_an_object(made: tuple[Path, Path]) -> None:
    dataset = PairsDataset(str(made[1]), pipeline=PAIR, test_mode=True)
    assert len(dataset) == 2 * BLOCK
    for found in dataset:
        changed = (found['img'] != found['gt_image']).any(axis=2)
        assert found['hole'][changed].all()
        assert changed.sum() > 0.5 * found['hole'].sum() > 0
        assert found['img'].shape == (*SIZE, 3)
    removed = {name for index in range(len(dataset)) for name in dataset[index]['removed_classes']}
    assert removed == {'car', 'person'}


def test_packed(made: tuple[Path, Path]) -> None:
    pipeline = [*PAIR, dict(type='mmseg.RandomFlip', prob=1.0)]
    found = PairsDataset(str(made[1]), pipeline=pipeline, indices=1, test_mode=True)[0]
    packed = PackScene()(found)
    sample = packed['data_samples']
    outside = sample.hole.data[0] == 0
    image = packed['inputs'].flip(0)  # RGB
    assert (image[:, outside] == sample.gt_image.data[:, outside]).all()
    assert (image != sample.gt_image.data).any()
    assert sample.gt_sem_seg.data.shape == (1, *SIZE)
    assert len(sample.removed_classes) == 1
    assert sample.removed_labels in ([0], [2])  # person, rider, car
    assert sample.gt_instances.masks.shape[1:] == SIZE


def test_the_same_whatever_the_number_of_workers(made: tuple[Path, Path], tmp_path: Path) -> None:
    data, out = made
    others = maker(data, truncation=True)
    for block in (1, 0):
        write_block(tmp_path, others, block)
    assert files(tmp_path) == {k: v for k, v in files(out).items() if k != 'pairs.json'}
    write_block(tmp_path / 'seed', maker(data, seed=1, truncation=True), 0)
    assert files(tmp_path / 'seed') != files(tmp_path)


@pytest.mark.slow
def test_two_processes_write_what_one_writes(made: tuple[Path, Path], tmp_path: Path) -> None:
    data, out = made
    two = maker(data, truncation=True)
    write_pairs(tmp_path, two, 2 * BLOCK, workers=2, on_progress=ignore)
    assert files(tmp_path) == files(out)


def test_resumes_with_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, steps = maker(street(tmp_path / 'street')), []
    write_pairs(tmp_path / 'out', made, BLOCK, workers=1, on_progress=ignore)
    whole = files(tmp_path / 'out')
    write_pairs(
        tmp_path / 'out', made, 2 * BLOCK, workers=1, on_progress=lambda *s: steps.append(s)
    )
    assert steps == [(BLOCK, 2 * BLOCK), (2 * BLOCK, 2 * BLOCK)]
    assert whole.items() <= files(tmp_path / 'out').items()
    (tmp_path / 'out/records/000000.json').unlink()
    write_pairs(tmp_path / 'out', made, BLOCK, workers=1, on_progress=ignore)
    assert whole.items() <= files(tmp_path / 'out').items()


def test_pairs_of_another_source_are_refused(tmp_path: Path) -> None:
    """Equally many images, also where nothing is missing; a source may be moved."""
    out, write = tmp_path / 'out', partial(write_pairs, workers=1, on_progress=ignore)
    write(out, maker(street(tmp_path / 'a')), BLOCK)
    shutil.copytree(tmp_path / 'a', tmp_path / 'moved')
    write(out, maker(tmp_path / 'moved'), BLOCK)
    before = files(out)
    other = maker(street(tmp_path / 'b', city='b'))
    for number in (BLOCK, 2 * BLOCK):
        with pytest.raises(UserError, match=r'out holds pairs of another source \(.* than .*/b '):
            write(out, other, number)
    assert files(out) == before


def test_other_objects_are_another_source(tmp_path: Path) -> None:
    write = partial(write_pairs, tmp_path / 'out', number=1, workers=1, on_progress=ignore)
    made = [PairMaker(panoptic(tmp_path / 'a'), PairOptions(size=SIZE), 0)]
    write(made[0])
    annotation = dict(image_id=4, file_name='a.png', segments_info=[])
    source = panoptic(tmp_path / 'b', annotations=[annotation])
    with pytest.raises(UserError, match='holds pairs of another source'):
        write(PairMaker(source, PairOptions(size=SIZE), 0))


def test_folders_of_older_versions_are_continued(tmp_path: Path) -> None:
    """Their notes have no digest, their records no blending."""
    out, source = tmp_path / 'out', street(tmp_path / 'street')
    write_pairs(out, maker(source), BLOCK, workers=1, on_progress=ignore)
    whole = json.loads((out / 'pairs.json').read_text())
    assert 'cut_off' not in whole['options'], 'there was no such option'
    del whole['source']['digest']
    (out / 'pairs.json').write_text(json.dumps(whole))
    pairs = json.loads((out / RECORD).read_text())
    for pair in pairs:
        del pair['blending']
    (out / RECORD).write_text(json.dumps(pairs))
    write_pairs(out, maker(source), 2 * BLOCK, workers=1, on_progress=ignore)
    assert len(PairsDataset(str(out))) == 2 * BLOCK
    assert json.loads((out / 'pairs.json').read_text()) == whole
    more = maker(street(tmp_path / 'more', number=4))
    with pytest.raises(UserError, match="holds pairs made with .*'pictures': 3.* not .*: 4"):
        write_pairs(out, more, 2 * BLOCK, workers=1, on_progress=ignore)


def test_classes_of_objects_and_of_pairs(made: tuple[Path, Path], tmp_path: Path) -> None:
    pairs = maker(made[0], classes=('person',)).block(0)
    assert {pair.removed_class for pair in pairs} == {'person'}
    cars = PairsDataset(str(made[1]), removed_classes=['car'])
    assert 0 < len(cars) < 2 * BLOCK
    with pytest.raises(ValueError, match=r"no pair removes any of \['cat'\]; there are \['car'"):
        PairsDataset(str(made[1]), removed_classes=['cat'])
    with pytest.raises(ValueError, match="no objects of class 'cat'; there are person, rider"):
        maker(made[0], classes=('cat',))


def test_classes_and_blendings_by_name_right_before_the_source(
    made: tuple[Path, Path], tmp_path: Path
) -> None:
    """As in the tool's own examples: the source's name is none of theirs."""
    names = ['--class', 'car', '--class', 'rider', '--blending', 'box', '--blending', 'none']
    options = ['--num', BLOCK, '--size', *SIZE, '--truncation', '--workers', 1, *names]
    run_here(TOOL, tmp_path / 'out', *options, 'cityscapes', made[0])
    note = json.loads((tmp_path / 'out/pairs.json').read_text())['options']
    assert note['classes'] == ['car', 'rider']
    assert note['blendings'] == ['box', 'none']
    assert len(PairsDataset(str(tmp_path / 'out'), removed_classes=['car'])) == BLOCK


def test_small_and_cut_off_objects_are_left_out(made: tuple[Path, Path]) -> None:
    assert {p.removed_class for p in maker(made[0], area=(0.1, 1.0)).block(0)} == {'car'}
    with pytest.raises(DataError, match=r'shows a whole object of 0.6 to 1 of its area: widen'):
        maker(made[0], area=(0.6, 1.0)).block(0)


def test_all_objects(tmp_path: Path) -> None:
    """Also a single pixel, and what the border cuts off or another object touches."""
    labels = street_labels(road=7, sidewalk=8, other=11, car=26, size=(48, 64))
    labels[labels == 26] = 7
    labels[0:6, 0:5] = labels[20:30, 30:34] = 24  # a corner; half of the outline touches a rider
    labels[20:30, 34:38], labels[40, 60] = 25, 33
    instances = np.where(labels > 23, labels.astype(np.uint16) * 1000, labels)
    instances[0:6, 0:5] += 1
    root = write_cityscapes(
        tmp_path / 'street',
        ['a/0', 'a/1'],
        split='train',
        labels=labels,
        instances=instances,
        manual=False,
    )
    options = dict(size=(48, 64), scale=(1.0, 1.0), rotation=(0.0, 0.0), blendings=('none',))
    everything = maker(root, area=(0.0, 1.0), max_contact=1.0, cut_off=True, **options)
    shapes = {
        (pair.removed_class, int(pair.hole.sum())) for n in range(3) for pair in everything.block(n)
    }
    assert shapes == {('person', 30), ('person', 40), ('rider', 40), ('bicycle', 1)}
    whole = {pair.removed_class for pair in maker(root, area=(0.0, 1.0), **options).block(0)}
    assert whole == {'bicycle'}
    out = tmp_path / 'out'
    run_here(TOOL, out, '--num', 1, '--all-objects', '--workers', 1, 'cityscapes', root)
    note = json.loads((out / 'pairs.json').read_text())['options']
    assert (note['area'], note['max_contact'], note['cut_off']) == ([0.0, 1.0], 1.0, True)


@pytest.mark.parametrize(
    ('scale', 'sentence'),
    [
        ((0.01, 0.02), 'scaled by 0.01 to 0.02 they vanish: raise --scale'),
        ((4, 5), 'into 40x48 pixels: scaled by 4 to 5 they are too large: lower --scale'),
    ],
)
def test_scales_of_which_nothing_is_left(
    made: tuple[Path, Path], scale: tuple[float, float], sentence: str
) -> None:
    with pytest.raises(DataError, match=sentence):
        maker(made[0], scale=scale).block(0)


def test_coco_tiny(real_data: Path) -> None:
    """Persons of COCO; crowds and what touches the border are left out."""
    source = CocoInstanceDataset(
        str(real_data / 'coco_tiny'),
        ann_file='annotations/instances_train2017.json',
        image_folder='train2017',
        classes=None,
        pipeline=LOAD,
        test_mode=True,
    )
    made = PairMaker(source, PairOptions(size=(128, 128), classes=('person',)), 0)
    assert len(made.class_names) == 81
    for pair in made.block(3):
        changed = (pair.image != pair.truth).any(axis=2)
        assert pair.hole[changed].all()
        assert pair.removed_class == 'person'
        assert pair.hole.mean() > 0.003


def panoptic(root: Path, **changes: object) -> CocoPanopticInstanceDataset:
    """Two segments of a thing, one of them a crowd, and one of stuff."""
    ids = np.full((20, 30), 65536 * 3 + 2, np.int64)
    ids[4:9, 4:9], ids[12:18, 4:20], ids[:2] = 7, 256 * 5, 0
    colours = np.stack([ids >> 16, (ids >> 8) & 255, ids & 255], axis=2).astype(np.uint8)  # BGR
    write_map(root / 'images/a.jpg', picture((20, 30)))
    write_map(root / 'segments/a.png', colours)
    segments = [
        dict(id=7, category_id=1, iscrowd=0),
        dict(id=1280, category_id=1, iscrowd=1),
        dict(id=196610, category_id=90, iscrowd=0),
    ]
    content = dict(
        images=[dict(id=4, file_name='a.jpg')],
        annotations=[dict(image_id=4, file_name='a.png', segments_info=segments)],
        categories=[dict(id=90, name='sky', isthing=0), dict(id=1, name='cat', isthing=1)],
    )
    (root / 'panoptic.json').write_text(json.dumps(content | changes))
    return CocoPanopticInstanceDataset(
        str(root),
        ann_file='panoptic.json',
        image_folder='images',
        segment_folder='segments',
        pipeline=LOAD,
        test_mode=True,
    )


def test_panoptic_segments(tmp_path: Path) -> None:
    dataset = panoptic(tmp_path)
    assert dataset.metainfo['classes'] == ('sky', 'cat')
    assert dataset.metainfo['thing_ids'] == (1,)
    scene = dataset[0]
    expected = np.zeros((20, 30), np.uint8)
    expected[4:9, 4:9], expected[12:18, 4:20], expected[:2] = 1, 1, 255
    np.testing.assert_array_equal(scene['gt_seg_map'], expected)
    objects = np.zeros((20, 30))
    objects[4:9, 4:9] = 1
    np.testing.assert_array_equal(scene['gt_instance_map'], objects)


def test_real_panoptic_segments(real_data: Path) -> None:
    dataset = CocoPanopticInstanceDataset(
        str(real_data / 'coco_panoptic_sample'),
        ann_file='panoptic_examples.json',
        image_folder='input_images',
        segment_folder='panoptic_examples',
        pipeline=LOAD,
        test_mode=True,
    )
    content = json.loads((real_data / 'coco_panoptic_sample/panoptic_examples.json').read_text())
    for scene, annotation in zip(dataset, content['annotations'], strict=True):
        things = {c['id'] for c in content['categories'] if c['isthing']}
        segments = annotation['segments_info']
        objects = [s for s in segments if s['category_id'] in things and not s['iscrowd']]
        found = np.bincount(scene['gt_instance_map'].ravel())[1:]
        assert found.tolist() == [s['area'] for s in objects]


def test_broken_panoptic_annotations(tmp_path: Path) -> None:
    extra = dict(id=9, category_id=1, iscrowd=0)
    annotation = dict(image_id=4, file_name='a.png', segments_info=[extra])
    with pytest.raises(ValueError, match=r'a\.png: segment 9 of the JSON is missing in the PNG'):
        panoptic(tmp_path, annotations=[annotation])[0]
    none = dict(annotation, segments_info=[])
    with pytest.raises(ValueError, match=r'the PNG shows segment \d+, which the JSON does not'):
        panoptic(tmp_path, annotations=[none])[0]
    with pytest.raises(ValueError, match=r"panoptic\.json: this is not COCO's JSON of panoptic"):
        panoptic(tmp_path, annotations=[dict(image_id=4)])
    panoptic(tmp_path)
    (tmp_path / 'panoptic.json').write_text('{"images": [')
    with pytest.raises(ValueError, match=r"panoptic\.json: this is not COCO's JSON of panoptic"):
        CocoPanopticInstanceDataset(
            str(tmp_path),
            ann_file='panoptic.json',
            image_folder='images',
            segment_folder='segments',
        )
    with pytest.raises(FileNotFoundError, match=r'none\.json: there is no such file'):
        CocoPanopticInstanceDataset(
            str(tmp_path), ann_file='none.json', image_folder='images', segment_folder='segments'
        )


@pytest.mark.parametrize(
    ('change', 'sentence'),
    [
        (None, "panoptic.json: this is not COCO's JSON of panoptic segments"),
        (dict(id=9, category_id=1, iscrowd=0), 'segment 9 of the JSON is missing in the PNG'),
        (dict(id=1280, category_id=1, iscrowd=1), 'shows a whole object of'),
    ],
)
def test_the_command_line_tells_what_is_wrong_with_annotations(
    tmp_path: Path, capsys: pytest.CaptureFixture, change: dict | None, sentence: str
) -> None:
    """Broken JSON, a segment that the PNG lacks, nothing but crowds: one sentence each."""
    panoptic(tmp_path)
    path = tmp_path / 'panoptic.json'
    content = json.loads(path.read_text())
    things = [*content['annotations'][0]['segments_info'][2:]]
    if change is not None and change['iscrowd']:  # both objects are crowds
        things.append(dict(id=7, category_id=1, iscrowd=1))
    elif change is not None:
        things += content['annotations'][0]['segments_info'][:2]
    content['annotations'][0]['segments_info'] = [*things, change]
    path.write_text(path.read_text()[:40] if change is None else json.dumps(content))
    options = ('--num', 1, '--size', *SIZE, '--workers', 1)
    source = ('--annotations', 'panoptic.json', '--images', 'images', '--segments', 'segments')
    with pytest.raises(SystemExit, match='2'):
        run_here(TOOL, tmp_path / 'out', *options, 'coco-panoptic', tmp_path, *source)
    error = capsys.readouterr().err
    assert error.count('error: ') == 1
    assert sentence in error


def test_wrong_folders_and_options(
    made: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    data, out = made
    with pytest.raises(UserError, match=r"holds pairs made with .*'seed': 0.* not .*'seed': 1"):
        write_pairs(out, maker(data, seed=1), 1, workers=1, on_progress=ignore)
    with pytest.raises(UserError, match='--num is 0'):
        write_pairs(tmp_path, maker(data), 0, workers=1, on_progress=ignore)
    with pytest.raises(FileNotFoundError, match='there are no pairs here. Make pairs with'):
        PairsDataset(str(tmp_path))
    for options, sentence in (
        (dict(blendings=('alpha',)), 'blendings must be some of'),
        (dict(truth_format='gif'), "must be one of .*, not 'gif'"),
        (dict(size=(4, 4)), 'size must be at least 8'),
        (dict(scale=(2, 1)), 'scale must be'),
        (dict(seed=-1), '--seed is -1, but must be 0 or more'),
    ):
        with pytest.raises(ValueError, match=sentence):
            maker(data, **options)
    with pytest.raises(SystemExit, match='2'):
        run_here(TOOL, tmp_path, '--num', 3, 'cityscapes', tmp_path / 'nowhere')
    assert capsys.readouterr().err.count('error: ') == 1


def test_damaged_pairs(made: tuple[Path, Path], tmp_path: Path) -> None:
    write_block(tmp_path, maker(made[0]), 0)
    (tmp_path / 'pairs.json').write_bytes((made[1] / 'pairs.json').read_bytes())
    record = tmp_path / 'records/000000.json'
    whole = record.read_text()
    (tmp_path / 'objects/0000000.png').write_bytes(b'')
    with pytest.raises(ValueError, match=r'objects/0000000\.png: cannot be read as a cut-out'):
        PairsDataset(str(tmp_path), pipeline=PAIR, test_mode=True)[0]
    record.write_text(re.sub(r'"top_left": \[\s*', '"top_left": [9', whole))
    with pytest.raises(ValueError, match='the object does not fit into its image'):
        PairsDataset(str(tmp_path), pipeline=PAIR, test_mode=True)[1]
    record.write_text(re.sub(r'"removed_class": "\w+"', '"removed_class": "ghost"', whole))
    with pytest.raises(ValueError, match=r"removes 'ghost', which pairs\.json does not name"):
        PairsDataset(str(tmp_path), pipeline=PAIR, test_mode=True)
    record.write_text(whole[:-30])
    with pytest.raises(ValueError, match=r'000000\.json: this is not a record of pairs'):
        PairsDataset(str(tmp_path), pipeline=PAIR, test_mode=True)
    (tmp_path / 'pairs.json').write_text('[]')
    with pytest.raises(ValueError, match='this is not the note of pairs'):
        PairsDataset(str(tmp_path))
