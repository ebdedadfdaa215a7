"""What the page can do, without HTTP: images and masks in, images and files out."""

import io
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from seginpaint_mm.apis import Layering, Removal, find_instance_model, layers, remove
from seginpaint_mm.apis.given_masks import MaskSource
from seginpaint_mm.apis.inputs import SceneInput
from seginpaint_mm.layers import write_layers


class Service:
    """Removes and takes apart, with models that stay in memory. One call at a time.

    Args:
        inpainter: What paints, see :func:`seginpaint_mm.apis.remove`.
        instances: What finds objects, see :func:`find_instance_model`; None for nothing.
        device: See :class:`SegInpaintInferencer`.
    """

    def __init__(
        self,
        inpainter: str = 'telea',
        instances: str | MaskSource | None = None,
        device: str | None = None,
    ) -> None:
        self.inpainter = inpainter
        self.device = device
        found = (
            find_instance_model(instances, device=device) if isinstance(instances, str) else None
        )
        self.finder = instances if isinstance(instances, MaskSource) else found
        grey, mask = np.full((64, 64, 3), 128, np.uint8), np.zeros((64, 64), np.uint8)
        mask[24:40, 24:40] = 1
        self.remove(Image.fromarray(grey), Image.fromarray(mask * 255))  # loads the model

    def remove(
        self, image: Image.Image, mask: Image.Image, grow: str = '0', feather: int = 3
    ) -> Image.Image:
        """Return the image without what the mask, 255 = to be removed, marks.

        Raises:
            UserError, ValueError: one sentence, see :func:`seginpaint_mm.apis.remove`.
        """
        how = Removal(grow=grow, feather=feather)
        made = remove(image, mask, removal=how, inpainter=self.inpainter, device=self.device)
        assert isinstance(made, Image.Image)
        return made

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
            mask = np.asarray(found.masks.numpy()[row])
            numbers[mask] = row + 1
            rows, columns = np.nonzero(mask)
            box = (
                [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1] if len(rows) else []
            )
            described.append(
                dict(
                    id=row + 1,
                    name=found.names[row],
                    score=float(found.scores[row]) if found.scores else None,
                    box=[int(side) for side in box],
                )
            )
        return described[::-1], Image.fromarray(numbers)

    def layers(self, image: Image.Image, masks: Sequence[Image.Image]) -> bytes:
        """Return an OpenRaster file of the background and the objects, one per mask."""
        marked = [np.asarray(mask.convert('L')) > 127 for mask in masks]
        how = Layering(inpainter=self.inpainter)
        scene = layers(image, marked, layering=how, device=self.device)
        with tempfile.TemporaryDirectory() as folder:
            write_layers(Path(folder) / 'scene', scene, ('ora',))
            return (Path(folder) / 'scene.ora').read_bytes()


def png(image: Image.Image) -> bytes:
    data = io.BytesIO()
    image.save(data, 'PNG')
    return data.getvalue()
