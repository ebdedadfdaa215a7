"""Parts of a photo beside its 8-bit colours (transparency, metadata), which results keep."""

import io
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from seginpaint_mm.datasets.image_reading import (
    open_image,
    read_alpha,
    read_icc_profile,
    read_pixels,
)
from seginpaint_mm.datasets.orientation import orientation_of
from seginpaint_mm.datasets.tar_shards import PackedFile
from seginpaint_mm.utils.files import write_image

# Tags of a TIFF or of EXIF that speak of the photo, not of how a file stores it.
_ABOUT_THE_PHOTO = (
    *(270, 271, 272, 282, 283, 296, 305, 306, 315, 18246, 33432),
    *range(40091, 40096),
)
_EXIF, _PLACE, _INTEROPERABILITY = 0x8769, 0x8825, 0xA005
_OF_THE_FILE = (0xA002, 0xA003, _INTEROPERABILITY)  # width, height, a pointer
_MAKER_NOTE = 0x927C
_NEVER_DEEP = ('JPEG', 'MPO', 'GIF', 'WEBP', 'BMP', 'DIB', 'HEIF', 'AVIF')
_TO_DEEP = 257  # 255 becomes 65535
# What to do with (H, W, C) for each EXIF orientation: transpose, flip rows, flip columns.
_UPRIGHT = {
    2: (False, False, True),
    3: (False, True, True),
    4: (False, True, False),
    5: (True, False, False),
    6: (True, False, True),
    7: (True, True, True),
    8: (True, True, False),
}


@dataclass(frozen=True)
class PhotoParts:
    """Parts of a photo, upright.

    Attributes:
        alpha: uint8 (H, W), 255 = opaque; None without transparency.
        icc_profile: Of RGB colours; None without one.
        exif: Date, camera, place and the like, as a TIFF structure, without an orientation and a
            thumbnail, which would show what was removed; None without any.
        deep: uint16, BGR (H, W, 3) or BGRA (H, W, 4); None of photos of 8 bits.
    """

    alpha: np.ndarray | None = None
    icc_profile: bytes | None = None
    exif: bytes | None = None
    deep: np.ndarray | None = None


def read_photo_parts(source: Path | PackedFile | Image.Image) -> PhotoParts:
    """Read the parts of a photo that :func:`read_colour` can read.

    Raises:
        ValueError: when it has more than 2**30 pixels.
    """
    try:
        image = source if isinstance(source, Image.Image) else open_image(source)
    except UnidentifiedImageError:  # OpenCV alone reads it
        return PhotoParts(deep=_deep(read_pixels(source, 'an image'), 1))
    is_file = not isinstance(source, Image.Image)
    is_deep = is_file and image.format not in _NEVER_DEEP
    if is_deep and image.format == 'PNG':  # before its EXIF is read, which may lie at its end
        is_deep = '16' in str(image.tile) or image.mode[0] == 'I'
    exif, orientation = _exif(image), orientation_of(image)
    if is_file:
        image.close()
    pixels = read_pixels(source, 'an image') if is_deep else np.zeros(0, np.uint8)
    return PhotoParts(
        read_alpha(source), read_icc_profile(source), exif, _deep(pixels, orientation)
    )


def write_photo(path: Path, colours: np.ndarray, changed: np.ndarray, parts: PhotoParts) -> None:
    """Write an input with other colours; its transparency, ICC profile and EXIF are kept.

    Of an input of 16 bits the result has 16 bits, too, where the format can hold them (PNG):
    outside ``changed`` those of the input, inside it the 8 bits of ``colours``, scaled.

    Args:
        path: A PNG or JPEG file, see :func:`write_image`. JPEG holds no transparency.
        colours: BGR uint8 (H, W, 3).
        changed: bool (H, W), where they may differ from the input's.
        parts: What :func:`read_photo_parts` gives of the input.

    Raises:
        OSError: when it cannot be written.
    """
    image = colours
    if path.suffix == '.png' and parts.deep is not None:
        image = parts.deep.copy()
        image[changed, :3] = colours[changed].astype(np.uint16) * _TO_DEEP
    elif path.suffix == '.png' and parts.alpha is not None:
        image = np.dstack([colours, parts.alpha])
    write_image(path, image, parts.icc_profile, parts.exif)


def write_cutout(
    path: Path,
    cutout: np.ndarray,
    seen: np.ndarray,
    box: tuple[int, int, int, int],
    parts: PhotoParts,
) -> None:
    """Write an object of an input as PNG, with what :func:`write_photo` keeps.

    Args:
        path: A PNG file.
        cutout: BGRA uint8 (h, w, 4), 0 where the object is not.
        seen: bool (h, w), where it shows the input itself: there the transparency is the input's,
            and so are 16 bits.
        box: x1, y1, x2, y2 of the cut-out in the input; right and bottom exclusive.
        parts: What :func:`read_photo_parts` gives of the input.

    Raises:
        OSError: when it cannot be written.
    """
    left, top, right, bottom = box
    image = cutout.copy()
    if parts.alpha is not None:
        image[seen, 3] = parts.alpha[top:bottom, left:right][seen]
    if parts.deep is not None:
        image = image.astype(np.uint16) * _TO_DEEP
        channels = parts.deep.shape[2]
        image[seen, :channels] = parts.deep[top:bottom, left:right][seen]
    write_image(path, image, parts.icc_profile, parts.exif)


def count_pages(source: Path | PackedFile | Image.Image) -> int:
    """Count the pages of a TIFF, or the frames of an animation; 1 of all other images.

    A phone's JPEG (MPO) holds maps of the same photo, which are no pages.
    """
    with suppress(Exception):  # damaged, or unknown to Pillow
        if isinstance(source, Image.Image):
            return 1 if source.format == 'MPO' else getattr(source, 'n_frames', 1)
        with open_image(source) as image:
            return count_pages(image)
    return 1


def _deep(pixels: np.ndarray, orientation: int) -> np.ndarray | None:
    if pixels.dtype != np.uint16:
        return None
    if pixels.ndim == 2:
        pixels = pixels[..., None].repeat(3, axis=2)
    transpose, rows, columns = _UPRIGHT.get(orientation, (False, False, False))
    pixels = pixels.transpose(1, 0, 2) if transpose else pixels
    pixels = pixels[::-1] if rows else pixels
    return np.ascontiguousarray(pixels[:, ::-1] if columns else pixels)


def _exif(image: Image.Image) -> bytes | None:
    try:
        found = image.getexif()
        kept = Image.Exif()
        for tag in _ABOUT_THE_PHOTO:
            if tag in found:
                kept[tag] = found[tag]
        for tag in (_EXIF, _PLACE):
            part = {k: v for k, v in found.get_ifd(tag).items() if k not in _OF_THE_FILE}
            if part:
                kept[tag] = part
        if not len(kept):
            return None
        return _structure(kept)
    except Exception:  # Pillow lets through whatever its parser stumbles over
        return None


def _structure(exif: Image.Exif) -> bytes:
    """Written as a file would have it, so that what cannot be written is noticed here."""
    try:
        data = exif.tobytes()
    except Exception:  # the notes of cameras are in no standard form
        exif[_EXIF] = {k: v for k, v in exif.get_ifd(_EXIF).items() if k != _MAKER_NOTE}
        data = exif.tobytes()
    Image.new('RGB', (1, 1)).save(io.BytesIO(), 'PNG', exif=data)
    return data.removeprefix(b'Exif\x00\x00')
