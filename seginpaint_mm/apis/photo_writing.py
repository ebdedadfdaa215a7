"""Write photos of which a part was painted, with all that the originals hold beside colours."""

from pathlib import Path

import numpy as np

from seginpaint_mm.datasets.photo_parts import PhotoParts
from seginpaint_mm.files import write_image

_TO_DEEP = 257  # 255 becomes 65535


def write_photo(path: Path, colours: np.ndarray, changed: np.ndarray, parts: PhotoParts) -> None:
    """Write an input with other colours; its transparency, ICC profile and EXIF are kept.

    Of an input of 16 bits the result has 16 bits, too, where the format can hold them (PNG):
    outside ``changed`` those of the input, inside it the 8 bits of ``colours``, scaled.

    Args:
        path: A PNG or JPEG file, see :func:`write_image`. JPEG holds no transparency.
        colours: BGR uint8 (H, W, 3).
        changed: bool (H, W), where they may differ from the input's.
        parts: What :meth:`SceneInput.read_parts` gives of the input.

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
