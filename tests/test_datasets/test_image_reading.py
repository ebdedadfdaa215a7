"""Images are read upright, in every format, with their transparency apart."""

import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from seginpaint_mm.apis.inputs import SceneInput
from seginpaint_mm.datasets.image_reading import read_alpha, read_colour, read_ids
from seginpaint_mm.datasets.mask_reading import read_hole

ORIENTATION = 274
LZW, LOSSLESS = dict(compression='tiff_lzw'), dict(lossless=True, exact=True)
PIXELS = np.random.default_rng(0).integers(0, 256, (6, 9, 4), np.uint8)


def save(path: Path, mode: str, **options: object) -> Path:
    Image.fromarray(PIXELS).convert(mode).save(path, **options)
    return path


@pytest.mark.parametrize('orientation', range(1, 9))
@pytest.mark.parametrize(
    ('suffix', 'options'),
    [
        ('png', {}),
        ('tiff', dict(compression='tiff_lzw')),
        ('webp', dict(lossless=True, exact=True)),
    ],
)
def test_upright(tmp_path: Path, suffix: str, options: dict, orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    path = save(tmp_path / f'a.{suffix}', 'RGBA', exif=exif, **options)
    memory = Image.fromarray(PIXELS)
    memory.getexif()[ORIENTATION] = orientation
    expected = np.array(ImageOps.exif_transpose(memory))
    np.testing.assert_array_equal(read_colour(path)[..., ::-1], expected[..., :3])
    np.testing.assert_array_equal(read_alpha(path), expected[..., 3])


def test_tiff_without_compression(tmp_path: Path) -> None:
    """Pillow garbles those that lie, OpenCV does not turn them: better none than a wrong one."""
    exif = Image.Exif()
    exif[ORIENTATION] = 3
    turned = save(tmp_path / 'a.tiff', 'RGB', exif=exif)
    np.testing.assert_array_equal(read_colour(turned), PIXELS[::-1, ::-1, 2::-1])
    exif[ORIENTATION] = 6
    with pytest.raises(ValueError, match=r'b\.tiff: this TIFF is not compressed and lies'):
        read_colour(save(tmp_path / 'b.tiff', 'RGB', exif=exif))


def test_upright_jpeg(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    path = save(tmp_path / 'a.jpg', 'RGB', exif=exif)
    assert read_colour(path).shape == (9, 6, 3)
    assert read_alpha(path) is None


@pytest.mark.parametrize(('mode', 'has_alpha'), [('L', False), ('LA', True), ('RGB', False)])
def test_transparency_of_modes(tmp_path: Path, mode: str, has_alpha: bool) -> None:
    path = save(tmp_path / 'a.png', mode)
    assert read_colour(path).shape == (6, 9, 3)
    assert (read_alpha(path) is not None) == has_alpha


def test_sixteen_bits_are_reduced_alike(tmp_path: Path) -> None:
    deep = PIXELS.astype(np.uint16) << 8 | 7
    cv2.imwrite(str(tmp_path / 'a.png'), deep)
    for scene in (SceneInput('a', tmp_path / 'a.png'), SceneInput('a', deep)):
        np.testing.assert_array_equal(scene.read(), PIXELS[..., :3])
        np.testing.assert_array_equal(scene.read_alpha(), PIXELS[..., 3])
    assert SceneInput('a', PIXELS[..., :3]).read_alpha() is None
    assert SceneInput('a', PIXELS[..., 0]).read_alpha() is None
    cv2.imwrite(str(tmp_path / 'a.tif'), deep[..., :3])
    np.testing.assert_array_equal(read_colour(tmp_path / 'a.tif'), PIXELS[..., :3])


@pytest.mark.parametrize('suffix', ['tif', 'webp'])
def test_what_pillow_cannot_read_is_told(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(FileNotFoundError, match='there is no such file; expected an image here'):
        read_colour(tmp_path / f'a.{suffix}')
    (tmp_path / f'a.{suffix}').write_bytes(b'RIFF')
    with pytest.raises(ValueError, match='cannot be read as an image'):
        read_colour(tmp_path / f'a.{suffix}')


def test_label_maps_of_several_pages(tmp_path: Path) -> None:
    pages = [Image.fromarray(np.full((4, 6), number, np.uint8)) for number in (1, 2)]
    pages[0].save(tmp_path / 'a.tiff', save_all=True, append_images=pages[1:])
    with pytest.raises(ValueError, match=r'a\.tiff: a label map has one page, this file has 2'):
        read_ids(tmp_path / 'a.tiff')


@pytest.mark.parametrize('dtype', [np.float32, np.int16])
def test_ids_that_are_no_small_whole_numbers(tmp_path: Path, dtype: type) -> None:
    assert cv2.imwrite(str(tmp_path / 'a.tiff'), np.ones((4, 6), dtype))
    with pytest.raises(ValueError, match=r'a\.tiff: (ids must be stored|cannot be)'):
        read_ids(tmp_path / 'a.tiff')


def test_grey_values_in_a_palette(tmp_path: Path) -> None:
    """An optimiser gave a grey map a palette: the greys are the ids, not their places in it."""
    ids = np.array([[0, 7, 13], [255, 13, 0]], np.uint8)
    values, places = np.unique(ids, return_inverse=True)
    indexed = Image.fromarray(places.reshape(ids.shape).astype(np.uint8))
    indexed.putpalette(np.repeat(values, 3).tobytes())
    indexed.save(tmp_path / 'a.png')
    np.testing.assert_array_equal(read_ids(tmp_path / 'a.png'), ids)


def test_label_maps_with_a_grey_palette_are_grey(tmp_path: Path) -> None:
    """As lossless optimisers write them; of other palettes the indices are the labels (VOC's)."""
    labels = np.array([[0, 7], [13, 255]], np.uint8)
    indices = Image.fromarray(np.arange(4, dtype=np.uint8).reshape(2, 2), mode='P')
    indices.putpalette([value for value in (0, 7, 13, 255) for _ in range(3)])
    indices.save(tmp_path / 'a.png')
    indices.save(tmp_path / 'bits.png', bits=2)
    Image.fromarray(labels).save(tmp_path / 'plain.png')
    for name in ('a', 'bits', 'plain'):
        np.testing.assert_array_equal(read_ids(tmp_path / f'{name}.png'), labels)
    # background and a car of VOC, whose colours are black and grey, in a palette with red ones
    voc = Image.fromarray(np.array([[0, 7]], np.uint8), mode='P')
    voc.putpalette([*(0, 0, 0), *(128, 0, 0) * 6, *(128, 128, 128)])
    voc.save(tmp_path / 'voc.png')
    np.testing.assert_array_equal(read_ids(tmp_path / 'voc.png'), [[0, 7]])


def test_jpeg_keeps_no_ids(tmp_path: Path) -> None:
    Image.fromarray(np.ones((16, 16), np.uint8)).save(tmp_path / 'a.jpg')
    with pytest.raises(ValueError, match=r'a\.jpg: JPEG changes the values'):
        read_ids(tmp_path / 'a.jpg')


def test_one_bit_label_maps_are_said_to_hold_255(tmp_path: Path, logged) -> None:
    bits = Image.fromarray(np.array([[0, 255]], np.uint8)).convert('1')
    bits.save(tmp_path / 'a.png')
    np.testing.assert_array_equal(read_ids(tmp_path / 'a.png'), [[0, 255]])
    assert 'label maps with one bit per pixel are read as 0 and 255' in logged.text


@pytest.mark.parametrize('read', [read_colour, read_hole, read_ids])
def test_pipes_and_folders_are_no_images(tmp_path: Path, read: Callable) -> None:
    os.mkfifo(tmp_path / 'pipe.png')
    (tmp_path / 'folder.png').mkdir()
    for name in ('pipe.png', 'folder.png'):
        with pytest.raises(ValueError, match=f'{name}: this is a folder, a pipe or a device'):
            read(tmp_path / name)


@pytest.mark.parametrize('grey', [0, 255])
def test_a_palette_that_shows_nothing_is_not_read(tmp_path: Path, grey: int) -> None:
    ids = np.array([[0, 1, 2]], np.uint8)
    image = Image.fromarray(ids, mode='P')
    image.putpalette([grey] * 9)
    image.save(tmp_path / 'a.png')
    np.testing.assert_array_equal(read_ids(tmp_path / 'a.png'), ids)


@pytest.mark.parametrize('kind', [np.float32, np.int16])
@pytest.mark.parametrize('shape', [(6, 9), (6, 9, 3)])
def test_samples_whose_white_is_not_known(tmp_path: Path, kind: type, shape: tuple) -> None:
    """OpenCV makes black, or a wrong contrast, of them without a word."""
    cv2.imwrite(str(tmp_path / 'a.tif'), np.ones(shape, kind))
    with pytest.raises(
        ValueError, match=r'a\.tif: .*(samples of 32 bits|whose white is not known)'
    ):
        read_colour(tmp_path / 'a.tif')
