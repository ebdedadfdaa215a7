"""``LayeredScene``: a background, the objects in front of it, and their composite."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

FORMATS = ('png', 'ora', 'psd')
MOST_PIXELS = 1000  # of a rim or an edge that fades out


@dataclass(frozen=True)
class Layering:
    """How a layered scene is made.

    Attributes:
        inpainter: What paints the background: a name that :func:`find_inpainter` knows, a config,
            or a work dir.
        inpainter_checkpoint: Its checkpoint; None for models without weights and for work dirs.
        layout: Config, or work dir, of a model that predicts the classes of the background, which
            become an image beside the layers; None for none.
        layout_checkpoint: Its checkpoint.
        rim: Pixels around each object that go with it, where no other object is: edges of objects
            are blurred, and masks are tight.
        feather: Pixels inside the edges of objects over which they fade out. What is below shines
            through there, so that the layers no longer show the photo exactly.
        formats: Of :data:`FORMATS`: ``'png'``, a folder of PNG files; ``'ora'``, OpenRaster;
            ``'psd'``, Photoshop's, which needs psd-tools.

    Raises:
        ValueError: when a value is out of its range.
    """

    inpainter: str | Path = 'telea'
    inpainter_checkpoint: str | Path | None = None
    layout: str | Path | None = None
    layout_checkpoint: str | Path | None = None
    rim: int = 2
    feather: int = 0
    formats: tuple[str, ...] = ('png', 'ora')

    def __post_init__(self) -> None:
        for name in ('rim', 'feather'):
            value = getattr(self, name)
            if not isinstance(value, (int, np.integer)) or not 0 <= value <= MOST_PIXELS:
                raise ValueError(
                    f'Layers: {name} is a whole number of pixels from 0 to {MOST_PIXELS}, not '
                    f'{value!r}.'
                )
        unknown = [name for name in self.formats if name not in FORMATS]
        if unknown or not self.formats:
            raise ValueError(
                f'Layers are written as {", ".join(FORMATS)}, one or several of them, not as '
                f'{unknown[0] if unknown else "nothing"}.'
            )


@dataclass(frozen=True)
class Layer:
    """A part of an image.

    Attributes:
        name: For people.
        image: RGBA uint8 (h, w, 4), h and w at least 1; alpha is not premultiplied.
        left: Column of its first pixel in the scene.
        top: Row of its first pixel.
    """

    name: str
    image: np.ndarray
    left: int = 0
    top: int = 0

    @property
    def box(self) -> tuple[int, int, int, int]:
        """x1, y1, x2, y2; right and bottom exclusive."""
        height, width = self.image.shape[:2]
        return self.left, self.top, self.left + width, self.top + height


@dataclass(frozen=True)
class LayeredObject:
    """An object: its visible and its generated part.

    Attributes:
        number: From 1 on, as in the files of an inference.
        seen: The photo's pixels.
        hidden: What was painted, below ``seen``; None where nothing was.
        details: What else is known of it, for JSON.
    """

    number: int
    seen: Layer
    hidden: Layer | None = None
    details: dict = field(default_factory=dict)

    def whole(self) -> Layer:
        """Both parts as one layer; they share no pixel."""
        if self.hidden is None:
            return self.seen
        left, top = (min(pair) for pair in zip(self.seen.box[:2], self.hidden.box[:2], strict=True))
        right, bottom = (
            max(pair) for pair in zip(self.seen.box[2:], self.hidden.box[2:], strict=True)
        )
        image = np.zeros((bottom - top, right - left, 4), np.uint8)
        for part in (self.hidden, self.seen):
            x1, y1, x2, y2 = part.box
            window = image[y1 - top : y2 - top, x1 - left : x2 - left]
            opaque = part.image[..., 3] > 0
            window[opaque] = part.image[opaque]
        return Layer(self.seen.name, image, left, top)


@dataclass(frozen=True)
class LayeredScene:
    """A photo taken apart.

    Attributes:
        background: RGB uint8 (H, W, 3), without the objects.
        objects: Front first.
        details: What else is known of the scene, for JSON.
        icc_profile: Of the colours, or None for sRGB.
    """

    background: np.ndarray
    objects: tuple[LayeredObject, ...]
    details: dict = field(default_factory=dict)
    icc_profile: bytes | None = None

    def layers(self) -> list[Layer]:
        """Return all layers, the background first, the front one last."""
        height, width = self.background.shape[:2]
        opaque = np.full((height, width, 1), 255, np.uint8)
        image = np.concatenate([self.background, opaque], axis=2)
        return [Layer('background', image), *self._parts()]

    def _parts(self) -> list[Layer]:
        """Those of the objects, the hindmost first."""
        parts = [part for item in self.objects[::-1] for part in (item.hidden, item.seen)]
        return [part for part in parts if part is not None]

    def flatten(self) -> np.ndarray:
        """Return the composite of the layers, RGB uint8 (H, W, 3)."""
        picture = self.background.copy()
        for layer in self._parts():
            left, top, right, bottom = layer.box
            below = picture[top:bottom, left:right]
            alpha = layer.image[..., 3:].astype(np.uint32)
            mixed = alpha * layer.image[..., :3] + (255 - alpha) * below
            below[:] = (mixed + 127) // 255
        return picture
