"""What is wrong with masks is told: which file, which object, and what to do."""

from pathlib import Path

import numpy as np
import pytest

from tests.helpers.mask_files import (
    POLYGONS,
    SIZE,
    coco_file,
    numbered,
    objects_of,
    runs,
    two_masks,
    white,
    write,
)

PICTURES = {
    'empty': (np.zeros(SIZE, np.uint8), 'the mask has no pixel, so its object is not visible'),
    'size': (white(two_masks()[0])[:, :10], 'the mask is 10x12 pixels .*, its image is 16x12'),
    'photo': (np.random.default_rng(0).integers(0, 99, (*SIZE, 3), np.uint8), 'colours of a photo'),
    'damaged': ('no image', 'cannot be read as a mask'),
}


@pytest.mark.parametrize('kind', PICTURES)
def test_pictures(tmp_path: Path, kind: str) -> None:
    content, message = PICTURES[kind]
    path = write(tmp_path / f'{kind}.png', content)
    with pytest.raises(ValueError, match=rf'{kind}\.png: .*{message}') as told:
        objects_of([path])
    assert '\n' not in str(told.value)
    write(tmp_path / 'masks' / 'a' / f'{kind}.png', content)
    with pytest.raises(ValueError, match=rf'{kind}\.png: .*{message}'):
        objects_of(tmp_path / 'masks')


def test_sixteen_bits_may_hold_255_objects(tmp_path: Path) -> None:
    numbers = numbered().astype(np.uint16)
    numbers[numbers == 9] = 255
    assert len(objects_of(write(tmp_path / 'a.png', numbers))) == 2


def test_absent_files() -> None:
    with pytest.raises(FileNotFoundError, match=r'absent\.png: there is no such file'):
        objects_of('absent.png')


BROKEN = runs(two_masks()[0], False)
JSON = {
    'outside': (
        [[20, 2, 30, 2, 30, 9]],
        r'object 1 \(x 20 to 30, y 2 to 9\) lies outside its image',
    ),
    'above': (
        [POLYGONS[0], [3, -9, 9, -9, 9, -2]],
        'object 2 .* lies outside its image',
    ),
    'no area': ([[3, 3, 9, 3, 6, 3]], r'object 1 \(x 3 to 9, y 3 to 3\) encloses no pixel'),
    'two corners': ([[3, 2, 9, 8]], 'a polygon of object 1 has 4 coordinates: it needs'),
    'odd': ([[3, 2, 9, 2, 9, 8, 3]], 'a polygon of object 1 has 7 coordinates'),
    'words': ([[3, 2, 9, 'x', 9, 8]], 'a polygon of object 1 has other things than coordinates'),
    'nan': ([[3, 2, 9, float('nan'), 9, 8]], 'other things than coordinates'),
    'empty polygon': ([[]], r'object 1 is \[\]; masks are a list of objects, each a polygon'),
    'a number': ([3], 'a polygon of object 1 has 1 coordinates'),
    'a text': ('polygon', "masks are a list of objects, .* this is 'polygon'"),
    'no counts': ([dict(size=[12, 16])], "run lengths have 'size': .*object 1 has"),
    'runs of other size': (
        [dict(BROKEN, size=[6, 32])],
        'mask of object 1 is 32x6 .* 16x12',
    ),
    'too few runs': ([dict(size=[12, 16], counts=[3, 4])], 'neither polygons nor run lengths'),
    'no text of runs': ([dict(size=[12, 16], counts='zz')], 'neither polygons nor run lengths'),
    'empty runs': ([dict(size=[12, 16], counts=[192])], 'the mask of object 1 has no pixel'),
    'flat box': (
        [dict(segmentation=[POLYGONS[0]], bbox=[3, 2, 0, 6])],
        r'bbox of object 1, \[3, 2, 0, 6\] as \[x, y, width, height\], has no area',
    ),
    'no box': ([dict(segmentation=[POLYGONS[0]], bbox=[3, 2])], 'bbox of object 1 is not'),
    'several images': (
        [dict(segmentation=[POLYGONS[0]], image_id=number) for number in (1, 2)],
        'these annotations are of 2 images',
    ),
}


@pytest.mark.parametrize('kind', JSON)
def test_json(tmp_path: Path, kind: str) -> None:
    content, message = JSON[kind]
    path = write(tmp_path / 'masks.json', [content] if isinstance(content, str) else content)
    if isinstance(content, str):
        path.write_text(f'"{content}"')
    with pytest.raises(ValueError, match=message) as told:
        objects_of(path)
    assert str(told.value).startswith(f'{path}: ')
    assert '\n' not in str(told.value)


def test_polygons_may_reach_out_of_the_picture() -> None:
    (mask,) = objects_of([[-5, -5, 4, -5, 4, 3, -5, 3]]).masks
    assert mask[:3, :4].all()
    assert mask.sum() == 12


def test_broken_files(tmp_path: Path) -> None:
    path = write(tmp_path / 'a.json', '[[1, 2')
    with pytest.raises(ValueError, match=r'a\.json: this is not JSON'):
        objects_of(path)
    with pytest.raises(ValueError, match=r"masks: this is not COCO's file .*it has no images"):
        objects_of(dict(images=[], annotations=[]))
    with pytest.raises(ValueError, match="masks: image 1 has no 'file_name'"):
        objects_of(dict(images=[dict(id=1)], annotations=[]))
    path.write_text('[' * 100000 + ']' * 100000)
    with pytest.raises(ValueError, match=r'a\.json: .* nested too deeply'):
        objects_of(path)
    with pytest.raises(ValueError, match=r'masks: a\.jpg is 20x12 pixels .*, its image 16x12'):
        objects_of(coco_file(height=12, width=20))


@pytest.mark.parametrize(
    ('annotation', 'message'),
    [
        (dict(image_id=[1]), r'annotation 5 has image_id \[1\]: an id is a whole number'),
        (dict(image_id='1'), "annotation 5 has image_id '1', but there is no such image"),
        (dict(category_id=[1]), r'has category_id \[1\]: an id is a whole number'),
        (dict(iscrowd='0'), "has iscrowd '0': write 0 or 1"),
        (
            dict(segmentation=[[3, 2, 1e9, 2, 3, 4]]),
            r'a coordinate of 1e\+09, far outside its image',
        ),
    ],
)
def test_annotations_of_coco(annotation: dict, message: str) -> None:
    wrong = dict(id=5, image_id=1, segmentation=POLYGONS[0]) | annotation
    content = dict(images=[dict(id=1, file_name='a.jpg')], annotations=[wrong])
    with pytest.raises(ValueError, match=rf'^masks.*{message}'):
        objects_of(content)
    if 'image_id' not in annotation:
        with pytest.raises(ValueError, match=message):
            objects_of([wrong])


@pytest.mark.parametrize('side', ['12', 12.5, True])
def test_written_sides_that_are_no_whole_numbers(side: object) -> None:
    with pytest.raises(ValueError, match=rf'masks: image \d+ has height {side!r}: write a whole n'):
        objects_of(coco_file(height=side, width=16))
    assert len(objects_of(coco_file(height=12.0, width=16)).masks)


def test_folders(tmp_path: Path) -> None:
    with pytest.raises(
        FileNotFoundError, match=r'a: there are no masks for this image; expected a.png, an'
    ):
        objects_of(tmp_path)
    (tmp_path / 'a').mkdir()
    with pytest.raises(FileNotFoundError, match=r'a: the folder has no mask .* in a\.json'):
        objects_of(tmp_path)
    write(tmp_path / 'a.json', POLYGONS)
    write(tmp_path / 'a.png', white(two_masks()[0]))
    with pytest.raises(ValueError, match=r'there are a and a\.json and a\.png for one image'):
        objects_of(tmp_path)


@pytest.mark.parametrize(
    ('array', 'message'),
    [
        (np.zeros(SIZE, bool), 'the mask has no pixel'),
        (two_masks() & [[[True]], [[False]]], 'mask 2 of the array has no pixel'),
        (np.ones((2, 5, 7), bool), 'the array of masks is 7x5 pixels'),
        (np.ones(SIZE, complex), r'bool or numbers, .*complex128 \(12, 16\)'),
        (np.full(SIZE, -1), r'masks: the mask has negative values \(-1\)'),
        (np.ones((1, 1, *SIZE), bool), r'this one is bool \(1, 1, 12, 16\)'),
    ],
)
def test_arrays(array: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        objects_of(array)


def test_an_array_of_no_masks_is_no_object() -> None:
    assert len(objects_of(np.zeros((0, *SIZE), bool))) == 0
