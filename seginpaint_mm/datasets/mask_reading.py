"""Read masks from image files of any kind: the one reader of ``--masks`` and of the data sets.

What is black is not marked; everything else is. A file marks one object or several: by grey values
that are numbers, by flat colours, or by pages. Grey values of soft edges are no numbers: they are
thresholded at half of the full scale. Where the file leaves the choice open, a note says how it was
read.
"""

import functools
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from mmengine.logging import print_log
from PIL import Image, ImageSequence, UnidentifiedImageError

from seginpaint_mm.datasets.image_reading import (
    PHOTOMETRIC,
    WHITE_IS_ZERO,
    open_image,
    read_pixels,
)
from seginpaint_mm.datasets.mask_levels import (
    MOST_OBJECTS,
    Reading,
    read_colours,
    read_levels,
    read_transparency,
)
from seginpaint_mm.datasets.orientation import garbled, is_garbled, lies, upright

_LOSSY = ('JPEG', 'MPO', 'AVIF', 'HEIF')  # formats that never, or hardly ever, keep a value
_LOSSY_WEBP = b'VP8 '  # name of the part with the pixels; where they are kept it is VP8L
_IMAGE_WIDTH, _IMAGE_LENGTH = 256, 257  # tags of TIFF
_REDUCED = 254  # tag of TIFF: bit 0 of NewSubfileType marks a thumbnail
_THUMBNAIL = 1


@dataclass(frozen=True)
class MarkedFile:
    """The masks of a file.

    Attributes:
        pages: For each page with a mark or not, unsigned (H, W): 0 = not marked, any other value =
            an object of that number, numbered within the page.
        note: How it was read where another reading is possible, one sentence; else None.
        is_approximate: Whether also what is marked, not only its division into objects, depends on
            that.
    """

    pages: tuple[np.ndarray, ...]
    note: str | None = None
    is_approximate: bool = False


def read_marked_file(
    path: str | Path, *, size: tuple[int, int] | None = None, whose: str = ''
) -> MarkedFile:
    """Read the masks of an image file, upright.

    Args:
        path: An image of any format, mode and bit depth that Pillow or OpenCV reads.
        size: (height, width) of the image that it belongs to, checked before the pixels are
            decoded; None accepts any.
        whose: Blank and path of that image, for the error; '' where it is clear.

    Returns:
        MarkedFile: At most 1000 objects a page.

    Raises:
        FileNotFoundError: when there is no such file.
        ValueError: when it is no image, a damaged one, of another size, a photo, has negative
            values, or would be more objects than that; one sentence that names it.
    """
    path = Path(path)
    readings = list(_read_pages(path, size, whose))
    pages = [reading.numbers for reading in readings]
    notes = [reading.note for reading in readings if reading.note]
    if len(pages) > 1:
        notes.insert(0, f'its {len(pages)} pages are read as masks of different objects')
    is_approximate = any(reading.is_approximate for reading in readings)
    marked = union(pages)
    return MarkedFile(tuple(pages), _sentence(path, marked, notes), is_approximate)


def union(pages: Sequence[np.ndarray]) -> np.ndarray:
    """All that pages mark together, bool (H, W)."""
    marked = pages[0] > 0
    for page in pages[1:]:
        marked |= page > 0
    return marked


def read_mask(path: str | Path, *, size: tuple[int, int], img_path: str) -> np.ndarray:
    """Read a mask that belongs to an image: bool (H, W), all that is marked.

    Raises:
        FileNotFoundError, ValueError: as :func:`read_marked_file`.
    """
    return _logged_union(read_marked_file(path, size=size, whose=f' {img_path}'), path)


def read_objects(path: str | Path, *, size: tuple[int, int], img_path: str) -> np.ndarray:
    """Read the objects that a mask marks: unsigned (H, W), 0 = none, any other value = an object.

    Objects of later pages lie in front.

    Raises:
        FileNotFoundError, ValueError: as :func:`read_marked_file`.
    """
    marked = read_marked_file(path, size=size, whose=f' {img_path}')
    if marked.is_approximate:
        _log_once(str(Path(path).parent), marked.note)
    numbers = marked.pages[0]
    for page in marked.pages[1:]:
        numbers = np.where(page > 0, page + np.uint32(numbers.max()), numbers)
    return numbers


def read_hole(path: str | Path) -> np.ndarray:
    """Read a hole: uint8 (H, W), 1 = to be filled.

    Raises:
        FileNotFoundError, ValueError: as :func:`read_marked_file`.
    """
    return _logged_union(read_marked_file(path), path).astype(np.uint8)


def _logged_union(marked: MarkedFile, path: str | Path) -> np.ndarray:
    if marked.is_approximate:
        _log_once(str(Path(path).parent), marked.note)
    return union(marked.pages)


@functools.lru_cache(maxsize=1024)
def _log_once_per_folder(folder: str) -> list[bool]:
    return [False]


def _log_once(folder: str, note: str) -> None:
    """Log the note of the first such file of a folder; data sets have thousands alike."""
    logged = _log_once_per_folder(folder)
    if not logged[0]:
        logged[0] = True
        print_log(
            f'{note} (The other masks of the folder are read in the same way.)',
            logger='current',
            level=logging.WARNING,
        )


def _read_pages(path: Path, size: tuple[int, int] | None, whose: str) -> Iterator[Reading]:
    try:
        for page in _pages(path, size, whose):
            yield read_marked_page(page, path, size=size, whose=whose)
    except UnidentifiedImageError:
        yield _read_by_opencv(path, size, whose)


def _pages(path: Path, size: tuple[int, int] | None, whose: str) -> Iterator[Image.Image]:
    """The pages of a file, decoded; the same object for each."""
    try:
        with open_image(path) as image:
            if getattr(image, 'n_frames', 1) > MOST_OBJECTS:
                raise ValueError(f'it has {image.n_frames} pages, more than {MOST_OBJECTS}')
            # further images of a phone's JPEG are maps of the same photo
            for page in [image] if image.format == 'MPO' else ImageSequence.Iterator(image):
                if image.format == 'TIFF' and page.tag_v2.get(_REDUCED, 0) & _THUMBNAIL:
                    continue
                _check_size(path, page, size, whose)
                if is_garbled(page):
                    raise garbled(path)
                page.load()
                yield page
    except FileNotFoundError:
        raise FileNotFoundError(f'{path}: there is no such file; expected a mask here.') from None
    except (UnidentifiedImageError, MemoryError):
        raise
    except Exception as error:  # Pillow lets through whatever its parsers stumble over
        if str(error).startswith(str(path)):
            raise
        raise ValueError(
            f'{path}: cannot be read as a mask ({str(error) or type(error).__name__}): fetch or '
            f'write it again.'
        ) from error


def read_marked_page(
    page: Image.Image, name: str | Path, *, size: tuple[int, int] | None = None, whose: str = ''
) -> Reading:
    """Read the masks of a Pillow image, upright.

    Args:
        page: The image.
        name: Of the mask, for errors.
        size, whose: as for :func:`read_marked_file`.

    Raises:
        ValueError: as :func:`read_marked_file`.
    """
    _check_size(name, page, size, whose)
    lossless = _is_lossless(page)
    turned = upright(page)
    if page.mode in ('P', 'PA') or turned.has_transparency_data:
        return _read_palette_or_alpha(turned, lossless, str(name))
    if turned.mode == '1':
        return Reading(np.array(turned).astype(np.uint8))
    if turned.mode == 'L' or turned.mode[0] in 'IF':
        levels = np.array(turned)
        levels = levels.astype(levels.dtype.newbyteorder('='))
        return read_levels(~levels if _is_inverted(page) else levels, lossless, str(name))
    return read_colours(np.array(turned.convert('RGB')), lossless, str(name))


def _is_lossless(page: Image.Image) -> bool:
    """Whether the file keeps every value."""
    if page.format == 'WEBP' and page.filename:
        return _LOSSY_WEBP not in Path(page.filename).read_bytes()
    if page.mode == 'YCbCr':  # whose colours are rounded
        return False
    return page.format not in _LOSSY and page.info.get('compression') != 'jpeg'


def _is_inverted(page: Image.Image) -> bool:
    """Whether 0 stands for white in 16 bits: Pillow turns only fewer bits round."""
    is_deep = page.format == 'TIFF' and page.mode.startswith('I;16')
    return is_deep and page.tag_v2.get(PHOTOMETRIC) == WHITE_IS_ZERO


def _read_palette_or_alpha(page: Image.Image, lossless: bool, name: str) -> Reading:
    if page.has_transparency_data:
        return read_transparency(np.array(page.convert('RGBA')), lossless, name)
    indices = np.array(page)
    palette = np.array(page.getpalette('RGB'), np.uint8).reshape(-1, 3)
    colours = np.zeros((256, 3), np.uint8)  # an index without a colour is black
    colours[: len(palette)] = palette
    return read_colours(colours[indices], lossless, name, order=indices)


def _read_by_opencv(path: Path, size: tuple[int, int] | None, whose: str) -> Reading:
    """Formats that Pillow does not know, e.g. TIFF of three channels with 16 bits each."""
    pixels = read_pixels(path, 'a mask')
    _check_size(path, pixels, size, whose)
    if pixels.ndim == 2:
        return read_levels(pixels, True, str(path))
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    if pixels.dtype != np.uint8:
        raise ValueError(
            f'{path}: a mask with colours has 8 or 16 bits, this one is {pixels.dtype}: convert it.'
        )
    if pixels.shape[2] == 4:
        return read_transparency(cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA), True, str(path))
    return read_colours(np.ascontiguousarray(pixels[..., ::-1]), True, str(path))


def _check_size(
    path: str | Path, page: Image.Image | np.ndarray, size: tuple[int, int] | None, whose: str
) -> None:
    found = page.shape[:2] if isinstance(page, np.ndarray) else size_upright(page)
    if size is not None and tuple(found) != tuple(size):
        raise ValueError(
            f'{path}: the mask is {found[1]}x{found[0]} pixels (width x height), its image{whose} '
            f'is {size[1]}x{size[0]}: give masks in the size of the image.'
        )


def size_upright(page: Image.Image) -> tuple[int, int]:
    """(height, width) as people see it."""
    # a PNG without EXIF before its pixels would be decoded in search of it
    if (page.format == 'PNG' and 'exif' not in page.info) or not lies(page):
        return page.size[::-1]
    if page.format == 'TIFF':  # whose size Pillow gives upright from release 11.2 on
        return page.tag_v2[_IMAGE_WIDTH], page.tag_v2[_IMAGE_LENGTH]
    return page.size


def _sentence(path: Path, marked: np.ndarray, notes: list[str]) -> str | None:
    if not notes:
        return None
    listed = ', and '.join(dict.fromkeys(notes))
    return f'{path}: {listed}; {100 * marked.mean():.1f} % of it is marked.'
