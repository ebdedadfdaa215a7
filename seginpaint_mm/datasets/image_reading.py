"""Reading pictures and label maps, with errors that name the file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

# OpenCV neither turns these upright nor, of TIFF, keeps the colours of what is transparent.
_BETTER_BY_PILLOW = ('.tif', '.tiff', '.webp')
_ORIENTATION, _FIRST_LYING = 274, 5  # EXIF's tag, and the first value that swaps the sides
_COLOUR_SPACE = slice(16, 20)  # of an ICC profile
_EIGHT_BITS = ('1', 'L', 'LA', 'P', 'PA', 'RGB', 'RGBA')


def read_colour(path: str | Path) -> np.ndarray:
    """Read a picture upright (EXIF orientation applied).

    Returns:
        np.ndarray: BGR uint8 (H, W, 3); grey pictures are repeated, 16-bit ones reduced.

    Raises:
        FileNotFoundError: when there is no such file.
        ValueError: when it is no picture, or a damaged one.
    """
    image = _read_by_pillow(path) if Path(path).suffix.lower() in _BETTER_BY_PILLOW else None
    return _decode(path, 'an image', cv2.IMREAD_COLOR) if image is None else image


def _read_by_pillow(path: str | Path) -> np.ndarray | None:
    """BGR uint8 (H, W, 3); None of files that are left to OpenCV, which says what is wrong."""
    try:
        with Image.open(path) as image:
            if image.mode not in _EIGHT_BITS:
                return None
            is_garbled = _is_garbled(image)
            colours = np.array(ImageOps.exif_transpose(image).convert('RGB'))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None
    if is_garbled:
        raise ValueError(
            f'{path}: this TIFF is not compressed and lies on its side (its EXIF orientation), '
            f'which neither Pillow nor OpenCV reads rightly: save it upright.'
        )
    return np.ascontiguousarray(colours[..., ::-1])


def _is_garbled(image: Image.Image) -> bool:
    """Whether a file is one that Pillow decodes wrongly, and OpenCV leaves as it lies."""
    lies = image.getexif().get(_ORIENTATION, 1) >= _FIRST_LYING
    return image.format == 'TIFF' and lies and image.info.get('compression') == 'raw'


def read_alpha(path: str | Path) -> np.ndarray | None:
    """Read the transparency of a picture that :func:`read_colour` can read, upright.

    Returns:
        np.ndarray: uint8 (H, W), 255 = opaque; None where the file has none.

    Raises:
        ValueError: when it has more pixels than Pillow opens.
    """
    with _opened(path) as image:
        if image is None or not image.has_transparency_data:
            return None
        return np.array(ImageOps.exif_transpose(image).convert('RGBA').getchannel('A'))


def read_icc_profile(path: str | Path) -> bytes | None:
    """The ICC profile of a picture that :func:`read_colour` can read; None where there is none.

    Profiles of other colours than RGB say nothing about what is read.

    Raises:
        ValueError: when it has more pixels than Pillow opens.
    """
    with _opened(path) as image:
        profile = None if image is None else image.info.get('icc_profile')
    return profile if profile and profile[_COLOUR_SPACE] == b'RGB ' else None


@contextmanager
def _opened(path: str | Path) -> Iterator[Image.Image | None]:
    """A picture of Pillow's; None of formats that OpenCV alone reads."""
    try:
        image = Image.open(path)
    except UnidentifiedImageError:
        yield None
        return
    except Image.DecompressionBombError as error:
        raise ValueError(
            f'{path}: its transparency and profile cannot be read, as it has more than '
            f'{2 * Image.MAX_IMAGE_PIXELS} pixels: reduce it.'
        ) from error
    with image:
        yield image


def read_ids(path: str | Path) -> np.ndarray:
    """Read a map of ids exactly as it is stored.

    Returns:
        np.ndarray: uint8 or uint16 (H, W); of a PNG with a palette (VOC's) the indices, uint8.

    Raises:
        FileNotFoundError: when there is no such file.
        ValueError: when it is no picture, a damaged one, or has colours.
    """
    ids = _decode(path, 'a label map', cv2.IMREAD_UNCHANGED)
    if ids.ndim == 3 and (palette := _palette_indices(path)) is not None:
        return palette
    if ids.ndim != 2:
        raise ValueError(
            f'{path}: a label map has one channel of ids, this file has {ids.shape[2]}; '
            f'give the map of ids, not its coloured picture.'
        )
    if ids.dtype not in (np.uint8, np.uint16):
        raise ValueError(
            f'{path}: ids must be stored in 8 or 16 bits without sign, these are {ids.dtype}: save '
            f'the map as PNG.'
        )
    return ids


def read_map(path: str | Path, *, size: tuple[int, int], img_path: str) -> np.ndarray:
    """Read a map of ids that belongs to an image of (height, width) ``size``.

    Raises:
        FileNotFoundError, ValueError: as :func:`read_ids`.
        ValueError: when its size is another one.
    """
    ids = read_ids(path)
    check_size(path, ids, size=size, img_path=img_path)
    return ids


def read_mask(path: str | Path, *, size: tuple[int, int], img_path: str) -> np.ndarray:
    """Read a mask, grey or coloured, that belongs to an image: bool (H, W), what is not black.

    Raises:
        FileNotFoundError: when there is no such file.
        ValueError: when it is no picture, a damaged one, or its size is not the image's.
    """
    mask = _decode(path, 'a mask', cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION) > 0
    check_size(path, mask, size=size, img_path=img_path)
    return mask


def read_opaque(path: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """Read a cut-out: BGR uint8 (H, W, 3), and bool (H, W), True = opaque.

    Raises:
        FileNotFoundError: when there is no such file.
        ValueError: when it is no picture, a damaged one, or has no alpha channel.
    """
    image = _decode(path, 'a cut-out', cv2.IMREAD_UNCHANGED)
    if image.ndim != 3 or image.shape[2] != 4:
        raise ValueError(f'{path}: a cut-out has colours and transparency, this file has not.')
    return image[..., :3], image[..., 3] > 0


def read_hole(path: str | Path) -> np.ndarray:
    """Read a hole: uint8 (H, W), 1 = to be filled.

    The file has two values, 0 and 255 = hole, or 0 and 1 = hole; with colours, three equal ones.

    Raises:
        FileNotFoundError: when there is no such file.
        ValueError: when it is no picture, a damaged one, or has other values.
    """
    mask = _decode(path, 'a mask', cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION)
    values = np.flatnonzero(np.bincount(mask.ravel(), minlength=256))
    if not {*values.tolist()} <= {0, 255} and not {*values.tolist()} <= {0, 1}:
        grey = [value for value in values.tolist() if value not in (0, 255)]
        raise ValueError(
            f'{path}: a hole is 0 or 255, this mask has grey values ({grey[0]} among '
            f'{len(grey)}): save it as PNG without soft edges, or threshold it.'
        )
    return (mask > 0).astype(np.uint8)


def read_labels(path: str | Path, *, size: tuple[int, int], img_path: str) -> np.ndarray:
    """Read a map of label ids, uint8 (H, W), that belongs to an image.

    Raises:
        FileNotFoundError, ValueError: as :func:`read_map`.
        ValueError: when the ids are not stored as uint8.
    """
    ids = read_ids(path)
    if ids.dtype != np.uint8:
        raise ValueError(f'{path}: label ids must be stored as uint8, these are {ids.dtype}.')
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


def _palette_indices(path: str | Path) -> np.ndarray | None:
    """What a file with a palette holds, uint8 (H, W): OpenCV only gives its colours."""
    with Image.open(path) as image:
        return np.array(image) if image.mode == 'P' else None


def _text(size: tuple[int, int]) -> str:
    height, width = size
    return f'{width}x{height}'


def _decode(path: str | Path, what: str, flag: int) -> np.ndarray:
    try:
        data = np.fromfile(path, np.uint8)
    except FileNotFoundError:
        raise FileNotFoundError(f'{path}: there is no such file; expected {what} here.') from None
    image = cv2.imdecode(data, flag) if data.size else None
    if image is None:
        raise ValueError(
            f'{path}: cannot be read as {what} ({data.size} bytes, damaged or of an unknown '
            f'format): fetch or write it again.'
        )
    return image
