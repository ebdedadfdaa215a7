"""Mistakes of hand-made JSON in COCO's form: one sentence that names the file and the entry."""

import bz2
import gzip
import json
import lzma
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from seginpaint_mm.datasets import (
    COCOADataset,
    CocoInstanceDataset,
    CocoPanopticInstanceDataset,
)
from tests.helpers.amodal_folders import cocoa_annotation, write_cocoa
from tests.helpers.dataset_folders import SIZE, picture, write_map

LOAD = [dict(type='seginpaint_mm.LoadSceneImage'), dict(type='seginpaint_mm.LoadInstances')]
BOX = [[4, 4, 12, 4, 12, 10, 4, 10]]


def content() -> dict:
    """Two images, two categories, an object on each image."""
    return dict(
        images=[dict(id=k, file_name=f'{k}.jpg', height=16, width=32) for k in (1, 2)],
        categories=[dict(id=7, name='person'), dict(id=9, name='dog')],
        annotations=[
            dict(id=k, image_id=k, category_id=7, segmentation=BOX, iscrowd=0) for k in (1, 2)
        ],
    )


def write(root: Path, value: object) -> Path:
    for number in (1, 2):
        write_map(root / f'images/{number}.jpg', picture(seed=number))
    text = value if isinstance(value, str) else json.dumps(value)
    (root / 'truth.json').write_text(text)
    return root


def dataset(root: Path, classes: tuple[str, ...] | None = ('person', 'dog')) -> CocoInstanceDataset:
    return CocoInstanceDataset(
        str(root),
        ann_file='truth.json',
        image_folder='images',
        classes=classes,
        pipeline=LOAD,
        test_mode=True,
    )


def set_in(part: str, number: int, **values: object) -> Callable[[dict], None]:
    return lambda found: found[part][number].update(values)


def delete(part: str, number: int, key: str) -> Callable[[dict], None]:
    return lambda found: found[part][number].pop(key)


def nested(depth: int) -> list:
    return [nested(depth - 1)] if depth else []


MISTAKES = {
    'one image id twice': (set_in('images', 1, id=1), 'image 1 stands twice'),
    'one file name twice': (
        set_in('images', 1, file_name='1.jpg'),
        "image 2 has the file_name '1.jpg', as image 1 has",
    ),
    'one category id twice': (set_in('categories', 1, id=7), 'category 7 stands twice'),
    'one category name twice': (
        set_in('categories', 1, name='person'),
        "category 9 has the name 'person', as category 7 has",
    ),
    'image_id as text': (
        set_in('annotations', 1, image_id='2'),
        "annotation 2 has image_id '2', but there is no such image .* a number and a text",
    ),
    'image id as text': (
        set_in('images', 1, id='2'),
        'annotation 2 has image_id 2, but there is no such image',
    ),
    'category_id as text': (
        set_in('annotations', 0, category_id='7'),
        "annotation 1 has category_id '7', but there is no such category",
    ),
    'unknown image': (set_in('annotations', 1, image_id=3), 'annotation 2 has image_id 3, but'),
    'unknown category': (
        set_in('annotations', 1, category_id=0),
        'annotation 2 has category_id 0, but there is no such category',
    ),
    'list as category_id': (
        set_in('annotations', 1, category_id=[7]),
        r'annotation 2 has category_id \[7\]: an id is',
    ),
    'list as image_id': (set_in('annotations', 0, image_id=[1]), r'1 has image_id \[1\]: an id is'),
    'null as image_id': (set_in('annotations', 0, image_id=None), '1 has image_id None: an id is'),
    'boolean as id': (set_in('images', 0, id=True), 'image True has id True: an id is'),
    'no image_id': (delete('annotations', 1, 'image_id'), "annotation 2 has no 'image_id'"),
    'no category_id': (
        delete('annotations', 1, 'category_id'),
        "annotation 2 has no 'category_id'",
    ),
    'no id of an image': (delete('images', 1, 'id'), "image number 2 has no 'id'"),
    'height as text': (
        set_in('images', 1, height='16'),
        "image 2 has height '16': write a whole number from 1 to .* without quotes",
    ),
    'width with a fraction': (set_in('images', 0, width=32.5), r'image 1 has width 32\.5'),
    'height of nothing': (set_in('images', 0, height=0), 'image 1 has height 0'),
    'endless height': (set_in('images', 0, height=10**12), 'image 1 has height 1000000000000'),
    'file name as number': (
        set_in('images', 0, file_name=1),
        'image 1 has file_name 1: write a text',
    ),
    'name of nothing': (set_in('categories', 0, name=' '), "category 7 has name ' ': write a text"),
    'text as iscrowd': (
        set_in('annotations', 0, iscrowd='0'),
        "annotation 1 has iscrowd '0': write 0 or 1, without quotes",
    ),
    'null as iscrowd': (set_in('annotations', 0, iscrowd=None), 'annotation 1 has iscrowd None'),
    'two as iscrowd': (set_in('annotations', 0, iscrowd=2), 'annotation 1 has iscrowd 2'),
    'a zero byte in a name': (
        set_in('images', 0, file_name='a\0.jpg'),
        r"image 1 has file_name 'a\\x00\.jpg', with characters that cannot be shown",
    ),
    'half a character in a name': (set_in('images', 0, file_name='\ud800.jpg'), 'cannot be shown'),
    'nested lists as id': (
        lambda found: found['images'][0].update(id=nested(300)),
        r'image .*\[\[\[.* has id \[.*: an id is a whole number',
    ),
    'an integer beyond all floats': (
        set_in('annotations', 1, segmentation=[[30, 20, 10**400, 20, 30, 40]]),
        r'segmentation of annotation 2 .*\(a coordinate that is no finite number\)',
    ),
    'an image that is a text': (
        lambda found: found['images'].append('3.jpg'),
        "image number 3 is '3.jpg', not an object with keys",
    ),
    'an annotation that is null': (
        lambda found: found['annotations'].append(None),
        'annotation number 3 is None, not an object',
    ),
    'annotations that are no list': (
        lambda found: found.update(annotations=dict(a=1)),
        'has annotations .* instead of a list',
    ),
    'no outline': (
        set_in('annotations', 1, segmentation=[]),
        r'annotation 2 has no outline \(its segmentation is \[\]\), and a box is no mask',
    ),
    'null as outline': (set_in('annotations', 1, segmentation=None), 'annotation 2 has no outline'),
    'boxes alone': (delete('annotations', 0, 'segmentation'), "annotation 1 has no 'segmentation'"),
    'a huge coordinate': (
        set_in('annotations', 1, segmentation=[[30, 20, 1e9, 20, 30, 40]]),
        r'segmentation of annotation 2 .*\(a coordinate of 1e\+09, far outside its image\)',
    ),
    'no number': (
        set_in('annotations', 1, segmentation=[[30, 20, float('nan'), 20, 30, 40]]),
        r'segmentation of annotation 2 .*\(a coordinate that is no finite number\)',
    ),
    'an endless number': (
        set_in('annotations', 1, segmentation=[[30, 20, float('inf'), 20, 30, 40]]),
        r'segmentation of annotation 2 .*\(a coordinate that is no finite number\)',
    ),
    'true as coordinate': (
        set_in('annotations', 1, segmentation=[[30, 20, True, 20, 30, 40]]),
        r'segmentation of annotation 2 .*\(a coordinate that is no finite number\)',
    ),
    'seven coordinates': (
        set_in('annotations', 1, segmentation=[[1, 2, 3, 4, 5, 6, 7]]),
        r'segmentation of annotation 2 .*\(7 coordinates: one of x and y is missing\)',
    ),
    'run lengths of another size': (
        set_in('annotations', 1, segmentation=dict(size=[2, 3], counts=[6])),
        r'run lengths of annotation 2 are of \(2, 3\) \(height, width\), its image is \(16, 32\)',
    ),
    'run lengths without counts': (
        set_in('annotations', 1, segmentation=dict(size=[16, 32], counts=3)),
        'segmentation of annotation 2 is neither polygons nor run lengths',
    ),
}


@pytest.mark.parametrize('mistake', MISTAKES)
@pytest.mark.parametrize('classes', [('person', 'dog'), None], ids=['chosen', 'all'])
def test_mistakes_in_instances(tmp_path: Path, mistake: str, classes: tuple | None) -> None:
    change, message = MISTAKES[mistake]
    value = content()
    change(value)
    with pytest.raises(ValueError, match=rf'^\S*truth\.json: .*{message}'):
        dataset(write(tmp_path, value), classes)


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('[' * 100000 + ']' * 100000, 'nested too deeply'),
        ('{"images": [], "images": []}', "the key 'images' stands twice"),
        ('\udcff', "is not COCO's JSON of instances"),
    ],
    ids=['deep', 'key twice', 'no text'],
)
def test_files_that_cannot_be_read(tmp_path: Path, text: str, message: str) -> None:
    write(tmp_path, '')
    (tmp_path / 'truth.json').write_bytes(text.encode('utf-8', 'surrogateescape'))
    with pytest.raises(ValueError, match=rf'truth\.json: .*{message}'):
        dataset(tmp_path)


@pytest.mark.parametrize('pack', [gzip.compress, bz2.compress, lzma.compress])
def test_compressed_files(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    write(tmp_path, content())
    path = tmp_path / 'truth.json'
    path.write_bytes(pack(path.read_bytes()))
    with pytest.raises(ValueError, match=r'truth\.json: this file is compressed: unpack it'):
        dataset(tmp_path)


@pytest.mark.parametrize('encoding', ['utf-8-sig', 'utf-16'])
def test_other_encodings_of_json(tmp_path: Path, encoding: str) -> None:
    write(tmp_path, '')
    (tmp_path / 'truth.json').write_bytes(json.dumps(content()).encode(encoding))
    assert len(dataset(tmp_path)) == 2


def test_what_is_unusual_and_right(tmp_path: Path) -> None:
    """Negative ids and 0, ids that are texts throughout, 64.0 as a side, booleans as flags."""
    value = content()
    value['categories'][0]['id'] = 0
    value['images'][0]['height'] = 16.0
    for item, number in zip(value['images'], (-1, 'b'), strict=True):
        item['id'] = number
    for item, number in zip(value['annotations'], (-1, 'b'), strict=True):
        item.update(image_id=number, category_id=0, iscrowd=False)
    value['annotations'][1]['segmentation'] = [[4, 4], [12, 4], [12, 10], [4, 10]]
    first, second = dataset(write(tmp_path, value))
    assert first['gt_instance_map'].sum() == second['gt_instance_map'].sum() == 6 * 8
    assert first['img_path'].endswith('1.jpg')


def test_outlines_of_two_corners_are_left_out_and_told(tmp_path: Path, logged) -> None:
    value = content()
    value['annotations'][1]['segmentation'] = [[4, 4, 12, 10]]
    samples = dataset(write(tmp_path, value))
    assert not samples[1]['gt_instance_map'].any()
    assert '1 annotations are left out' in logged.text
    assert 'annotation 2' in logged.text


def test_outlines_without_a_pixel_are_told_once(tmp_path: Path, logged) -> None:
    value = content()
    for annotation in value['annotations']:
        annotation['segmentation'] = [[400, 4, 420, 4, 420, 10]]
    samples = dataset(write(tmp_path, value))
    assert not any(samples[k]['gt_instance_map'].any() for k in (0, 1))
    assert logged.text.count('annotation 1 encloses no pixel of its image') == 1
    assert 'annotation 2' not in logged.text


def test_numbers_that_floats_cannot_tell_apart(tmp_path: Path) -> None:
    value = content()
    value['images'][0]['id'], value['images'][1]['id'] = 2**53, 2**53 + 1
    value['annotations'][0]['image_id'] = float(2**53)
    with pytest.raises(ValueError, match=r'annotation 1 has image_id .*: an id is a whole number'):
        dataset(write(tmp_path, value))


def test_two_names_of_one_file(tmp_path: Path) -> None:
    value = content()
    value['images'][1]['file_name'] = './1.jpg'
    with pytest.raises(ValueError, match=r"image 2 has the file_name './1\.jpg', as image 1 has"):
        dataset(write(tmp_path, value))


def test_no_object_at_all_is_told(tmp_path: Path, logged) -> None:
    dataset(write(tmp_path, content()), ('dog',))
    assert 'none of the 2 images shows an object of dog' in logged.text


def test_three_hundred_categories(tmp_path: Path) -> None:
    value = content()
    value['categories'] = [dict(id=k, name=f'c{k}') for k in range(1, 301)]
    value['annotations'][0]['category_id'] = 255
    value['annotations'][1].update(category_id=300)
    value['annotations'].append(
        dict(id=3, image_id=2, category_id=44, segmentation=[[20, 4, 24, 4, 24, 8, 20, 8]])
    )
    samples = dataset(write(tmp_path, value), None)
    names, things = samples.metainfo['classes'], samples.metainfo['thing_ids']
    assert 255 not in things
    assert len(names) == len(samples.metainfo['palette']) == 302
    for sample, expected in zip(samples, [{'c255'}, {'c300', 'c44'}], strict=True):
        seen = np.unique(sample['gt_seg_map'][sample['gt_instance_map'] > 0])
        assert {names[number] for number in seen} == expected
        assert {*seen.tolist()} <= {*things}
    assert dataset(tmp_path, ('c300',))[1]['gt_seg_map'].dtype == np.uint8


def panoptic_content() -> dict:
    segments = [dict(id=7, category_id=1, iscrowd=0), dict(id=8, category_id=2, iscrowd=0)]
    return dict(
        images=[dict(id=4, file_name='a.jpg'), dict(id=5, file_name='b.jpg')],
        annotations=[
            dict(image_id=k, file_name=f'{k}.png', segments_info=list(map(dict, segments)))
            for k in (4, 5)
        ],
        categories=[dict(id=1, name='cat', isthing=1), dict(id=2, name='sky', isthing=0)],
    )


def panoptic(root: Path, value: dict) -> CocoPanopticInstanceDataset:
    (root / 'panoptic.json').write_text(json.dumps(value))
    return CocoPanopticInstanceDataset(
        str(root),
        ann_file='panoptic.json',
        image_folder='images',
        segment_folder='segments',
        pipeline=LOAD,
        test_mode=True,
    )


def segment(**values: object) -> Callable[[dict], None]:
    return lambda found: found['annotations'][1]['segments_info'][0].update(values)


PANOPTIC_MISTAKES = {
    'one image id twice': (set_in('images', 1, id=4), 'image 4 stands twice'),
    'one image twice': (set_in('annotations', 1, image_id=4), 'number 2 is of the same image'),
    'unknown image': (set_in('annotations', 1, image_id=6), 'number 2 has image_id 6, but'),
    'category name twice': (set_in('categories', 1, name='cat'), "category 2 has the name 'cat'"),
    'isthing as text': (set_in('categories', 1, isthing='0'), "category 2 has isthing '0'"),
    'no isthing': (delete('categories', 0, 'isthing'), "category 1 has no 'isthing'"),
    'a colour name': (set_in('categories', 0, color='red'), "category 1 has color 'red'"),
    'no PNG': (delete('annotations', 1, 'file_name'), "annotation number 2 has no 'file_name'"),
    'no segments': (delete('annotations', 1, 'segments_info'), "2 has no 'segments_info'"),
    'segment twice': (segment(id=8), 'annotation number 2, segment 8 stands twice'),
    'segment 0': (segment(id=0), 'annotation number 2, segment 0 has id 0'),
    'negative segment': (segment(id=-3), 'segment -3 has id -3'),
    'segment beyond a colour': (segment(id=2**24), 'has id 16777216'),
    'segment id as text': (segment(id='7'), "segment '7' has id '7'"),
    'unknown category': (segment(category_id=3), 'segment 7 has category_id 3, but there is no'),
    'list as category': (segment(category_id=[1]), r'segment 7 has category_id \[1\]'),
    'iscrowd as text': (segment(iscrowd='0'), "segment 7 has iscrowd '0'"),
}


@pytest.mark.parametrize('mistake', PANOPTIC_MISTAKES)
def test_mistakes_in_panoptic_segments(tmp_path: Path, mistake: str) -> None:
    change, message = PANOPTIC_MISTAKES[mistake]
    value = panoptic_content()
    change(value)
    with pytest.raises(ValueError, match=rf'panoptic\.json: .*{message}'):
        panoptic(tmp_path, value)


def test_images_without_segments_are_told(tmp_path: Path, logged) -> None:
    value = panoptic_content()
    del value['annotations'][1]
    assert len(panoptic(tmp_path, value)) == 1
    assert '1 of 2 images have no annotation' in logged.text


@pytest.mark.parametrize('kind', ['16 bits', 'palette', 'grey', 'RGBA'])
def test_segment_pngs_of_other_kinds(tmp_path: Path, kind: str) -> None:
    """The colours count, however the file stores them; 16 bits per colour are refused."""
    ids = np.full(SIZE, 8, np.uint8)
    ids[4:8, 4:8] = 7
    colours = np.dstack([0 * ids, 0 * ids, ids])  # BGR
    value = panoptic_content()
    if kind == 'grey':
        colours = ids
        for annotation in value['annotations']:
            for item in annotation['segments_info']:
                item['id'] *= 1 + 256 + 65536
    if kind == 'RGBA':
        colours = np.dstack([colours, np.full(SIZE, 255, np.uint8)])
    if kind == '16 bits':
        colours = colours.astype(np.uint16)
    for number, name in ((4, 'a'), (5, 'b')):
        write_map(tmp_path / f'images/{name}.jpg', picture())
        path = write_map(tmp_path / f'segments/{number}.png', colours)
        if kind == 'palette':
            Image.fromarray(cv2.cvtColor(colours, cv2.COLOR_BGR2RGB)).quantize(4).save(path)
    samples = panoptic(tmp_path, value)
    if kind == '16 bits':
        with pytest.raises(ValueError, match=r'4\.png: the colours .* have 8 bits, .* uint16'):
            samples[0]
    else:
        np.testing.assert_array_equal(samples[0]['gt_instance_map'], ids == 7)


def in_region(number: int, **values: object) -> Callable[[dict], None]:
    return lambda found: found['regions'][number].update(values)


COCOA_MISTAKES = {
    'a huge coordinate': (
        in_region(1, segmentation=[30, 20, 1e9, 20, 30, 40]),
        r'region 2 .*\(a coordinate of 1e\+09, far outside',
    ),
    'no number': (
        in_region(0, segmentation=[30, 20, float('nan'), 20, 30, 40]),
        r'region 1 .*\(a coordinate that is no finite number\)',
    ),
    'no outline': (in_region(1, segmentation=[]), 'region 2 has no outline'),
    'order as text': (in_region(1, order='first'), "region 2 has order 'first'"),
    'a list as name': (in_region(1, name=['cup']), r"region 2 has name \['cup'\]"),
    'isStuff as text': (in_region(1, isStuff='0'), "region 2 has isStuff '0'"),
    'a region that is null': (
        lambda found: found['regions'].append(None),
        'region 5 is None, not an',
    ),
}


@pytest.mark.parametrize('mistake', COCOA_MISTAKES)
@pytest.mark.parametrize('in_one_file', [True, False], ids=['one file', 'a file each'])
def test_mistakes_in_cocoa(tmp_path: Path, mistake: str, in_one_file: bool) -> None:
    change, message = COCOA_MISTAKES[mistake]
    annotation = cocoa_annotation()
    change(annotation)
    if in_one_file:
        value = dict(images=[dict(id=7, file_name='a.jpg')], annotations=[annotation])
        annotation['id'], annotation['image_id'] = 3, 7
        (tmp_path / 'all.json').write_text(json.dumps(value))
        with pytest.raises(ValueError, match=rf'all\.json: .*annotation 3, {message}'):
            COCOADataset(str(tmp_path), ann_file='all.json')
        return
    with pytest.raises(ValueError, match=rf'street\.json: .*{message}'):
        COCOADataset(str(write_cocoa(tmp_path, annotation)))


@pytest.mark.parametrize('constraint', ['1-9', '1', '1-x', '-1-2', '0-1'])
def test_depth_constraints_of_no_regions(tmp_path: Path, constraint: str) -> None:
    annotation = cocoa_annotation() | dict(depth_constraint=constraint)
    for region in annotation['regions']:
        del region['order']
    with pytest.raises(ValueError, match=r"street\.json: the annotation has '.*' in its depth_con"):
        COCOADataset(str(write_cocoa(tmp_path, annotation)))


@pytest.mark.parametrize(
    ('images', 'message'),
    [
        ([dict(id=7, file_name='a.jpg'), dict(id=7, file_name='b.jpg')], 'image 7 stands twice'),
        ([dict(id='7', file_name='a.jpg')], 'annotation number 1 has image_id 7, but there is no'),
        ([dict(id=7)], "image 7 has no 'file_name'"),
    ],
)
def test_images_of_cocoa(tmp_path: Path, images: list, message: str) -> None:
    annotation = cocoa_annotation() | dict(image_id=7)
    annotation.pop('url', None)
    value = dict(images=images, annotations=[annotation])
    (tmp_path / 'all.json').write_text(json.dumps(value))
    with pytest.raises(ValueError, match=rf'all\.json: {message}'):
        COCOADataset(str(tmp_path), ann_file='all.json')


def test_images_of_cocoa_by_their_url(tmp_path: Path) -> None:
    write_cocoa(tmp_path, cocoa_annotation())
    annotation = cocoa_annotation() | dict(url='http://nowhere/street.png', image_id=None)
    value = dict(annotations=[annotation])
    (tmp_path / 'all.json').write_text(json.dumps(value))
    assert len(COCOADataset(str(tmp_path), ann_file='all.json')) == 1
    annotation['image_id'] = [7]
    (tmp_path / 'all.json').write_text(json.dumps(value))
    with pytest.raises(
        ValueError, match=r'all\.json: annotation number 1 has image_id \[7\]: an id'
    ):
        COCOADataset(str(tmp_path), ann_file='all.json')


def test_images_of_cocoa_without_a_region_are_told(
    tmp_path: Path, logged: pytest.LogCaptureFixture
) -> None:
    images = [dict(id=7, file_name='a.jpg'), dict(id=8, file_name='b.jpg')]
    annotations = [
        cocoa_annotation() | dict(image_id=7),
        cocoa_annotation() | dict(image_id=8, regions=[]),
    ]
    value = dict(images=images, annotations=annotations)
    (tmp_path / 'all.json').write_text(json.dumps(value))
    assert len(COCOADataset(str(tmp_path), ann_file='all.json')) == 1
    assert '1 annotated images are left out' in logged.text
    assert 'b.jpg' in logged.text


def test_segment_pngs_that_claim_too_many_pixels(tmp_path: Path) -> None:
    write(tmp_path, '')
    value = panoptic_content()
    for number in (4, 5):
        path = write_map(tmp_path / f'segments/{number}.png', np.zeros(SIZE, np.uint8))
        data = path.read_bytes()
        header = b'IHDR' + struct.pack('>II', 60000, 60000) + data[24:29]
        path.write_bytes(data[:12] + header + struct.pack('>I', zlib.crc32(header)) + data[33:])
    for number in ('a', 'b'):
        write_map(tmp_path / f'images/{number}.jpg', np.zeros((*SIZE, 3), np.uint8))
    with pytest.raises(ValueError, match=r'4\.png: cannot be read as a map of segments .*: reduce'):
        panoptic(tmp_path, value)[0]


def test_names_with_accents_apart(tmp_path: Path) -> None:
    """As macOS stores them, where the JSON was written elsewhere."""
    found = content()
    found['images'][1]['file_name'] = '\xe9.jpg'
    write(tmp_path, found)
    (tmp_path / 'images/2.jpg').rename(tmp_path / 'images/e\u0301.jpg')
    assert dataset(tmp_path)[1]['img'].shape == (*SIZE, 3)
