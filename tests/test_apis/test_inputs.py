"""Files, folders and arrays: what is taken, under which name, and how it is read."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from seginpaint_mm.apis.inputs import SceneInput, find_inputs, to_bgr
from seginpaint_mm.errors import UserError


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def names(scenes: list[SceneInput]) -> list[str]:
    return [scene.name for scene in scenes]


def test_folder_gives_its_images_sorted(tmp_path: Path) -> None:
    touch(tmp_path, 'b.png', 'a.JPG', 'notes.txt', 'c.jpeg', 'sub/d.png')
    assert names(find_inputs(tmp_path)) == ['a', 'b', 'c']


def test_sub_folders_are_kept_in_the_names(tmp_path: Path) -> None:
    touch(tmp_path, 'a.png', 'x/a.png', 'y/a.png')
    assert names(find_inputs(tmp_path, recursive=True)) == ['a', 'x/a', 'y/a']


def test_no_two_inputs_share_a_name(tmp_path: Path) -> None:
    touch(tmp_path, 'a.png', 'a.jpg', 'x/a.png', 'a_2.png')
    scenes = find_inputs([tmp_path, tmp_path / 'x' / 'a.png', str(tmp_path / 'a.png')])
    assert len(set(names(scenes))) == 5
    assert {scene.source for scene in scenes} == set(tmp_path.rglob('*.*'))


def test_own_results_are_not_taken_for_inputs(tmp_path: Path) -> None:
    touch(tmp_path, 'a.png', 'out/vis/a.png', 'out/pred/x/a.png')
    exclude = (tmp_path / 'out' / 'vis', tmp_path / 'out' / 'pred')
    assert names(find_inputs(tmp_path, recursive=True, exclude=exclude)) == ['a']


@pytest.mark.parametrize('which', ['out/pred/image/a.png', 'out/pred/image', 'out/vis'])
def test_own_results_are_no_inputs(tmp_path: Path, which: str) -> None:
    touch(tmp_path, 'out/vis/a.png', 'out/pred/image/a.png')
    exclude = (tmp_path / 'out/vis', tmp_path / 'out/pred')
    with pytest.raises(UserError, match='where results are written, and could be overwritten: ch'):
        find_inputs(tmp_path / which, exclude=exclude)


def test_arrays_are_numbered() -> None:
    image = np.zeros((4, 5, 3), np.uint8)
    assert names(find_inputs([image, image])) == ['image_00000', 'image_00001']
    assert names(find_inputs(image)) == ['image_00000']


def test_nothing_to_do_is_told(tmp_path: Path) -> None:
    touch(tmp_path, 'sub/a.png')
    with pytest.raises(UserError, match=r'has no image .* --recursive'):
        find_inputs(tmp_path)
    with pytest.raises(UserError, match='nothing to process'):
        find_inputs([])


@pytest.mark.parametrize('shape', [(6, 4), (6, 4, 1), (6, 4, 3), (6, 4, 4), (1, 1), (1, 1, 3)])
@pytest.mark.parametrize('dtype', [np.uint8, np.uint16])
def test_every_kind_of_array_becomes_bgr(shape: tuple[int, ...], dtype: type) -> None:
    bgr = to_bgr(np.full(shape, np.iinfo(dtype).max, dtype))
    assert bgr.dtype == np.uint8
    assert bgr.shape == (*shape[:2], 3)
    assert (bgr == 255).all()


@pytest.mark.parametrize(
    ('array', 'message'),
    [
        (np.zeros((4, 4, 3), np.float32), 'must be uint8 .* float32'),
        (np.zeros((3, 4, 4), np.uint8)[..., None], r'this one is \(3, 4, 4, 1\)'),
        (np.zeros((4, 4, 2), np.uint8), r'this one is \(4, 4, 2\)'),
        (np.zeros((0, 4, 3), np.uint8), r'this one is \(0, 4, 3\)'),
    ],
)
def test_other_arrays_are_told(array: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        to_bgr(array)


def test_file_is_read_as_people_see_it(tmp_path: Path) -> None:
    picture = np.zeros((8, 16, 3), np.uint8)
    picture[:, :8] = (250, 10, 10)
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise
    Image.fromarray(picture).save(tmp_path / 'turned.jpg', exif=exif, quality=100, subsampling=0)
    upright = find_inputs(tmp_path / 'turned.jpg')[0].read()
    assert upright.shape == (16, 8, 3)
    assert upright[2, 4, 2] > 200 > 50 > upright[13, 4, 2]  # red is on top


@pytest.mark.parametrize(
    'image',
    [
        np.full((3, 5), 65535, np.uint16),
        np.full((3, 5, 4), 255, np.uint8),
        np.full((3, 5), 255, np.uint8),
    ],
)
def test_grey_deep_and_transparent_files(tmp_path: Path, image: np.ndarray) -> None:
    cv2.imwrite(str(tmp_path / 'a.png'), image)
    bgr = find_inputs(tmp_path / 'a.png')[0].read()
    assert (bgr == np.full((3, 5, 3), 255)).all()


def test_a_name_that_no_file_can_have_stops_no_other(tmp_path: Path) -> None:
    Image.new('RGB', (4, 4)).save(tmp_path / 'a.png')
    for name in ('x' * 300 + '.png', 'a\0b.png'):
        first, second = find_inputs([name, tmp_path / 'a.png'])
        with pytest.raises((OSError, ValueError)):
            first.read()
        assert second.read().ndim == 3
