"""Reading images and label maps, with errors that name the file."""

import functools
import io
import logging
import os
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
from mmengine.logging import print_log
from PIL import Image, UnidentifiedImageError

from seginpaint_mm.datasets.orientation import garbled, is_garbled, upright
from seginpaint_mm.datasets.tar_shards import PackedFile
from seginpaint_mm.interop.libjpeg import jpeg_damage

with suppress(ImportError):  # an optional plug-in of Pillow's
    import pillow_heif

    pillow_heif.register_heif_opener()

# Formats that OpenCV or Pillow read, HEIC by its plug-in; of upper case, too.
IMAGE_SUFFIXES = (
    *('.apng', '.avif', '.avifs', '.bmp', '.dib', '.gif', '.heic', '.heif', '.hif', '.j2c', '.j2k'),
    *('.jfif', '.jif', '.jp2', '.jpe', '.jpeg', '.jpf', '.jpg', '.jpx', '.mpo', '.pbm', '.pcx'),
    *('.pgm', '.png', '.pnm', '.ppm', '.qoi', '.ras', '.sgi', '.tga', '.tif', '.tiff', '.webp'),
)
# Images all the same, but neither OpenCV nor Pillow reads (all of) them.
OTHER_SUFFIXES = (
    *('.ai', '.arw', '.cr2', '.cr3', '.dng', '.eps', '.exr', '.hdr', '.jxl', '.jxr', '.nef'),
    *('.orf', '.pdf', '.psd', '.raf', '.raw', '.rw2', '.svg', '.xcf'),
)
MOST_PIXELS = 2**30  # OpenCV's own limit
# By their first bytes. OpenCV reads these rightly; others it neither turns upright nor, of TIFF,
# keeps the colours of what is transparent.
_JPEG = b'\xff\xd8\xff'
_GOOD_BY_OPENCV = (_JPEG, b'\x89PNG\r\n\x1a\n', b'BM')
_HEIF_BRANDS = (b'heic', b'heix', b'hevc', b'heim', b'heis', b'mif1', b'msf1')
_TIFF = {b'II*\0': '<', b'MM\0*': '>'}  # the order of its bytes
PHOTOMETRIC, WHITE_IS_ZERO = 262, 0  # tag of TIFF, and its value
_COLOUR_SPACE = slice(16, 20)  # of an ICC profile
_EIGHT_BITS = ('1', 'L', 'LA', 'P', 'PA', 'RGB', 'RGBA', 'CMYK', 'YCbCr')
_opening = threading.Lock()


_RADIANCE = b'#?'  # a format of floats whose white is 1

File: TypeAlias = str | Path | PackedFile


def read_colour(path: File) -> np.ndarray:
    """Read an image upright (EXIF orientation applied).

    Args:
        path: A file, or one in a tar file.

    Returns:
        np.ndarray: BGR uint8 (H, W, 3); grey images are repeated, 16-bit ones reduced.

    Raises:
        FileNotFoundError: when there is no such file.
        ValueError: when it is no image, or a damaged one.
    """
    data = _read_bytes(path, 'an image')
    if data[:8].tobytes().startswith(_GOOD_BY_OPENCV):
        return _decode(path, data, 'an image', cv2.IMREAD_COLOR)
    image = _read_by_pillow(path)
    if image is not None:
        return image
    try:
        kind = _decode(path, data, 'an image', cv2.IMREAD_UNCHANGED).dtype
        image = _decode(path, data, 'an image', cv2.IMREAD_COLOR)
    except ValueError as error:
        if _mode(path) in ('I', 'F'):
            raise ValueError(
                f'{path}: this image has samples of 32 bits: scale and save it with 8 or 16 bits.'
            ) from error
        raise
    white_is_known = kind in (np.uint8, np.uint16) or data[:2].tobytes() == _RADIANCE
    if not white_is_known:  # OpenCV makes some colours of it without a word
        raise ValueError(
            f'{path}: the samples of this image are {kind}, a type whose white is not known: scale '
            f'and save it with 8 or 16 bits.'
        )
    return image


def _mode(path: File) -> str | None:
    """Pillow's mode; None of what it does not know."""
    with suppress(Exception), open_image(path) as image:
        return image.mode
    return None


def _read_by_pillow(path: File) -> np.ndarray | None:
    """BGR uint8 (H, W, 3); None of files that are left to OpenCV, which says what is wrong."""
    try:
        with open_image(path) as image:
            if image.mode not in _EIGHT_BITS:
                return None
            is_lying_raw = is_garbled(image)
            colours = np.array(upright(image).convert('RGB'))
    except MemoryError:
        raise
    except Exception:  # Pillow lets through whatever its parsers stumble over
        return None
    if is_lying_raw:
        raise garbled(path)
    return np.ascontiguousarray(colours[..., ::-1])


def has_palette(path: str | Path) -> bool:
    """Whether a file stores numbers of colours; not of formats that Pillow does not know."""
    return _mode(path) == 'P'


def read_alpha(path: File | Image.Image) -> np.ndarray | None:
    """Read the transparency of an image that :func:`read_colour` can read, upright.

    An image of Pillow's is taken, too.

    Returns:
        np.ndarray: uint8 (H, W), 255 = opaque; None where the file has none.

    Raises:
        ValueError: when it has more than 2**30 pixels.
    """
    with _opened(path) as image:
        if image is None or not image.has_transparency_data:
            return None
        return np.array(upright(image).convert('RGBA').getchannel('A'))


def read_icc_profile(path: File | Image.Image) -> bytes | None:
    """Read the ICC profile of an image that :func:`read_colour` can read; None without one.

    An image of Pillow's is taken, too. Profiles of other colours than RGB say nothing about what is
    read.

    Raises:
        ValueError: when it has more than 2**30 pixels.
    """
    with _opened(path) as image:
        profile = None if image is None else image.info.get('icc_profile')
    return profile if profile and profile[_COLOUR_SPACE] == b'RGB ' else None


def open_image(path: File) -> Image.Image:
    """Open an image by Pillow, however many pixels OpenCV reads too.

    Raises:
        FileNotFoundError: when there is no such file.
        UnidentifiedImageError: when Pillow does not know the format.
        ValueError: when it has more than 2**30 pixels, or is a folder, a pipe or a device.
    """
    if isinstance(path, PackedFile):
        file: str | Path | io.BytesIO = io.BytesIO(path.read_bytes())
    else:
        _check_is_file(path)
        file = path
    with _opening:  # Pillow's limit, of a sixth of that, is one of the process
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            image = Image.open(file)
        finally:
            Image.MAX_IMAGE_PIXELS = limit
    if image.width * image.height > MOST_PIXELS:
        image.close()
        raise ValueError(
            f'{path}: the file says that it has {image.width}x{image.height} pixels, more than '
            f'{MOST_PIXELS} in all: reduce it, or fetch it again where it is damaged.'
        )
    return image


@contextmanager
def _opened(path: File | Image.Image) -> Iterator[Image.Image | None]:
    """An image of Pillow's; None of formats that OpenCV alone reads."""
    if isinstance(path, Image.Image):
        yield path
        return
    try:
        image = open_image(path)
    except UnidentifiedImageError:
        yield None
        return
    with image:
        yield image


def read_pixels(path: File, what: str) -> np.ndarray:
    """Read what a file stores, as it lies: (H, W), or BGR(A) (H, W, 3 or 4), of the file's type.

    Raises:
        FileNotFoundError, ValueError: as :func:`read_colour`.
    """
    data = _read_bytes(path, what)
    pixels = _decode(path, data, what, cv2.IMREAD_UNCHANGED)
    return ~pixels if pixels.dtype == np.uint16 and _is_inverted(data) else pixels


def _is_inverted(data: np.ndarray) -> bool:
    """Whether a file is a TIFF in which 0 is white: OpenCV turns only 8 bits round."""
    order = _TIFF.get(data[:4].tobytes())
    if order is None:
        return False
    with suppress(struct.error):  # read so far, it is not damaged
        (first,) = struct.unpack_from(f'{order}I', data, 4)
        (count,) = struct.unpack_from(f'{order}H', data, first)
        for place in range(first + 2, first + 2 + 12 * count, 12):
            tag, value = struct.unpack_from(f'{order}H6xH', data, place)
            if tag == PHOTOMETRIC:
                return value == WHITE_IS_ZERO
    return False


def read_ids(path: str | Path) -> np.ndarray:
    """Read a map of ids as it is stored.

    Returns:
        np.ndarray: uint8 or uint16 (H, W). Of a file with a palette: the indices (VOC's), or the
        grey values where the whole palette is grey, as lossless optimisers write it.

    Two values in one bit are read as 0 and 255, with a warning: the file does not tell 255 from 1.

    Raises:
        FileNotFoundError: when there is no such file.
        ValueError: when it is no image, a damaged one, has colours, or is a JPEG, which keeps no
            ids.
    """
    if _read_bytes(path, 'a label map')[:3].tobytes() == _JPEG:
        raise ValueError(
            f'{path}: JPEG changes the values of its pixels, so that the ids of a label map are '
            f'lost: give the map as PNG.'
        )
    ids = read_pixels(path, 'a label map')
    if (palette := _ids_of_palette(path)) is not None:
        return palette
    if ids.ndim != 2:
        is_grey = (ids[..., :3] == ids[..., :1]).all()
        raise ValueError(
            f'{path}: a label map has one channel of ids, this file has {ids.shape[2]}; '
            + (
                'its colours are greys: save it as a grey image without transparency.'
                if is_grey
                else 'give the map of ids, not its coloured image.'
            )
        )
    if _mode(path) == '1':
        _warn_of_one_bit(str(Path(path).parent))
    if ids.dtype not in (np.uint8, np.uint16):
        raise ValueError(
            f'{path}: ids must be stored in 8 or 16 bits without sign, these are {ids.dtype}: save '
            f'the map as PNG.'
        )
    return ids


@functools.cache
def _warn_of_one_bit(folder: str) -> None:
    """Say once per folder, in each process that reads it, how its maps are read."""
    print_log(
        f'{folder}: label maps with one bit per pixel are read as 0 and 255 (white), which mostly '
        f'is void: where white is a class, store its number in 8 bits.',
        logger='current',
        level=logging.WARNING,
    )


def read_map(path: str | Path, *, size: tuple[int, int], img_path: str) -> np.ndarray:
    """Read a map of ids that belongs to an image of (height, width) ``size``.

    Raises:
        FileNotFoundError, ValueError: as :func:`read_ids`.
        ValueError: when its size is another one.
    """
    ids = read_ids(path)
    check_size(path, ids, size=size, img_path=img_path)
    return ids


def read_opaque(path: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """Read a cut-out: BGR uint8 (H, W, 3), and bool (H, W), True = opaque.

    Raises:
        FileNotFoundError: when there is no such file.
        ValueError: when it is no image, a damaged one, or has no alpha channel.
    """
    image = read_pixels(path, 'a cut-out')
    if image.ndim != 3 or image.shape[2] != 4:
        raise ValueError(f'{path}: a cut-out has colours and transparency, this file has not.')
    return image[..., :3], image[..., 3] > 0


def read_labels(path: str | Path, *, size: tuple[int, int], img_path: str) -> np.ndarray:
    """Read a map of label ids, uint8 (H, W), that belongs to an image.

    Raises:
        FileNotFoundError, ValueError: as :func:`read_map`.
        ValueError: when the ids are not stored as uint8.
    """
    ids = read_ids(path)
    if ids.dtype != np.uint8:
        raise ValueError(
            f'{path}: label ids must be stored as uint8, these are {ids.dtype}: save the map with '
            f'8 bits per pixel.'
        )
    check_size(path, ids, size=size, img_path=img_path)
    return ids


def check_size(path: str | Path, ids: np.ndarray, *, size: tuple[int, int], img_path: str) -> None:
    """ValueError when a map (H, W) from ``path`` has not its image's (height, width) ``size``."""
    check_shape(path, ids.shape, size=size, img_path=img_path)


def check_shape(
    path: str | Path, shape: tuple[int, int], *, size: tuple[int, int], img_path: str
) -> None:
    """ValueError when labels of (height, width) ``shape`` are of an image of another ``size``."""
    if shape != size:
        raise ValueError(
            f'{path}: the labels are {_text(shape)} pixels (width x height), their image '
            f'{img_path} is {_text(size)}: give both in the same size.'
        )


def _ids_of_palette(path: str | Path) -> np.ndarray | None:
    """Grey values or indices of a file with a palette, uint8 (H, W): OpenCV gives its colours."""
    with _opened(path) as image:
        if image is not None and getattr(image, 'n_frames', 1) > 1:
            raise ValueError(
                f'{path}: a label map has one page, this file has {image.n_frames}: save the one '
                f'that counts as PNG.'
            )
        if image is None or image.mode != 'P':
            return None
        indices = np.array(image)
        palette = np.array(image.getpalette('RGB'), np.uint8).reshape(-1, 3)
    # not the colours in use alone: VOC's has greys, e.g. that of cars
    if indices.max() >= len(palette) or (palette != palette[:, :1]).any():
        return indices
    used = np.unique(indices)
    if len(np.unique(palette[used, 0])) < len(used):  # no optimiser's: it says nothing
        return indices
    if len(palette) <= 2 and palette.max() == 255:
        _warn_of_one_bit(str(Path(path).parent))
    return palette[indices, 0]


def _text(size: tuple[int, int]) -> str:
    height, width = size
    return f'{width}x{height}'


def _check_is_file(path: str | Path) -> None:
    """ValueError for what is there, but no file: to read a pipe might take for ever."""
    if os.path.exists(path) and not os.path.isfile(path):
        raise ValueError(
            f'{path}: this is a folder, a pipe or a device, but no file: give an image file.'
        )


def _read_bytes(path: File, what: str) -> np.ndarray:
    if isinstance(path, PackedFile):
        return np.frombuffer(path.read_bytes(), np.uint8)
    _check_is_file(path)
    try:
        return np.fromfile(path, np.uint8)
    except FileNotFoundError:
        raise FileNotFoundError(f'{path}: there is no such file; expected {what} here.') from None


def _decode(path: File, data: np.ndarray, what: str, flag: int) -> np.ndarray:
    try:
        if data[:3].tobytes() == _JPEG:
            with jpeg_damage() as damage:
                image = cv2.imdecode(data, flag)
            if damage and image is not None:
                raise ValueError(
                    f'{path}: this JPEG is damaged ({damage[0]}), and parts of it would be '
                    f'displaced: fetch it again, or save what is left of it as another file.'
                )
        else:
            image = cv2.imdecode(data, flag) if data.size else None
    except cv2.error as error:  # e.g. more than MOST_PIXELS
        raise ValueError(f'{path}: cannot be read as {what} ({error.err}): reduce it.') from error
    if image is None and data[4:8].tobytes() == b'ftyp' and data[8:12].tobytes() in _HEIF_BRANDS:
        raise ValueError(
            f'{path}: to read HEIC files, install the plug-in: pip install pillow-heif.'
        )
    if image is None and data[:6].tobytes() == b'\x93NUMPY':
        raise ValueError(
            f'{path}: is an array of NumPy, not an image file: save it as PNG or TIFF, or give the '
            f'array itself in Python.'
        )
    if image is None:
        raise ValueError(
            f'{path}: cannot be read as {what} ({data.size} bytes, damaged or of an unknown '
            f'format): fetch or write it again.'
        )
    return image
