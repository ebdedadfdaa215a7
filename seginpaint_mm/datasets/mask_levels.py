"""Distinguish object numbers from soft edges in the values of a mask.

Numbers of objects fill areas, and an object borders on its neighbours with a jump. Values of soft
edges (antialiasing, blur, lossy compression) form lines between a lower and a higher value. So a
value is one of soft edges where more of its pixels lie between than lie flat, and a mask is soft
where most of its values are. (Of maps of objects in Cityscapes, VOC and COCO at most a third is.)
"""

from dataclasses import dataclass

import cv2
import numpy as np

MOST_OBJECTS = 1000  # per page of a file; more values are hardly numbers of objects
_MOST_LEVELS = 65535
_SURELY_NUMBERS = 16  # a soft mask is not that dark everywhere
_SMOOTH_LEVELS = 32  # fewer values in small steps from 1 on may well be numbers
_FEW_LEVELS = 8  # fewer are no blur
_SMOOTH_STEP = 0.02  # of the full scale
_MOST = 0.9
_NEAR = 1 / 8  # of the full scale: what counts as nearly black or nearly white
_VERY_NEAR = 1 / 32
_BRIGHT = 3 / 4  # of the full scale: rings around 128 in a JPEG stay below
_WHITE = 255
_ALL_COLOURS = 1 + (1 << 24)  # of 8 bits a channel, and one more: none
_VOC_VOID = 255  # index of the border between objects in the palette of Pascal VOC


@dataclass(frozen=True)
class Reading:
    """The masks of one page.

    Attributes:
        numbers: Unsigned (H, W): 0 = not marked, any other value = an object.
        note: How the values were read, without a full stop; None where there is no doubt.
        is_approximate: Whether the marked area itself, not only its division into objects, depends
            on that.
    """

    numbers: np.ndarray
    note: str | None = None
    is_approximate: bool = False


def read_levels(levels: np.ndarray, lossless: bool, name: str) -> Reading:
    """Read a grey mask.

    A mask of 0 and one other value marks one object, whatever the value.

    Args:
        levels: (H, W) of any real type; floats may be shares in [0, 1] or hold whole numbers.
        lossless: Whether the file keeps every value.
        name: Of the mask, for errors.

    Raises:
        ValueError: for negative values, and more than 1000 numbers.
    """
    holds_more = levels.dtype not in (np.uint8, bool)
    levels = _whole_numbers(levels, name)
    values = distinct(levels)
    marking = values[values > 0]
    if not lossless:
        return _thresholded(levels, marking, 'the format does not keep grey values', _BRIGHT)
    if len(marking) < 2:
        return Reading((levels > 0).astype(np.uint8))
    scale = _full_scale(levels, marking)
    has_void = _has_void(levels, values)
    near = _NEAR if values[0] > 0 else _VERY_NEAR
    near_black, near_white = marking <= near * scale, marking >= (1 - near) * scale
    is_two_valued = near_black.any() and near_white.any() and (near_black | near_white).all()
    if is_two_valued and not has_void and (values[0] > 0 or not holds_more):
        return _thresholded(levels, marking, 'they are nearly black and nearly white')
    if levels.dtype.kind == 'f':
        return _thresholded(levels, marking, 'they are shares')
    if marking[-1] >= _SURELY_NUMBERS and _is_soft(levels, values, scale):
        return _thresholded(levels, marking, 'they look like soft edges')
    return _numbered(levels, marking, has_void, name)


def read_colours(
    colours: np.ndarray, lossless: bool, name: str, order: np.ndarray | None = None
) -> Reading:
    """Read a coloured mask: every flat colour but black is an object; equal channels are grey.

    Args:
        colours: uint8 (H, W, 3), RGB.
        lossless: Whether the file keeps every value.
        name: Of the mask, for errors.
        order: Unsigned (H, W), constant where the colour is: objects come by these, else by colour.

    Raises:
        ValueError: for photos, see also :func:`read_levels`.
    """
    red, green, blue = (colours[..., channel] for channel in range(3))
    if np.array_equal(red, green) and np.array_equal(green, blue):
        return read_levels(np.ascontiguousarray(red), lossless, name)
    found, ranks = _ranks(_codes(colours))
    if not lossless or ranks is None or _is_drawn_softly(ranks):
        return _bright(colours.max(axis=2), name)
    keys = found
    if order is not None:
        keys = np.zeros(len(found), np.int64)
        keys[ranks] = order
    is_object = found != 0
    note = None
    if found[0] == 0 and all(code in _VOC_INDEX for code in found.tolist()):
        keys = np.array([_VOC_INDEX[code] for code in found.tolist()])
        is_object = (keys != 0) & (keys != _VOC_VOID)
    count = np.count_nonzero(is_object)
    if count > 1:
        note = f'its {count} colours are read as an object each'
    if has_void := count < np.count_nonzero(found):
        note = f"{note or 'its colours are those of Pascal VOC'}, and VOC's void as no object"
    numbers = np.zeros(len(found), np.uint16)
    numbers[np.flatnonzero(is_object)[keys[is_object].argsort()]] = np.arange(1, 1 + count)
    return Reading(numbers[ranks], note, has_void)


def read_transparency(rgba: np.ndarray, lossless: bool, name: str) -> Reading:
    """Read a mask with transparency.

    - Where the transparency says nothing, the colours count, and where the colours say nothing,
      what is opaque is marked.
    - Of drawings what is opaque and not black is marked.
    - Of photos the holes in them are: what is transparent.

    Args:
        rgba: uint8 (H, W, 4).
        lossless, name: as for :func:`read_colours`.
    """
    colours, alpha = rgba[..., :3], rgba[..., 3]
    if (alpha == alpha.flat[0]).all():
        return read_colours(np.ascontiguousarray(colours), lossless, name)
    opaque = alpha > alpha.max() // 2  # of a brush that is half transparent, too
    codes = np.where(opaque, _codes(colours) + 1, 0)
    found, ranks = _ranks(codes)
    if len(found) == 2:
        return Reading(opaque.astype(np.uint8), 'what is opaque is read as marked', True)
    is_soft = ranks is None or _is_drawn_softly(ranks)
    # drawings with soft edges are black or bright for the most part
    if is_soft and not _is_bright_or_dark(colours.max(axis=2)[opaque]):
        note = 'it looks like a photo with a hole: what is transparent is read as marked'
        return Reading((~opaque).astype(np.uint8), note, True)
    over_black = colours.astype(np.uint16) * alpha[..., None] // alpha.max()
    reading = read_colours(over_black.astype(np.uint8), lossless, name)
    note = 'what is opaque and not black is read as marked'
    return Reading(reading.numbers, f'{reading.note}, {note}' if reading.note else note, True)


def _whole_numbers(levels: np.ndarray, name: str) -> np.ndarray:
    """The same as uint8, uint16 or uint32, floats of which some are fractions as float32."""
    if levels.dtype == bool:
        return levels.astype(np.uint8)
    if levels.dtype.kind == 'f':
        if np.isinf(levels).any():
            raise ValueError(
                f'{name}: the mask has infinite values, which may mark anything: write numbers.'
            )
        levels = np.nan_to_num(levels.astype(np.float32))  # NaN is no data: not marked
    if levels.size and levels.min() < 0:
        raise ValueError(
            f'{name}: the mask has negative values ({levels.min():g}): 0 is what is not marked; '
            f'shift or threshold them.'
        )
    highest = levels.max(initial=0)
    if levels.dtype.kind == 'f' and not (levels == np.floor(levels)).all():
        return levels
    for kind in (np.uint8, np.uint16, np.uint32):
        if highest <= np.iinfo(kind).max:
            return levels.astype(kind)
    raise ValueError(f'{name}: the mask has values up to {highest:g}: threshold it.')


def _full_scale(levels: np.ndarray, marking: np.ndarray, bright: float = 1 / 2) -> float:
    """The value of full white: 1 for shares, 255 or 65535, or the greatest of darker masks.

    Masks are darker where they have nothing above the share ``bright`` of that.
    """
    highest = float(marking[-1])
    scales = [1.0, 255.0, 65535.0] if levels.dtype.kind == 'f' else [255.0, 65535.0]
    scale = next((scale for scale in scales if highest <= scale), highest)
    return scale if highest >= bright * scale else highest


def _thresholded(
    levels: np.ndarray, marking: np.ndarray, why: str, bright: float = 1 / 2
) -> Reading:
    if not len(marking):
        return Reading(np.zeros(levels.shape, np.uint8))
    scale = _full_scale(levels, marking, bright)
    numbers = (levels >= scale / 2).astype(np.uint8)
    if len(marking) == 1:
        return Reading(numbers)
    note = (
        f'its {len(marking)} grey values are thresholded at half of {scale:g}, as {why}, not like '
        f'numbers of objects'
    )
    return Reading(numbers, note, True)


def _has_void(levels: np.ndarray, values: np.ndarray) -> bool:
    """Whether 255 stands beside 1, 2, ..., n and has fewer pixels: the void of label maps."""
    marking = values[values > 0]
    is_counted = marking[-1] == _WHITE and marking[-2] == len(marking) - 1
    if len(marking) == 2 and len(marking) == len(values):  # nearly black and white
        return False
    return bool(is_counted and np.sum(levels == _WHITE) < np.sum((levels > 0) & (levels < _WHITE)))


def _numbered(levels: np.ndarray, marking: np.ndarray, has_void: bool, name: str) -> Reading:
    if has_void:
        note = (
            f'its grey values 1 to {len(marking) - 1} are read as numbers of objects, and 255 as '
            f'void, which is no object'
        )
        return Reading(np.where(levels == _WHITE, 0, levels), note, True)
    if len(marking) > MOST_OBJECTS:
        raise ValueError(
            f'{name}: the mask has {len(marking)} values beside 0, more than the {MOST_OBJECTS} '
            f'objects that an image may have: if they are probabilities, threshold it.'
        )
    note = f'its {len(marking)} grey values are read as numbers of objects'
    is_clear = marking[-1] < _SURELY_NUMBERS and len(marking) < _FEW_LEVELS
    return Reading(levels, None if is_clear else note)


def _bright(brightest: np.ndarray, name: str) -> Reading:
    """A drawing with soft edges or lossy colours: what is bright in any channel."""
    if not _is_bright_or_dark(brightest):
        raise ValueError(
            f'{name}: this has the colours of a photo, not of a mask: give white or flat colours '
            f'on black.'
        )
    note = 'its soft or lossy colours are thresholded at half, as one object'
    return Reading((brightest > _WHITE // 2).astype(np.uint8), note, True)


def _is_bright_or_dark(brightest: np.ndarray) -> bool:
    near = (brightest <= _NEAR * _WHITE) | (brightest >= (1 - _NEAR) * _WHITE)
    return bool(near.mean() > _MOST - _NEAR) and bool((brightest <= _NEAR * _WHITE).any())


def _is_soft(levels: np.ndarray, values: np.ndarray, scale: float) -> bool:
    if len(values) > _MOST_LEVELS:
        return True
    if levels.dtype.kind == 'u' and levels.dtype.itemsize <= 2:  # a table is faster
        ranks = np.searchsorted(values, np.arange(1 + int(values[-1]))).astype(np.uint16)[levels]
    else:
        ranks = np.searchsorted(values, levels).astype(np.uint16)
    lowest = values[values > 0][0]
    enough = len(values) > (_SMOOTH_LEVELS if lowest <= 1 else _FEW_LEVELS)
    is_drawn_softly = _is_drawn_softly(ranks, 1 if values[0] == 0 else 0)
    return is_drawn_softly or (enough and _is_smooth(levels, scale))


def _is_drawn_softly(ranks: np.ndarray, lowest: int = 1) -> bool:
    """Whether most values form lines: more of their pixels lie between others than lie flat.

    The value that most pixels have does not count: of soft masks it is the inside.

    Args:
        ranks: Values, perhaps colours, by rank: unsigned (H, W), at most 65535.
        lowest: The rank of the first value that marks anything.
    """
    ranks = ranks.astype(np.uint16)
    cross, square = (
        cv2.getStructuringElement(shape, (3, 3)) for shape in (cv2.MORPH_CROSS, cv2.MORPH_RECT)
    )
    is_flat = (cv2.erode(ranks, cross) == ranks) & (cv2.dilate(ranks, cross) == ranks)
    is_between = (cv2.erode(ranks, square) < ranks) & (cv2.dilate(ranks, square) > ranks)
    counts = np.bincount(ranks.ravel())
    flat, between = (
        np.bincount(ranks[where], minlength=len(counts))[lowest:] for where in (is_flat, is_between)
    )
    others = np.arange(len(flat)) != counts[lowest:].argmax()
    return bool(others.any() and (between > flat)[others].mean() > 1 / 2)


def _is_smooth(levels: np.ndarray, scale: float) -> bool:
    """Whether nearly all steps between neighbours are small ones."""
    steps = [np.abs(np.diff(levels.astype(np.float32), axis=axis)) for axis in (0, 1)]
    steps = np.concatenate([step[step > 0] for step in steps])
    return bool((steps <= max(1.0, _SMOOTH_STEP * scale)).mean() > _MOST)


def distinct(levels: np.ndarray) -> np.ndarray:
    """The values of an array (H, W), sorted: :func:`numpy.unique`, but fast for 8 and 16 bits."""
    if levels.dtype not in (np.uint8, np.uint16) or not levels.size:
        return np.unique(levels)
    size = 1 + np.iinfo(levels.dtype).max
    counts = cv2.calcHist([np.ascontiguousarray(levels)], [0], None, [size], [0, size])
    return np.flatnonzero(counts).astype(levels.dtype)


def _ranks(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Distinct codes of colours, sorted, and their ranks uint16 (H, W); None for too many.

    Tables of all colours take less time than sorting the pixels.
    """
    is_there = np.zeros(_ALL_COLOURS, bool)
    is_there[codes] = True
    found = np.flatnonzero(is_there)
    if len(found) > MOST_OBJECTS:
        return found, None
    table = np.zeros(_ALL_COLOURS, np.uint16)
    table[found] = np.arange(len(found))
    return found, table[codes]


def _codes(colours: np.ndarray) -> np.ndarray:
    """uint32 (H, W): one number for each colour (H, W, 3)."""
    red, green, blue = (colours[..., channel].astype(np.uint32) for channel in range(3))
    return red << 16 | green << 8 | blue


def _voc_colours() -> dict[int, int]:
    """Code of a colour -> its index in the palette of Pascal VOC, whose bits it interleaves."""
    codes = {}
    for index in range(256):
        channels = [
            sum((index >> (3 * bit + channel) & 1) << (7 - bit) for bit in range(8))
            for channel in range(3)
        ]
        codes[channels[0] << 16 | channels[1] << 8 | channels[2]] = index
    return codes


_VOC_INDEX = _voc_colours()
