"""Turn images upright by their EXIF, also where it is damaged."""

from PIL import Image

_ORIENTATION = 274  # EXIF's tag
_FIRST_LYING = 5  # the first value that swaps the sides
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def orientation_of(image: Image.Image) -> int:
    """EXIF's orientation, 1 to 8; 1 = upright, also without EXIF, or where it is damaged."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # Pillow lets through whatever its parser stumbles over
        return 1
    return value if value in range(1, 9) else 1


def lies(image: Image.Image) -> bool:
    """Whether an image has to be turned by a quarter to be upright."""
    return orientation_of(image) >= _FIRST_LYING


def upright(image: Image.Image) -> Image.Image:
    """Decode an image of Pillow's and turn it upright; the same object where it is."""
    image.load()  # which turns a TIFF
    turn = _TURNS.get(orientation_of(image))
    return image if turn is None else image.transpose(turn)


def is_garbled(image: Image.Image) -> bool:
    """Whether a file, not yet decoded, is one that Pillow decodes wrongly and OpenCV leaves."""
    return image.format == 'TIFF' and lies(image) and image.info.get('compression') == 'raw'


def garbled(path: object) -> ValueError:
    """The error for such a file."""
    return ValueError(
        f'{path}: this TIFF is not compressed and lies on its side (its EXIF orientation), which '
        f'neither Pillow nor OpenCV reads rightly: save it upright.'
    )
