"""Outlines of label tools become the objects that were drawn."""

import base64
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seginpaint_mm.datasets import CocoInstanceDataset
from seginpaint_mm.datasets.label_tools import (
    coco_json_of,
    read_cvat,
    read_labelme,
    read_yolo,
    yolo_names,
)
from tests.helpers.dataset_folders import picture, write_map
from tests.helpers.tool_runs import run_here

WIDTH, HEIGHT = 40, 30
LOAD = [dict(type='seginpaint_mm.LoadSceneImage'), dict(type='seginpaint_mm.LoadInstances')]
# What all the files below show: a dog at the left, and a cat of two parts.
DOG = np.s_[10:20, 5:15]
CAT_PARTS = (np.s_[3:9, 20:28], np.s_[15:25, 30:36])
YAML = 'path: .\nnames: {0: cat, 1: dog}\n'


def truth() -> np.ndarray:
    """Class of each pixel: 1 cat, 2 dog."""
    classes = np.zeros((HEIGHT, WIDTH), np.uint8)
    classes[DOG] = 2
    for part in CAT_PARTS:
        classes[part] = 1
    return classes


def corners(part: tuple[slice, slice]) -> list[tuple[int, int]]:
    rows, columns = part
    left, top, right, bottom = columns.start, rows.start, columns.stop, rows.stop
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def write_images(root: Path) -> Path:
    write_map(root / 'images/sub/a.png', picture((HEIGHT, WIDTH)))
    write_map(root / 'images/b.png', picture((HEIGHT, WIDTH), 1))
    return root / 'images'


def write_yolo(root: Path, text: str | None = None) -> Path:
    def line(number: int, *parts: tuple[slice, slice]) -> str:
        # as Ultralytics joins parts: there and back along one line
        points = [point for part in parts for point in [*corners(part), corners(part)[0]]]
        points += [corners(parts[0])[0]]
        return ' '.join([str(number), *(f'{x / WIDTH} {y / HEIGHT}' for x, y in points)])

    path = root / 'labels/sub/a.txt'
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text or f'{line(1, DOG)}\n\n{line(0, *CAT_PARTS)}\n0 .5 .5 .1 .1\n')
    return root / 'labels'


def png(mask: np.ndarray) -> str:
    file = io.BytesIO()
    Image.fromarray(mask).save(file, 'PNG')
    return base64.b64encode(file.getvalue()).decode()


def write_labelme(root: Path, **changes: object) -> Path:
    rows, columns = CAT_PARTS[1]
    box = [[columns.start, rows.start], [columns.stop - 1, rows.stop - 1]]
    shapes = [
        dict(label='dog', points=corners(DOG), shape_type='polygon', group_id=None),
        dict(label='cat', points=corners(CAT_PARTS[0]), shape_type='polygon', group_id=3),
        dict(
            label='cat',
            points=box,
            shape_type='mask',
            group_id=3,
            mask=png(np.full((10, 6), True)),
        ),
        dict(label='cat', points=[[1, 1]], shape_type='point'),
    ]
    content = dict(imagePath='..\\images\\sub\\a.png', imageHeight=HEIGHT, imageWidth=WIDTH)
    path = root / 'labelled/a.json'
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({**content, 'shapes': shapes, **changes}))
    return path.parent


def write_cvat(root: Path, body: str | None = None) -> Path:
    text = ';'.join(f'{x:.2f},{y:.2f}' for x, y in corners(CAT_PARTS[0]))
    rows, columns = CAT_PARTS[1]
    dog = ';'.join(f'{x},{y}' for x, y in corners(DOG))
    shapes = (
        f'<polygon label="dog" points="{dog}" group_id="0"/>'
        f'<polygon label="cat" points="{text}" group_id="7"/>'
        f'<mask label="cat" rle="0, 60" left="{columns.start}" top="{rows.start}" width="6" '
        f'height="10" group_id="7"/><points label="cat" points="1,1"/>'
    )
    path = root / 'annotations.xml'
    path.write_text(
        '<annotations><meta><task><labels><label><name>cat</name></label><label><name>dog</name>'
        '</label></labels></task></meta>'
        f'<image name="sub/a.png" width="{WIDTH}" height="{HEIGHT}">{body or shapes}</image>'
        '</annotations>'
    )
    return path


def convert(root: Path, *arguments: str | Path) -> dict:
    """What a network would get of the first image that shows objects."""
    run_here('dataset_converters/label_tools', *arguments)
    (data,) = CocoInstanceDataset(
        str(root),
        ann_file='train.json',
        image_folder='images',
        classes=['cat', 'dog'],
        keep_empty=False,
        pipeline=LOAD,
        test_mode=True,
    )
    return data


@pytest.mark.parametrize('form', ['yolo', 'labelme', 'cvat', 'cvat_zip'])
def test_each_format_gives_the_objects_that_were_drawn(
    tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    images, out = write_images(tmp_path), tmp_path / 'train.json'
    if form == 'yolo':
        (tmp_path / 'data.yaml').write_text(YAML)
        options = ('--images', images, '--classes', tmp_path / 'data.yaml')
        data = convert(tmp_path, 'yolo', write_yolo(tmp_path), out, *options)
    elif form == 'labelme':
        data = convert(tmp_path, 'labelme', write_labelme(tmp_path), out, '--images', images)
    else:
        path = write_cvat(tmp_path)
        if form == 'cvat_zip':
            with zipfile.ZipFile(tmp_path / 'task.zip', 'w') as archive:
                archive.write(path, 'annotations.xml')
            path = tmp_path / 'task.zip'
        data = convert(tmp_path, 'cvat', path, out)
    np.testing.assert_array_equal(data['gt_seg_map'], truth())
    numbers = data['gt_instance_map']
    assert len(np.unique(numbers[truth() == 1])) == 1  # both parts are one cat
    assert len(np.unique(numbers)) == 3
    out_text = capsys.readouterr().out
    assert '2 objects (cat 1, dog 1)' in out_text
    assert 'left out, as they have no area: 1 ' in out_text


def test_boxes_are_objects_where_they_are_asked_for(tmp_path: Path) -> None:
    images = write_images(tmp_path)
    labels = write_yolo(tmp_path, '0 0.25 0.5 0.25 0.2\n')
    (_, boxed) = read_yolo(labels, images, ['cat'], boxes=True)
    annotation = coco_json_of([boxed], [])['annotations'][0]
    assert annotation['bbox'] == [5, 12, 10, 6]
    assert annotation['area'] == 60


def test_tracks_of_a_video(tmp_path: Path) -> None:
    points = ';'.join(f'{x},{y}' for x, y in corners(DOG))
    path = tmp_path / 'annotations.xml'
    path.write_text(
        '<annotations><meta><task><original_size><width>40</width><height>30</height>'
        '</original_size></task></meta><track label="dog">'
        f'<polygon frame="0" outside="0" points="{points}"/>'
        f'<polygon frame="4" outside="0" points="{points}"/>'
        f'<polygon frame="5" outside="1" points="{points}"/></track></annotations>'
    )
    _, images = read_cvat(path)
    assert [image.file_name for image in images] == ['frame_000000.png', 'frame_000004.png']
    assert all(image.objects[0][0] == 'dog' for image in images)


def test_a_circle_and_an_outline_beyond_the_border(tmp_path: Path) -> None:
    images = write_images(tmp_path)
    shapes = [
        dict(label='ball', points=[[20, 15], [20, 25]], shape_type='circle'),
        dict(label='wall', points=[[-9, -9], [10, -9], [10, 50], [-9, 50]], shape_type='polygon'),
    ]
    (image,) = read_labelme(write_labelme(tmp_path, shapes=shapes), images)
    ball, wall = (one['area'] for one in coco_json_of([image], [])['annotations'])
    assert abs(ball - np.pi * 100) < 10
    assert wall == 300


def test_photos_that_lie_on_their_side(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6
    path = tmp_path / 'images/a.jpg'
    path.parent.mkdir()
    Image.new('RGB', (HEIGHT, WIDTH)).save(path, exif=exif)
    labels = tmp_path / 'labels'
    labels.mkdir()
    (labels / 'a.txt').write_text('0 0 0 .5 0 .5 .5\n')
    (image,) = read_yolo(labels, path.parent, ['cat'])
    assert image.size == (WIDTH, HEIGHT)


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('0 1 2 x', 'line 1 is no class and numbers'),
        ('7 0 0 1 0 1 1', 'line 1 has class 7, but 1 classes are named'),
        ('0 0 0 1 0 1', 'line 1 has 5 numbers after its class'),
        ('0 0 0 12 0 12 9', 'line 1 has 12: coordinates are shares'),
    ],
)
def test_lines_that_yolo_cannot_have_written(tmp_path: Path, text: str, message: str) -> None:
    images = write_images(tmp_path)
    with pytest.raises(ValueError, match=r'sub/a\.txt: ' + message):
        list(read_yolo(write_yolo(tmp_path, text), images, ['cat']))


def test_files_that_do_not_fit(tmp_path: Path) -> None:
    images = write_images(tmp_path)
    labels = write_yolo(tmp_path)
    (labels / 'c.txt').write_text('')
    with pytest.raises(ValueError, match=r'c\.txt: .* holds no image of that name'):
        list(read_yolo(labels, images, ['cat', 'dog']))
    with pytest.raises(ValueError, match='imageWidth is 99, but .* has 40 pixels'):
        list(read_labelme(write_labelme(tmp_path, imageWidth=99), images))
    with pytest.raises(FileNotFoundError, match=r"its image 'x\.png' is neither"):
        list(read_labelme(write_labelme(tmp_path, imagePath='x.png'), images))
    shapes = [dict(label='cat', points=[[1, 1], [2, 2]], shape_type='mask', mask='!')]
    with pytest.raises(ValueError, match='shape 1 has a mask that is no PNG'):
        list(read_labelme(write_labelme(tmp_path, shapes=shapes), images))
    wrong = '<mask label="cat" rle="3" left="0" top="0" width="2" height="2"/>'
    with pytest.raises(ValueError, match=r'a mask in sub/a\.png .* cover 3 pixels, its box 4'):
        read_cvat(write_cvat(tmp_path, wrong))
    (tmp_path / 'annotations.xml').write_text('<html></html>')
    with pytest.raises(ValueError, match='begins with <html>'):
        read_cvat(tmp_path / 'annotations.xml')
    (tmp_path / 'data.yaml').write_text('nc: 3\n')
    with pytest.raises(ValueError, match='no list of names'):
        yolo_names(tmp_path / 'data.yaml')
