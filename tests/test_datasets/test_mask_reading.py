"""Masks as people have them: what is marked, how many objects, and what the note says."""

import io
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from seginpaint_mm.datasets import mask_reading
from seginpaint_mm.datasets.image_reading import read_alpha, read_colour, read_pixels
from seginpaint_mm.datasets.mask_levels import read_levels
from seginpaint_mm.datasets.mask_reading import read_hole, read_marked_file, read_mask, union
from tests.helpers.mask_files import objects_of

HEIGHT, WIDTH = 60, 80
WHITE = np.zeros((HEIGHT, WIDTH), np.uint8)
WHITE[15:45, 20:60] = 255
RECTANGLE = WHITE > 0
BLACK = np.zeros_like(WHITE)
FULL = np.full_like(WHITE, 255)
BLURRED = cv2.GaussianBlur(WHITE.astype(np.float32), (0, 0), 5)
CIRCLE = cv2.circle(BLACK.copy(), (40, 30), 20, 255, -1, cv2.LINE_AA)
PHOTO = cv2.GaussianBlur(
    np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8), (0, 0), 2
)
NUMBERS = np.zeros_like(WHITE)
for _number in range(6):
    _row, _column = divmod(_number, 3)
    NUMBERS[5 + 28 * _row : 20 + 28 * _row, 5 + 25 * _column : 22 + 25 * _column] = _number + 1
VOID = np.where((cv2.dilate(NUMBERS, np.ones((3, 3))) != NUMBERS), 255, NUMBERS).astype(np.uint8)


def voc_palette() -> list[int]:
    """Pascal VOC's: the bits of an index are dealt to red, green and blue in turn."""
    palette = []
    for index in range(256):
        for channel in range(3):
            bits = (index >> channel & 1, index >> channel + 3 & 1, index >> channel + 6 & 1)
            palette.append(sum(bit << 7 - place for place, bit in enumerate(bits)))
    return palette


def indexed(indices: np.ndarray, palette: list[int]) -> Image.Image:
    image = Image.fromarray(indices.astype(np.uint8), mode='P')
    image.putpalette(palette)
    return image


def layers(*channels: np.ndarray) -> np.ndarray:
    return np.dstack(channels)


def save(path: Path, image: np.ndarray | Image.Image, **options: object) -> Path:
    image = Image.fromarray(image) if isinstance(image, np.ndarray) else image
    image.save(path, **options)
    return path


ONE_OBJECT = {
    'grey.png': WHITE,
    'grey.bmp': WHITE,
    'grey.pgm': WHITE,
    'number.png': WHITE // 51,
    'bit.png': Image.fromarray(WHITE).convert('1'),
    'bit.tif': Image.fromarray(WHITE).convert('1'),
    'white first.png': indexed(~RECTANGLE, [255, 255, 255, 0, 0, 0]),
    'white first.bmp': Image.fromarray(WHITE).quantize(2),
    'white first.tif': Image.fromarray(WHITE).quantize(2),
    'white first.gif': Image.fromarray(WHITE).quantize(2),
    'red.png': indexed(RECTANGLE, [0, 0, 0, 200, 0, 0]),
    'blue.png': layers(BLACK, BLACK, WHITE),
    'deep.png': WHITE.astype(np.uint16) * 257,
    'shares.tif': (WHITE / 255).astype(np.float32),
    'whole float.tif': WHITE.astype(np.float32),
    'whole.tif': WHITE.astype(np.int32) * 1000,
    'opaque.png': layers(WHITE, WHITE, WHITE, FULL),
    'grey and opaque.png': Image.fromarray(layers(WHITE, FULL), 'LA'),
    'lossless.webp': WHITE,
}


@pytest.mark.parametrize('name', ONE_OBJECT)
def test_one_object(tmp_path: Path, name: str) -> None:
    options = dict(lossless=True) if name.endswith('webp') else {}
    path = save(tmp_path / name, ONE_OBJECT[name], **options)
    marked = read_marked_file(path)
    (page,) = marked.pages
    np.testing.assert_array_equal(page > 0, RECTANGLE)
    assert len(np.unique(page)) == 2
    assert marked.note is None


def test_sixteen_bits_of_the_other_byte_order(tmp_path: Path) -> None:
    """As Fiji writes them."""
    data = io.BytesIO()
    Image.fromarray(WHITE.astype(np.uint16) * 257).save(data, 'TIFF')
    little = Image.open(io.BytesIO(data.getvalue()))
    pixels = np.array(little).astype('>u2').tobytes()
    big = Image.frombytes('I;16B', (WIDTH, HEIGHT), pixels)
    path = save(tmp_path / 'a.tif', big)
    assert Image.open(path).mode == 'I;16B'
    np.testing.assert_array_equal(read_hole(path), RECTANGLE)
    assert len(objects_of_size(path)) == 1


APPROXIMATE = {
    'blurred.png': (BLURRED.astype(np.uint8), 'grey values are thresholded at half of 255'),
    'below 255.png': ((BLURRED * 252 / 255).astype(np.uint8), 'thresholded at half of 255'),
    'deep.png': ((BLURRED * 257).astype(np.uint16), 'thresholded at half of 65535'),
    'deep but dark.png': (BLURRED.astype(np.uint16), 'thresholded at half of 255'),
    'twelve bits.png': ((BLURRED * 16).astype(np.uint16), 'thresholded at half of 40'),
    'faint.png': ((BLURRED / 3).astype(np.uint8), 'thresholded at half of 8'),
    'shares.tif': ((BLURRED / 255), 'thresholded at half of 1, as they are shares'),
    'floats.tif': (BLURRED, 'thresholded at half of 255'),
    'lossy.jpg': (WHITE, 'as the format does not keep grey values'),
    'blue.jpg': (layers(BLACK, BLACK, WHITE), 'its soft or lossy colours are thresholded'),
    'nearly.png': (
        np.where(RECTANGLE, 251, 3).astype(np.uint8),
        'they are nearly black and nearly white',
    ),
    'ink.png': (layers(WHITE, BLACK, BLACK, WHITE), 'what is opaque is read as marked'),
    'black ink.png': (layers(BLACK, BLACK, BLACK, WHITE), 'what is opaque is read as marked'),
    'soft ink.png': (
        layers(FULL, BLACK, BLACK, BLURRED.astype(np.uint8)),
        'what is opaque is read as marked',
    ),
    'half ink.png': (layers(FULL, FULL, FULL, WHITE // 3), 'what is opaque is read as marked'),
    'grey ink.png': (Image.fromarray(layers(FULL, WHITE), 'LA'), 'what is opaque is read as'),
    'hole.png': (layers(PHOTO, ~WHITE), 'photo with a hole: what is transparent is read as'),
}


@pytest.mark.parametrize('name', APPROXIMATE)
def test_soft_and_transparent_masks_are_one_object(tmp_path: Path, name: str) -> None:
    image, note = APPROXIMATE[name]
    path = save(tmp_path / name, image)
    marked = read_marked_file(path)
    (page,) = marked.pages
    assert len(np.unique(page)) == 2
    assert np.mean((page > 0) != RECTANGLE) < 0.02
    assert marked.note.startswith(f'{path}: ')
    assert note in marked.note
    assert f'{100 * (page > 0).mean():.1f} % of it is marked' in marked.note
    found = objects_of_size(path)
    assert (len(found), found.note) == (1, marked.note)
    np.testing.assert_array_equal(found.masks[0], read_hole(path))


def objects_of_size(path: Path) -> object:
    return objects_of(path, size=(HEIGHT, WIDTH))


@pytest.mark.parametrize('radius', [1, 5, 20])
def test_blur_of_any_width_is_no_number(radius: int) -> None:
    blurred = cv2.GaussianBlur(WHITE, (0, 0), radius)
    assert len(np.unique(read_levels(blurred, True, 'a').numbers)) == 2


def test_antialiased_and_saved_as_jpeg_before(tmp_path: Path) -> None:
    save(tmp_path / 'a.jpg', CIRCLE, quality=70)
    again = save(tmp_path / 'b.png', Image.open(tmp_path / 'a.jpg'))
    for path in (save(tmp_path / 'c.png', CIRCLE), again):
        hole = read_hole(path)
        assert np.mean(hole != (CIRCLE > 127)) < 0.004
    for quality in (30, 50, 70, 95):
        save(tmp_path / 'a.jpg', WHITE, quality=quality)
        hole = read_hole(save(tmp_path / 'b.png', Image.open(tmp_path / 'a.jpg')))
        assert np.mean(hole != RECTANGLE) < 0.004


MANY_OBJECTS = {
    'numbers.png': (NUMBERS, None),
    'steps.png': (NUMBERS * 20, 'its 6 grey values are read as numbers of objects'),
    'deep.png': (NUMBERS.astype(np.uint16) * 1000, 'its 6 grey values are read as numbers'),
    'numbers.tif': (NUMBERS.astype(np.float32), None),
    'grey with void.png': (VOID, 'grey values 1 to 6 are read as numbers of objects, and 255 as'),
    'voc.png': (indexed(VOID, voc_palette()), "its 6 colours .* and VOC's void as no object"),
    'colours.png': (indexed(NUMBERS, voc_palette()).convert('RGB'), 'its 6 colours are read as'),
    'grey palette.png': (indexed(NUMBERS, [i // 3 for i in range(768)]), None),
}


@pytest.mark.parametrize('name', MANY_OBJECTS)
def test_numbers_and_colours_are_objects(tmp_path: Path, name: str) -> None:
    image, note = MANY_OBJECTS[name]
    found = objects_of_size(save(tmp_path / name, image))
    truth = VOID if 'voi' in name or 'voc' in name else NUMBERS
    expected = np.stack([truth == number for number in range(1, 7)])
    np.testing.assert_array_equal(found.masks, expected)
    assert found.note is None if note is None else note.split(' .* ')[0] in found.note


def test_a_ramp_is_soft_and_steps_are_numbers_and_both_are_said() -> None:
    ramp = np.linspace(0, 255, 600).astype(np.uint8)[None].repeat(20, axis=0)
    soft = read_levels(ramp, True, 'a')
    np.testing.assert_array_equal(soft.numbers, ramp >= 128)
    assert 'they look like soft edges' in soft.note
    steps = read_levels((ramp // 25) * 25, True, 'a')
    assert len(np.unique(steps.numbers)) == 11
    assert 'its 10 grey values are read as numbers of objects' in steps.note


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31), st.integers(2, 12), st.sampled_from([np.uint8, np.uint16, np.int32]))
def test_rectangles_of_any_numbers_stay_apart(seed: int, count: int, kind: type) -> None:
    rng = np.random.default_rng(seed)
    highest = 247 if kind == np.uint8 else 60000
    values = rng.choice(np.arange(9, highest), count, replace=False)
    numbers = np.zeros((80, 80), kind)
    for value in values:
        top, left = rng.integers(0, 70, 2)
        numbers[top : top + rng.integers(4, 20), left : left + rng.integers(4, 20)] = value
    assume(len(np.unique(numbers)) > 2)  # one value alone is object 1, whatever it is
    reading = read_levels(numbers, True, 'a')
    np.testing.assert_array_equal(reading.numbers, numbers)


def test_photos_and_wrong_values_are_refused(tmp_path: Path) -> None:
    for suffix in ('png', 'jpg'):
        path = save(tmp_path / f'a.{suffix}', PHOTO)
        with pytest.raises(ValueError, match=rf'a\.{suffix}: this has the colours of a photo'):
            read_marked_file(path)
    path = save(tmp_path / 'a.tif', NUMBERS.astype(np.int32) - 1)
    with pytest.raises(ValueError, match=r'a\.tif: the mask has negative values \(-1\)'):
        read_marked_file(path)
    infinite = np.where(NUMBERS > 0, np.inf, 0).astype(np.float32)
    with pytest.raises(ValueError, match=r'a mask: the mask has infinite values'):
        read_levels(infinite, True, 'a mask')
    np.save(tmp_path / 'a.npy', NUMBERS)
    with pytest.raises(ValueError, match=r'a\.npy: is an array of NumPy, not an image file'):
        read_marked_file(tmp_path / 'a.npy')
    many = (np.arange(40_000).reshape(200, 200) // 4).repeat(3, axis=0).astype(np.uint16)
    many[::3] = many[::-3]
    path = save(tmp_path / 'b.png', np.random.default_rng(0).permutation(many.repeat(3, axis=1)))
    marked = read_marked_file(path)  # noise, whatever it means: memory stays bounded
    assert len(marked.pages[0]) == len(many)
    (tmp_path / 'c.png').write_bytes(path.read_bytes()[:500])
    with pytest.raises(ValueError, match=r'c\.png: cannot be read as a mask'):
        read_marked_file(tmp_path / 'c.png')


def test_the_size_is_checked_before_the_pixels(tmp_path: Path) -> None:
    """A mask of more pixels than Pillow opens by itself is refused for its size alone."""
    path = save(tmp_path / 'a.png', Image.new('1', (14_000, 13_000)))
    with pytest.raises(
        ValueError, match=r'a\.png: the mask is 14000x13000 pixels .* b\.png is 4x3'
    ):
        read_mask(path, size=(3, 4), img_path='b.png')
    with pytest.raises(ValueError, match='its image is 80x60'):
        objects_of_size(path)


@pytest.mark.parametrize('suffix', ['tif', 'png', 'gif'])
def test_every_page_has_objects(tmp_path: Path, suffix: str) -> None:
    """Pages of a TIFF, frames of an APNG or GIF."""
    pages = [Image.fromarray(np.where(k == NUMBERS, 255, 0).astype(np.uint8)) for k in (1, 2, 3)]
    path = tmp_path / f'a.{suffix}'
    pages[0].save(path, save_all=True, append_images=pages[1:])
    found = objects_of_size(path)
    np.testing.assert_array_equal(found.masks, [k == NUMBERS for k in (1, 2, 3)])
    assert 'its 3 pages are read as masks of different objects' in found.note
    np.testing.assert_array_equal(read_hole(path), (NUMBERS > 0) & (NUMBERS < 4))


def test_thumbnails_are_no_pages(tmp_path: Path) -> None:
    small = Image.fromarray(WHITE[::4, ::4].copy())
    small.encoderinfo = dict(tiffinfo={254: 1})
    path = tmp_path / 'a.tif'
    Image.fromarray(WHITE).save(path, save_all=True, append_images=[small])
    np.testing.assert_array_equal(union(read_marked_file(path).pages), RECTANGLE)


@pytest.mark.parametrize('orientation', [3, 6, 8])
def test_masks_are_upright_as_photos_are(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    lying = Image.fromarray(WHITE)
    path = save(tmp_path / 'a.png', lying, exif=exif)
    expected = {3: WHITE[::-1, ::-1], 6: np.rot90(WHITE, 3), 8: np.rot90(WHITE)}[orientation]
    np.testing.assert_array_equal(read_hole(path) > 0, expected > 0)


@pytest.mark.parametrize('orientation', [3, 6, 8])
def test_tiff_masks_lie_as_their_photos_do(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = save(tmp_path / 'a.tif', Image.fromarray(WHITE), exif=exif, compression='tiff_lzw')
    expected = {3: WHITE[::-1, ::-1], 6: np.rot90(WHITE, 3), 8: np.rot90(WHITE)}[orientation] > 0
    np.testing.assert_array_equal(read_mask(path, size=expected.shape, img_path='a'), expected)


def test_lying_tiff_masks_that_would_be_garbled(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = save(tmp_path / 'a.tif', Image.fromarray(WHITE[:, 10:70].copy()), exif=exif)
    with pytest.raises(ValueError, match=r'a\.tif: this TIFF is not compressed and lies'):
        read_hole(path)


@pytest.mark.parametrize('order', ['<', '>'])
def test_sixteen_bits_with_white_as_zero(tmp_path: Path, order: str) -> None:
    """Neither Pillow nor OpenCV turns more than 8 bits round."""
    stored = (65535 - WHITE.astype(np.uint16) * 257).astype(f'{order}u2')
    short, long = (lambda tag, value: (tag, 3, 1, value)), (lambda tag, value: (tag, 4, 1, value))
    entries = [long(256, WIDTH), long(257, HEIGHT), short(258, 16), short(259, 1), short(262, 0)]
    entries += [long(273, 8), short(277, 1), long(278, HEIGHT), long(279, stored.nbytes)]
    data = (b'II*\0' if order == '<' else b'MM\0*') + struct.pack(f'{order}I', 8 + stored.nbytes)
    data += stored.tobytes() + struct.pack(f'{order}H', len(entries))
    for *head, value in entries:
        data += struct.pack(f'{order}HHI', *head)
        data += struct.pack(
            f'{order}HH' if head[1] == 3 else f'{order}I', *[value, 0][: 5 - head[1]]
        )
    path = tmp_path / 'a.tif'
    path.write_bytes(data + bytes(4))
    np.testing.assert_array_equal(read_hole(path) > 0, RECTANGLE)
    np.testing.assert_array_equal(read_pixels(path, 'an image'), WHITE.astype(np.uint16) * 257)
    np.testing.assert_array_equal(read_colour(path)[..., 0], WHITE)


@pytest.mark.parametrize('options', [dict(format='WEBP'), dict(format='AVIF')])
def test_formats_that_keep_no_value(tmp_path: Path, options: dict) -> None:
    if options['format'] not in Image.registered_extensions().values():
        pytest.skip('this Pillow writes none')
    grey = Image.fromarray(WHITE // 2 + 1).convert('RGB')
    (page,) = read_marked_file(save(tmp_path / 'a', grey, quality=60, **options)).pages
    assert page.max() == 1
    assert (page > 0).mean() == pytest.approx(RECTANGLE.mean(), abs=0.03)


def test_a_dark_jpeg_is_thresholded_at_its_own_half(tmp_path: Path) -> None:
    path = save(tmp_path / 'a.jpg', (WHITE > 0).astype(np.uint8) * 128, quality=75)
    np.testing.assert_array_equal(read_hole(path) > 0, RECTANGLE)


EXIF = b'II*\0\x08\0\0\0\x01\0\x12\x01'  # one tag, the orientation
DAMAGED = {
    'no EXIF': b'junkjunkjunk',
    'no orientation': EXIF + b'\x03\0\x01\0\0\0\x63\0\0\0\0\0\0\0',
    'a text': EXIF + b'\x02\0\x04\0\0\0abc\0\0\0\0\0',
}


@pytest.mark.parametrize('kind', DAMAGED)
def test_damaged_exif_turns_nothing(tmp_path: Path, kind: str) -> None:
    path = tmp_path / 'a.png'
    rgba = Image.fromarray(layers(WHITE, WHITE, WHITE, WHITE))
    for image in (Image.fromarray(WHITE), rgba):
        image.save(path, exif=DAMAGED[kind])
        np.testing.assert_array_equal(read_mask(path, size=WHITE.shape, img_path='a'), RECTANGLE)
        assert read_colour(path).shape[:2] == WHITE.shape
    np.testing.assert_array_equal(read_alpha(path), WHITE)


def test_nearly_black_and_white_have_no_void() -> None:
    reading = read_levels(np.maximum(WHITE, 1), True, 'a')
    np.testing.assert_array_equal(reading.numbers > 0, RECTANGLE)
    assert 'nearly black' in reading.note


def test_data_sets_say_once_how_a_folder_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged = []
    monkeypatch.setattr(mask_reading, 'print_log', lambda text, **_: logged.append(text))
    paths = [save(tmp_path / f'{k}.png', BLURRED.astype(np.uint8)) for k in range(3)]
    numbers = save(tmp_path / 'n.png', NUMBERS * 20)
    read_hole(numbers)  # all of them are the hole, however many they are
    assert not logged
    for path in paths:
        read_hole(path)
    (note,) = logged
    assert '0.png: its' in note
    assert 'thresholded at half' in note
