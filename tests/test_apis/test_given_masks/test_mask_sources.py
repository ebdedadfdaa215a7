"""Every way to hand over masks gives the same objects, and what is wrong is told in a sentence."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seginpaint_mm.apis.inputs import SceneInput
from seginpaint_mm.apis.mask_sources import find_mask_source
from seginpaint_mm.errors import UserError
from tests.helpers.mask_files import (
    IMAGE,
    POLYGONS,
    SIZE,
    annotations,
    coco_file,
    numbered,
    objects_of,
    runs,
    two_masks,
    white,
    write,
)

IN_MEMORY = {
    'array of masks': two_masks(),
    'array of numbers': numbered(),
    'polygons': POLYGONS,
    'polygons of parts': [[part] for part in POLYGONS],
    'run lengths': [runs(mask, False) for mask in two_masks()],
    'compressed run lengths': [runs(mask, True) for mask in two_masks()],
    'annotations': annotations(),
    'coco': coco_file(),
    'by name': {'a': POLYGONS, 'b': []},
}


@pytest.mark.parametrize('kind', IN_MEMORY)
def test_objects_in_memory(kind: str) -> None:
    np.testing.assert_array_equal(objects_of(IN_MEMORY[kind]).masks, two_masks())


@pytest.mark.parametrize(
    ('suffix', 'dtype'),
    [
        ('.png', np.uint8),
        ('.png', np.uint16),
        ('.tif', np.uint8),
        ('.tif', np.uint16),
        ('.bmp', np.uint8),
    ],
)
def test_files_of_one_picture(tmp_path: Path, suffix: str, dtype: type) -> None:
    both = write(tmp_path / f'both{suffix}', numbered().astype(dtype))
    np.testing.assert_array_equal(objects_of(both).masks, two_masks())
    apart = [write(tmp_path / f'{k}.png', white(mask)) for k, mask in enumerate(two_masks())]
    found = objects_of(apart)
    np.testing.assert_array_equal(found.masks, two_masks())
    assert found.names == ('0', '1')
    np.testing.assert_array_equal(objects_of(str(apart[1])).masks, two_masks()[1:])


def test_pictures_of_paint_programs(tmp_path: Path) -> None:
    """White on black in three channels, of one bit, or with a palette."""
    grey = white(two_masks()[0])
    Image.fromarray(np.repeat(grey[..., None], 3, axis=2)).save(tmp_path / 'colours.png')
    Image.fromarray(grey).convert('1').save(tmp_path / 'bit.png')
    palette = Image.fromarray(numbered().astype(np.uint8), mode='P')
    palette.putpalette([index // 3 for index in range(768)])
    palette.save(tmp_path / 'palette.png')
    for name, expected in (('colours', 1), ('bit', 1), ('palette', 2)):
        masks = objects_of(tmp_path / f'{name}.png').masks
        np.testing.assert_array_equal(masks, two_masks()[:expected])


@pytest.mark.parametrize('kind', ['polygons', 'compressed run lengths', 'annotations', 'coco'])
def test_json_files(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path / 'masks.json', IN_MEMORY[kind])
    found = objects_of(path)
    np.testing.assert_array_equal(found.masks, two_masks())
    names = {'annotations': ('3', '1'), 'coco': ('cat', 'dog')}
    assert found.names == names.get(kind, ('', ''))


def test_masks_of_a_folder_are_found_by_name(tmp_path: Path) -> None:
    write(tmp_path / 'numbers.png', numbered().astype(np.uint8))
    write(tmp_path / 'x' / 'shapes.json', POLYGONS)
    for number, mask in enumerate(two_masks()):
        write(tmp_path / 'x' / 'apart' / f'{number}.png', white(mask))
    write(tmp_path / 'nothing.png', np.zeros(SIZE, np.uint8))
    write(tmp_path / 'none.json', [])
    for name, number in (
        ('numbers', 2),
        ('x/shapes', 2),
        ('x/apart', 2),
        ('nothing', 0),
        ('none', 0),
    ):
        masks = objects_of(tmp_path, name).masks
        np.testing.assert_array_equal(masks, two_masks()[:number], err_msg=name)


def test_images_of_coco_are_found_by_the_end_of_their_path() -> None:
    content = coco_file()
    content['images'] = [dict(id=5, file_name='x/a.jpg'), dict(id=6, file_name='y/a.jpg')]
    source = find_mask_source(content)
    numbers = [
        len(source.objects(SceneInput('a', Path('photos', folder, 'a.jpg')), IMAGE))
        for folder in ('x', 'y')
    ]
    assert numbers == [2, 0]
    assert len(source.objects(SceneInput('x/a', Path('x/a.jpg')), IMAGE)) == 2
    with pytest.raises(ValueError, match=r'x/a\.jpg, y/a\.jpg might all be a\.png: name it'):
        source.objects(SceneInput('a', Path('z/a.png')), IMAGE)
    with pytest.raises(ValueError, match=r'no image is b\.jpg: name it by its file_name'):
        source.objects(SceneInput('b', Path('x/b.jpg')), IMAGE)


def test_other_suffixes_are_found_too() -> None:
    scene = SceneInput('a', Path('pictures/a.png'))
    assert len(find_mask_source(coco_file()).objects(scene, IMAGE)) == 2


def test_masks_of_one_picture_are_not_for_two(tmp_path: Path) -> None:
    scenes = [SceneInput(name, Path(f'{name}.jpg')) for name in 'ab']
    path = write(tmp_path / 'a.png', white(two_masks()[0]))
    for masks in (path, POLYGONS, two_masks()):
        objection = find_mask_source(masks).objection(scenes)
        assert objection.startswith("These masks are one image's, but there are 2 images")
    assert find_mask_source({'a': POLYGONS}).objection(scenes) == (
        "There are no masks for input 'b', only for 'a'."
    )
    for masks in (tmp_path, coco_file(), {'a': POLYGONS, 'b': []}):
        assert find_mask_source(masks).objection(scenes) is None


def test_what_is_no_mask_at_all() -> None:
    with pytest.raises(UserError, match='Masks of objects are files, .*, not float'):
        find_mask_source(0.5)
    with pytest.raises(FileNotFoundError, match=r'absent\.json: there is no such file'):
        find_mask_source('absent.json')


SOFT = np.zeros((2, *SIZE), np.uint8)
SOFT[two_masks()] = 255
SOFT[0, 2, 3:9] = 100

ARRAYS = {
    'colours': np.dstack([white(mask) for mask in two_masks()] + [np.zeros(SIZE, np.uint8)]),
    'one channel': numbered().astype(np.uint8)[..., None],
    'image': Image.fromarray(numbered().astype(np.uint8)),
    'image of a palette': Image.fromarray(numbered().astype(np.uint8)).convert('P'),
    'arrays': list(two_masks()),
    'tuple of arrays': tuple(two_masks().astype(np.uint8)),
    'shares': two_masks() * np.float32(0.9),
    'large numbers': numbered() * 100_000,
}


@pytest.mark.parametrize('kind', ARRAYS)
def test_arrays_and_images_in_memory(kind: str) -> None:
    masks = objects_of(ARRAYS[kind]).masks
    found = sorted(np.asarray(masks.numpy() if hasattr(masks, 'numpy') else masks).tolist())
    assert found == sorted(two_masks().tolist())


def test_soft_arrays_are_read_as_files_are(tmp_path: Path) -> None:
    for number, soft in enumerate(SOFT):
        path = write(tmp_path / f'{number}.png', soft)
        expected = objects_of(path)
        for form in (soft, soft[None], [soft], soft / 255.0, Image.fromarray(soft)):
            found = objects_of(form)
            assert len(found) == 1
            assert (found.note is None) == (expected.note is None)
            np.testing.assert_array_equal(found.masks.union(), expected.masks.union())
    assert not objects_of(SOFT).masks.union()[2, 3:9].any()
    assert 'mask 1 of the array: its 2 grey values are thresholded' in objects_of(SOFT).note


def test_folders_of_masks_as_other_systems_write_them(tmp_path: Path) -> None:
    """MacOS stores accents apart, and lays a hidden file beside each."""
    write(tmp_path / 'e\u0301/1.png', white(two_masks()[0]))
    write(tmp_path / 'e\u0301/2.png', white(two_masks()[1]))
    (tmp_path / 'e\u0301/._1.png').write_bytes(b'\0\5\x16\7')
    np.testing.assert_array_equal(objects_of(tmp_path, '\xe9').masks, two_masks())
    write(tmp_path / 'e\u0301/3.json', POLYGONS)
    with pytest.raises(ValueError, match=r'3\.json: a folder of masks for one image holds images'):
        objects_of(tmp_path, '\xe9')
