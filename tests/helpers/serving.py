"""A real server of the page, and what is sent to it."""

import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import uvicorn
from PIL import Image

from seginpaint_mm.apis.inputs import SceneInput
from seginpaint_mm.apis.mask_sources import MaskSource, VisibleObjects
from seginpaint_mm.app import Service, make_app

SIZE = (48, 64)


class Finder(MaskSource):
    finds = True

    def objects(self, scene: SceneInput, image: np.ndarray) -> VisibleObjects:
        return VisibleObjects(masks(), names=('chair', 'lamp'), scores=(0.9, 0.8))


def masks() -> np.ndarray:
    drawn = np.zeros((2, *SIZE), bool)
    drawn[0, 10:30, 10:20] = True
    drawn[1, 15:40, 15:40] = True
    return drawn


def photo() -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (*SIZE, 3), np.uint8)
    return Image.fromarray(pixels)


def png(image: Image.Image | np.ndarray) -> bytes:
    data = io.BytesIO()
    (Image.fromarray(image) if isinstance(image, np.ndarray) else image).save(data, 'PNG')
    return data.getvalue()


def form(**files: bytes) -> dict:
    return {name: (f'{name}.png', data) for name, data in files.items()}


@contextmanager
def serving(service: Service, token: str | None = None) -> Iterator[str]:
    app = make_app(service, token)
    web = uvicorn.Server(uvicorn.Config(app, port=0, log_level='error'))
    thread = threading.Thread(target=web.run)
    thread.start()
    while not web.started:
        time.sleep(0.01)
    port = web.servers[0].sockets[0].getsockname()[1]
    try:
        yield f'http://127.0.0.1:{port}'
    finally:
        web.should_exit = True
        thread.join()
