"""Outlines of label tools become the objects that were drawn."""

import base64
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_masks

from seginpaint_mm.datasets import CocoInstanceDataset
from seginpaint_mm.datasets.label_tools import (
    read_cvat,
    read_labelme,
    read_yolo,
    yolo_names,
)
from seginpaint_mm.datasets.outlines import coco_json_of
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
    with pytest.raises(ValueError, match='it has no list of names'):
        yolo_names(tmp_path / 'data.yaml')
    (tmp_path / 'data.yaml').write_text('names: [person]\nkpt_shape: [17, 2]\n')
    with pytest.raises(ValueError, match='boxes and key points, not outlines'):
        yolo_names(tmp_path / 'data.yaml')


def refused(read: Callable, *arguments: object, match: str) -> None:
    """Expect an error, at the latest where the images are put together."""

    def convert() -> None:
        found = read(*arguments)
        coco_json_of(found[1] if isinstance(found, tuple) else found, ())

    with pytest.raises(ValueError, match=match):
        convert()


NOT_FINITE = ('NaN', 'Infinity', '1e9', '1e300', '9' * 400)


@pytest.mark.parametrize('number', NOT_FINITE)
def test_outlines_far_outside_are_told_by_every_reader(tmp_path, number):
    """The drawing in C code would end the process."""
    write_images(tmp_path)
    labels = write_labelme(tmp_path, shapes='HERE')
    path = labels / 'a.json'
    for shape in (
        f'{{"label": "dog", "points": [[{number}, 5], [20, 5], [20, 20]]}}',
        f'{{"label": "dog", "shape_type": "circle", "points": [[5, 5], [{number}, 5]]}}',
        f'{{"label": "dog", "shape_type": "mask", "mask": "", "points": [[{number}, 5], [7, 7]]}}',
    ):
        text = json.dumps(dict(imagePath='../images/sub/a.png', shapes='HERE'))
        path.write_text(text.replace('"HERE"', f'[{shape}]'))
        refused(read_labelme, labels, tmp_path / 'images', match=r'a\.json.* shape 1')
    number = number.replace('Infinity', 'inf')
    for shape in (
        f'<polygon label="cat" points="{number},5;20,5;20,20"/>',
        f'<box label="cat" xtl="{number}" ytl="5" xbr="9" ybr="9"/>',
        f'<ellipse label="cat" cx="5" cy="5" rx="{number}" ry="5"/>',
    ):
        with pytest.raises(ValueError, match=r'annotations\.xml: .*sub/a\.png'):
            read_cvat(write_cvat(tmp_path, shape), boxes=True)
    line = f'0 .1 .1 .5 .1 {number} .5'
    refused(read_yolo, write_yolo(tmp_path, line), tmp_path / 'images', ['cat'], match='line 1')


def test_turned_shapes_of_cvat(tmp_path):
    shapes = (
        '<box label="cat" xtl="10" ytl="13" xbr="30" ybr="17" rotation="90"/>'
        '<ellipse label="dog" cx="20" cy="15" rx="12" ry="4" rotation="45"/>'
    )
    _, (image,) = read_cvat(write_cvat(tmp_path, shapes), boxes=True)
    (_, box), (_, oval) = image.objects
    assert coco_masks.toBbox(box).tolist() == [18, 5, 4, 20]
    oval = coco_masks.decode(oval)
    assert oval[20, 25], 'clockwise: it goes down to the right'
    assert not oval[10, 25]


@pytest.mark.parametrize('size', ['abc', '0', '-5', '40.0', '1000000000000'])
def test_sizes_of_cvat(tmp_path, size):
    path = write_cvat(tmp_path)
    path.write_text(path.read_text().replace(f'width="{WIDTH}"', f'width="{size}"'))
    refused(read_cvat, path, match=rf"annotations\.xml: an image is '{size}' x '30' pixels")


def test_masks_of_cvat_that_would_fill_the_memory(tmp_path):
    mask = f'<mask label="cat" rle="0,{10**12}" left="0" top="0" width="1000000" height="1000000"/>'
    refused(read_cvat, write_cvat(tmp_path, mask), match='its box is 1000000x1000000 pixels')


def test_archives_of_cvat_that_cannot_be_read(tmp_path):
    path = tmp_path / 'export.zip'
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
        archive.write(write_cvat(tmp_path), 'annotations.xml')
    data = path.read_bytes()
    start = data.index(b'PK\1\2')
    encrypted, damaged = bytearray(data), bytearray(data)
    encrypted[6] |= 1
    encrypted[start + 8] |= 1
    damaged[60] ^= 255
    for wrong in (encrypted, damaged):
        path.write_bytes(wrong)
        refused(read_cvat, path, match=r'export\.zip: this is not an export of CVAT')
    xml = tmp_path / 'annotations.xml'
    xml.write_bytes(b'<?xml version="1.0" encoding="nonsense"?><annotations/>')
    refused(read_cvat, xml, match=r'annotations\.xml: this is not an export of CVAT')


def test_an_image_that_is_labelled_twice(tmp_path):
    write_images(tmp_path)
    labels = write_labelme(tmp_path)
    (labels / 'b.json').write_text((labels / 'a.json').read_text())
    refused(read_labelme, labels, tmp_path / 'images', match=r"'sub/a\.png'.* stand twice")
    path = write_cvat(tmp_path)
    text = path.read_text()
    again = f'<image name="sub/a.png" width="{WIDTH}" height="{HEIGHT}"/></annotations>'
    path.write_text(text.replace('</annotations>', again))
    refused(read_cvat, path, match=r"'sub/a\.png'.* stand twice")


def test_labelme_shapes_that_are_no_shapes(tmp_path):
    write_images(tmp_path)
    bomb = io.BytesIO()
    Image.new('1', (2000, 2000)).save(bomb, 'PNG')
    dog = dict(label='dog', points=corners(DOG))
    for wrong, said in (
        (dict(shape_type=['polygon']), 'has shape_type'),
        (dict(points=[[5, 5, 1], [20, 5, 1]]), 'no pairs of numbers'),
        (dict(shape_type='mask', points=[[1, 1], [9, 9]], mask='é'), 'has a mask that is no PNG'),
        (
            dict(
                shape_type='mask',
                points=[[1, 1], [9, 9]],
                mask=base64.b64encode(bomb.getvalue()).decode(),
            ),
            'it has 2000x2000 pixels',
        ),
    ):
        labels = write_labelme(tmp_path, shapes=[{**dog, **wrong}])
        refused(read_labelme, labels, tmp_path / 'images', match=rf'a\.json: shape 1 .*{said}')
    labels = write_labelme(tmp_path, imageWidth='40')
    refused(read_labelme, labels, tmp_path / 'images', match="imageWidth '40': write a whole")


def test_names_and_places_of_files(tmp_path):
    """Upper case, links, and the two forms of accents are all found."""
    images = write_images(tmp_path)
    (images / 'sub/a.png').rename(tmp_path / 'elsewhere.png')
    (images / 'sub/a.png').symlink_to(tmp_path / 'elsewhere.png')
    labels = write_labelme(tmp_path)
    (labels / 'a.json').rename(labels / 'a.JSON')
    (image,) = read_labelme(labels, images)
    assert (image.file_name, len(image.objects)) == ('sub/a.png', 2)
    labels = write_yolo(tmp_path)
    (images / 'sub/a.png').rename(images / 'sub/\xe9.png')
    (labels / 'sub/a.txt').rename(labels / 'sub/e\u0301.TXT')
    found = {image.file_name: len(image.objects) for image in read_yolo(labels, images, 'cd')}
    assert found == {'b.png': 0, 'sub/\xe9.png': 2}
    (labels / 'b.txt').symlink_to('nowhere')
    with pytest.raises(FileNotFoundError, match=r'b\.txt: there is no such'):
        list(read_yolo(labels, images, 'cd'))


def test_names_of_classes(tmp_path):
    for text, said in (
        ('names: {0: cat, 0: dog}', 'a key stands twice'),
        ('names: [cat, cat]', "'cat' stands twice"),
        ('names: [null, cat]', 'class 0 is None'),
        ('names: [yes, no]', 'class 0 is True'),
    ):
        path = tmp_path / 'data.yaml'
        path.write_text(text)
        with pytest.raises(ValueError, match=rf'data\.yaml: .*{said}'):
            yolo_names(path)
    path.write_bytes(b'names: [caf\xe9]')
    with pytest.raises(ValueError, match=r'data\.yaml: line 1 .* is not text in UTF-8'):
        yolo_names(path)


def test_images_that_declare_too_many_pixels(tmp_path):
    images = write_images(tmp_path)
    data = bytearray((images / 'b.png').read_bytes())
    data[16:24] = struct.pack('>II', 100_000, 100_000)
    data[29:33] = struct.pack('>I', zlib.crc32(data[12:29]))
    (images / 'b.png').write_bytes(data)
    refused(read_yolo, write_yolo(tmp_path), images, 'cd', match=r'b\.png: the file says that')
