"""Files of layered scenes: a folder of PNG files with JSON, OpenRaster, Photoshop."""

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import cv2
import numpy as np
from PIL import Image

from seginpaint_mm.errors import UserError
from seginpaint_mm.layers.scene import FORMATS, LayeredScene
from seginpaint_mm.utils.files import encode_png, write_bytes, write_json

_THUMBNAIL = 256  # greatest side, of OpenRaster's specification


def write_layers(path: Path, scene: LayeredScene, formats: tuple[str, ...]) -> dict[str, str]:
    """Write a scene as files beside each other; those of other formats are removed.

    Args:
        path: Without a suffix: ``x/photo`` for ``x/photo.ora``, ``x/photo.psd`` and the folder
            ``x/photo`` with ``scene.json``, ``background.png`` and, for each object, ``001.png``,
            ``001_seen.png`` and, where it has a hidden part, ``001_hidden.png``.
        scene: The scene.
        formats: Of :data:`FORMATS`.

    Returns:
        Format -> name of the file, or of the folder's ``scene.json``, below the folder of ``path``.

    Raises:
        UserError: when psd-tools is missing.
        OSError: when a file cannot be written.
    """
    writers: dict[str, tuple[str, Callable[[Path, LayeredScene], None]]] = {
        'png': ('/scene.json', write_folder),
        'ora': ('.ora', write_openraster),
        'psd': ('.psd', write_photoshop),
    }
    written = {}
    for name in FORMATS:
        suffix, write = writers[name]
        file = Path(f'{path}{suffix}')
        if name in formats:
            write(file, scene)
            written[name] = str(file.relative_to(path.parent))
        else:
            file.unlink(missing_ok=True)
    return written


def write_folder(path: Path, scene: LayeredScene) -> None:
    """Write PNG files beside ``path``, ``scene.json``, which is written last."""
    folder = path.parent
    described = []
    for item in scene.objects:
        parts = dict(whole=item.whole(), seen=item.seen, hidden=item.hidden)
        files = {}
        for part, layer in parts.items():
            file = f'{item.number:03d}{"" if part == "whole" else f"_{part}"}.png'
            if layer is None:
                (folder / file).unlink(missing_ok=True)
                continue
            write_bytes(folder / file, _png(layer.image, scene))
            files[part] = dict(file=file, offset=[layer.left, layer.top])
        described.append({**item.details, 'layer_name': item.seen.name, 'files': files})
    write_bytes(folder / 'background.png', _png(scene.background, scene))
    height, width = scene.background.shape[:2]
    write_json(
        path,
        dict(
            width=width,
            height=height,
            background='background.png',
            objects=described,
            **scene.details,
        ),
    )


def write_openraster(path: Path, scene: LayeredScene) -> None:
    """Write one OpenRaster file (version 0.0.3), which Krita, MyPaint and others open."""
    height, width = scene.background.shape[:2]
    image = ElementTree.Element('image', version='0.0.3', w=str(width), h=str(height))
    stack = ElementTree.SubElement(image, 'stack')
    layers = scene.layers()
    for number, layer in reversed(list(enumerate(layers))):  # the front one first
        ElementTree.SubElement(
            stack,
            'layer',
            {
                'name': _xml_text(layer.name),
                'src': f'data/{number:03d}.png',
                'x': str(layer.left),
                'y': str(layer.top),
                'opacity': '1.0',
                'visibility': 'visible',
                'composite-op': 'svg:src-over',
            },
        )
    merged = scene.flatten()
    factor = min(1.0, _THUMBNAIL / max(width, height))
    size = max(1, round(width * factor)), max(1, round(height * factor))
    thumbnail = cv2.resize(merged, size, interpolation=cv2.INTER_AREA)
    data = io.BytesIO()
    with zipfile.ZipFile(data, 'w', zipfile.ZIP_STORED) as archive:
        archive.writestr('mimetype', 'image/openraster')  # first, and not compressed
        text = ElementTree.tostring(image, encoding='utf-8', xml_declaration=True)
        archive.writestr('stack.xml', text, zipfile.ZIP_DEFLATED)
        for number, layer in enumerate(layers):
            archive.writestr(f'data/{number:03d}.png', _png(layer.image, scene))
        archive.writestr('mergedimage.png', _png(merged, scene))
        archive.writestr('Thumbnails/thumbnail.png', _png(thumbnail, scene))
    write_bytes(path, data.getvalue())


def write_photoshop(path: Path, scene: LayeredScene) -> None:
    """Write one PSD file, which Photoshop, GIMP, Krita and others open.

    Raises:
        UserError: when psd-tools is missing.
    """
    psd_image, pixel_layer = _psd_tools()
    document = psd_image.frompil(Image.fromarray(scene.flatten()))
    for layer in scene.layers():  # the lowest one first
        # its create_pixel_layer would make a mask of the alpha channel
        pixel_layer.fromarray(
            np.ascontiguousarray(layer.image), document, layer.name, layer.top, layer.left
        )
    data = io.BytesIO()
    document.save(data)
    write_bytes(path, data.getvalue())


def check_formats(formats: tuple[str, ...]) -> None:
    """Refuse formats whose library is missing, before anything is computed.

    Raises:
        UserError: one sentence.
    """
    if 'psd' in formats:
        _psd_tools()


def _psd_tools() -> tuple[Any, Any]:
    try:
        from psd_tools import PSDImage
        from psd_tools.api.layers import PixelLayer
    except ImportError:
        raise UserError(
            'Photoshop files need psd-tools: pip install "seginpaint_mm[layers]", or leave the '
            'format psd out.'
        ) from None
    return PSDImage, PixelLayer


def _png(image: np.ndarray, scene: LayeredScene) -> bytes:
    order = [2, 1, 0, 3] if image.shape[2] == 4 else [2, 1, 0]
    return encode_png(image[..., order], scene.icc_profile)


def _xml_text(text: str) -> str:
    """Without the control characters that XML cannot hold."""
    return re.sub(r'[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]', '', text)
