"""The page's functions, without HTTP: images and masks in, images and files out."""

import io
import itertools
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from seginpaint_mm.apis import (
    Layering,
    Removal,
    SegInpaintInferencer,
    find_inpainter,
    find_instance_model,
)
from seginpaint_mm.apis.inferencer import only_sample, predict_layout
from seginpaint_mm.apis.inputs import SceneInput
from seginpaint_mm.apis.mask_sources import MaskSource
from seginpaint_mm.apis.model_loading import DEFAULT_COMPLETER
from seginpaint_mm.apis.one_call import CompletedObject, completed_objects, painted_image
from seginpaint_mm.datasets.mask_reading import read_marked_page, size_upright
from seginpaint_mm.errors import UserError
from seginpaint_mm.geometry.masks import CroppedMasks
from seginpaint_mm.layers import check_formats, write_layers


@dataclass(frozen=True)
class Layout:
    """Classes of an image's background, also behind objects.

    Attributes:
        classes: uint8 (H, W), indices of ``names``.
        names: Of the classes.
        palette: Their colours, R, G, B in [0, 255].
    """

    classes: Image.Image
    names: tuple[str, ...]
    palette: tuple[tuple[int, int, int], ...]


class Service:
    """Removes and takes apart, with models that are each in memory once. One call at a time.

    Args:
        inpainter: What paints, see :func:`seginpaint_mm.apis.remove`.
        instances: What finds objects, see :func:`find_instance_model`; None for nothing.
        device: See :class:`SegInpaintInferencer`.
        completer: What completes objects, see :func:`seginpaint_mm.apis.complete`.
        layout: Config or work dir of an mpi network, which says what is behind; None for none.

    Raises:
        UserError: when a model is not there or cannot do what it is named for.
    """

    def __init__(
        self,
        inpainter: str | Path = 'telea',
        instances: str | MaskSource | None = None,
        device: str | None = None,
        completer: str | Path = DEFAULT_COMPLETER,
        layout: str | Path | None = None,
    ) -> None:
        def load(model: str | Path, task: str) -> SegInpaintInferencer:
            return SegInpaintInferencer(
                find_inpainter(model), device=device, show_progress=False, task=task
            )

        self.names = dict(
            inpainter=str(inpainter), completer=str(completer), layout=layout and str(layout)
        )
        found = (
            find_instance_model(instances, device=device) if isinstance(instances, str) else None
        )
        self.finder = instances if isinstance(instances, MaskSource) else found
        self._remover = load(inpainter, 'remove')
        self._completer = load(completer, 'complete')
        self._layout = None if layout is None else load(layout, 'predict')
        try:
            self._painter = self._remover.for_task('fill')
        except UserError:  # it removes what it finds, and nothing else
            self._painter = load('telea', 'fill')
        grey, mask = np.full((64, 64, 3), 128, np.uint8), np.zeros((64, 64), np.uint8)
        mask[24:40, 24:40] = 255
        self.remove(Image.fromarray(grey), Image.fromarray(mask))  # the first call is the slowest

    def about(self) -> dict:
        """Return what this service has: names of models, and whether it finds objects."""
        return dict(**self.names, finds_objects=self.finder is not None)

    def remove(
        self,
        image: Image.Image,
        mask: Image.Image | None = None,
        grow: str | None = '0',
        feather: int = 3,
        classes: Sequence[str] = (),
        clicks: Sequence[tuple[int, int]] = (),
        boxes: Sequence[tuple[float, float, float, float]] = (),
    ) -> Image.Image:
        """Return the image without the objects that the mask marks, 255 = to be removed.

        Args:
            image: Any image of Pillow's.
            mask: Of its size; None to let the service's network find what is named by ``classes``
                (all objects of each), ``clicks`` (x, y) and ``boxes`` (x1, y1, x2, y2).
            grow: See :class:`Removal`, as ``feather``.

        Raises:
            UserError, ValueError: one sentence, see :func:`seginpaint_mm.apis.remove`.
        """
        how = Removal(grow=grow, feather=feather, all_of=classes, clicks=clicks, boxes=boxes)
        if mask is None and not how.requests():
            raise UserError(
                'Nothing is named to be removed: send a mask, classes, a click or a box.'
            )
        if mask is not None and how.requests():
            raise UserError('Send a mask, or name objects by class, click or box, not both.')
        if mask is None and self.finder is None:
            raise UserError(
                'This server finds no objects: send a mask, or start it with --instances.'
            )
        source = self.finder if mask is None else mask
        results = self._remover(image, masks=source, removal=how, draw=False)
        return Image.fromarray(painted_image(only_sample(results)))

    def objects(self, image: Image.Image) -> tuple[list[dict], Image.Image]:
        """Find objects.

        Returns:
            Of each ``id`` (from 1 on), ``name``, ``score`` and ``box`` (x1, y1, x2, y2); and a map
            of their numbers, 8 bits, 0 = none, the most certain in front.
        """
        scene = SceneInput('photo', image)
        pixels = scene.read()
        numbers = np.zeros(pixels.shape[:2], np.uint8)
        if self.finder is None:
            return [], Image.fromarray(numbers)
        found = self.finder.objects(scene, pixels)
        described = []
        for row in reversed(range(min(len(found), 255))):
            window = found.masks.window(row)
            numbers[window][found.masks.crop(row)] = row + 1
            described.append(
                dict(
                    id=row + 1,
                    name=found.names[row],
                    score=float(found.scores[row]) if found.scores else None,
                    box=[int(side) for side in found.masks.boxes[row]],
                )
            )
        return described[::-1], Image.fromarray(numbers)

    def complete(
        self, image: Image.Image, masks: Iterable[Image.Image] | CroppedMasks
    ) -> list[CompletedObject]:
        """Complete the objects of which one mask each, 255 = seen, is given; or packed ones.

        Returns:
            list: In the order of the masks. ``cutout`` is what is seen where the completer paints
            nothing.
        """
        marked = pack_masks(masks)
        pixels = SceneInput('photo', image).read()
        done = completed_objects(only_sample(self._completer(image, masks=marked, draw=False)))
        return [
            item if item.cutout is not None else replace(item, cutout=_seen(pixels, item))
            for item in done
        ]

    def layers(
        self,
        image: Image.Image,
        masks: Iterable[Image.Image] | CroppedMasks,
        kind: str = 'ora',
        feather: int = 0,
    ) -> bytes:
        """Return a file of the background and the objects, one per mask.

        Args:
            image: Any image of Pillow's.
            masks: Of its size, 255 = seen; or packed ones.
            kind: ``'ora'``, ``'psd'``, or ``'png'`` for a zip archive of PNG files and JSON.
            feather: See :class:`Layering`.
        """
        how = Layering(formats=(kind,), feather=feather)
        check_formats(how.formats)
        takes_apart = self._completer.for_task('layers')
        takes_apart.take_apart_with(how, self._painter)
        sample = only_sample(takes_apart(image, masks=pack_masks(masks), draw=False))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / 'scene'
            write_layers(path, sample.pred_layers, how.formats)
            return _zipped(path) if kind == 'png' else path.with_suffix(f'.{kind}').read_bytes()

    def layout(self, image: Image.Image) -> Layout:
        """Predict the classes of the background, also behind objects.

        Raises:
            UserError: when the service has no network for it.
        """
        if self._layout is None:
            raise UserError(
                'No network of the layout is loaded: start seginpaint serve with --layout.'
            )
        classes, names = predict_layout(self._layout, SceneInput('photo', image).read())
        palette = self._layout.visualizer.dataset_meta['palette']
        colours = tuple((int(r), int(g), int(b)) for r, g, b in palette[: len(names)])
        return Layout(Image.fromarray(classes.astype(np.uint8)), names, colours)


def pack_masks(masks: Iterable[Image.Image] | CroppedMasks) -> CroppedMasks:
    """Read a mask of each object, one at a time; all that :func:`read_marked_page` finds is it.

    Raises:
        UserError: when there is none, or they differ in size.
        ValueError: when one is a photo; one sentence.
    """
    if isinstance(masks, CroppedMasks):
        return masks
    given = iter(masks)
    first = next(given, None)
    if first is None:
        raise UserError('Mark an object: send a mask of each.')
    size = size_upright(first)

    def read() -> Iterator[np.ndarray]:
        for number, mask in enumerate(itertools.chain([first], given), start=1):
            if size_upright(mask) != size:
                raise UserError('The masks must have one size, that of the image.')
            yield read_marked_page(mask, f'mask {number}').numbers > 0

    return CroppedMasks.pack(read(), size)


def _seen(pixels: np.ndarray, item: CompletedObject) -> np.ndarray:
    """RGBA of an object's box: what is seen of it."""
    left, top, right, bottom = item.box
    window = np.s_[top:bottom, left:right]
    mask = item.masks.read(0, item.box)[..., None]
    return np.concatenate([pixels[window][..., ::-1] * mask, mask * np.uint8(255)], axis=2)


def _zipped(folder: Path) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, 'w', zipfile.ZIP_STORED) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, file.name)
    return data.getvalue()


def png(image: Image.Image) -> bytes:
    data = io.BytesIO()
    image.save(data, 'PNG', compress_level=1)
    return data.getvalue()
