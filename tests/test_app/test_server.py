"""The page's API over HTTP, from a real server: results, limits, and who may ask."""

import base64
import io
import shutil
import subprocess
import threading
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import requests
import uvicorn
from PIL import Image

from seginpaint_mm.apis import Removal, remove
from seginpaint_mm.apis.given_masks import MaskSource, VisibleObjects
from seginpaint_mm.apis.inputs import SceneInput
from seginpaint_mm.app import Service, make_app, server

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


@contextmanager
def serving(token: str | None = None) -> Iterator[str]:
    app = make_app(Service('telea', Finder()), token)
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


@pytest.fixture(scope='module')
def address() -> Iterator[str]:
    with serving() as address:
        yield address


def form(**files: bytes) -> dict:
    return {name: (f'{name}.png', data) for name, data in files.items()}


def test_removing_gives_the_bytes_of_the_python_api(address: str) -> None:
    files = form(image=png(photo()), mask=png(masks()[1]))
    answer = requests.post(
        f'{address}/api/remove', files=files, data=dict(grow='2', feather='0'), timeout=60
    )
    assert answer.status_code == 200, answer.text
    expected = remove(photo(), masks()[1], removal=Removal(grow='2', feather=0), inpainter='telea')
    np.testing.assert_array_equal(Image.open(io.BytesIO(answer.content)), expected)


def test_objects_are_found_with_a_map_to_click_at(address: str) -> None:
    answer = requests.post(f'{address}/api/objects', files=form(image=png(photo())), timeout=60)
    found = answer.json()
    assert [item['name'] for item in found['objects']] == ['chair', 'lamp']
    assert found['objects'][0]['box'] == [10, 10, 20, 30]
    numbers = np.asarray(Image.open(io.BytesIO(base64.b64decode(found['map']))))
    assert numbers[20, 18] == 1, 'the most certain one is in front'
    assert numbers[35, 35] == 2
    assert numbers[0, 0] == 0


def test_layers_are_an_openraster_file(address: str) -> None:
    files = [('image', ('a.png', png(photo())))]
    files += [('mask', (f'{number}.png', png(mask))) for number, mask in enumerate(masks())]
    answer = requests.post(f'{address}/api/layers', files=files, timeout=60)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        merged = Image.open(io.BytesIO(archive.read('mergedimage.png'))).convert('RGB')
    np.testing.assert_array_equal(merged, photo())


def test_the_page_needs_nothing_from_elsewhere(address: str) -> None:
    for name in ('', 'page.js', 'page.css'):
        answer = requests.get(f'{address}/{name}', timeout=60)
        assert answer.status_code == 200
        assert 'http' not in answer.text
        assert "default-src 'self'" in answer.headers['Content-Security-Policy']
    assert requests.get(f'{address}/../server.py', timeout=60).status_code == 404


def test_many_at_once_lose_none(address: str) -> None:
    files = form(image=png(photo()), mask=png(masks()[0]))

    def ask(_: int) -> bytes:
        return requests.post(f'{address}/api/remove', files=files, timeout=60).content

    with ThreadPoolExecutor(16) as pool:
        answers = set(pool.map(ask, range(32)))
    assert len(answers) == 1
    assert answers.pop().startswith(b'\x89PNG')


@pytest.mark.parametrize(
    ('files', 'status', 'sentence'),
    [
        (dict(image=b'no image', mask=b'none'), 415, 'no image that can be read'),
        (dict(image=png(photo())), 422, 'The form lacks an image'),
        (dict(image=png(photo()), mask=png(masks()[0, :20])), 422, 'mask'),
        (dict(image=png(photo())[:200], mask=png(masks()[0])), 415, 'no image that can be read'),
    ],
    ids=['no image', 'no mask', 'another size', 'broken'],
)
def test_mistakes_are_said(address: str, files: dict, status: int, sentence: str) -> None:
    answer = requests.post(f'{address}/api/remove', files=form(**files), timeout=60)
    assert answer.status_code == status
    assert sentence in answer.json()['error']


def test_limits(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    files = form(image=png(photo()), mask=png(masks()[0]))
    for name, value, status in (
        ('MOST_PIXELS', 48 * 64 - 1, 413),
        ('MOST_BYTES', 1000, 413),
        ('MOST_WAITING', 0, 503),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(server, name, value)
            answer = requests.post(f'{address}/api/remove', files=files, timeout=60)
            assert (name, answer.status_code) == (name, status)
            assert answer.json()['error']
    chunked = requests.post(f'{address}/api/remove', data=iter([b'a']), timeout=60)
    assert chunked.status_code == 411


@pytest.mark.parametrize(
    ('headers', 'status'),
    [
        ({'Host': 'evil.example'}, 403),
        ({'Origin': 'http://evil.example'}, 403),
        ({'Origin': 'null'}, 403),
        ({'Host': 'localhost', 'Origin': 'http://localhost'}, 200),
    ],
    ids=str,
)
def test_other_sites_may_not_ask(address: str, headers: dict, status: int) -> None:
    files = form(image=png(photo()), mask=png(masks()[0]))
    answer = requests.post(f'{address}/api/remove', files=files, headers=headers, timeout=60)
    assert answer.status_code == status


def test_a_token_opens_the_page_to_other_machines() -> None:
    files = form(image=png(photo()))
    with serving('secret') as address:
        for headers, status in (
            ({}, 401),
            ({'Authorization': 'Bearer other'}, 401),
            ({'Authorization': 'Bearer secret', 'Host': 'my.machine'}, 200),
        ):
            answer = requests.post(
                f'{address}/api/objects', files=files, headers=headers, timeout=60
            )
            assert answer.status_code == status
        assert requests.get(f'{address}/', timeout=60).status_code == 401
        assert requests.get(f'{address}/?token=secret', timeout=60).status_code == 200


def test_the_script_can_be_read(tmp_path: Path) -> None:
    node = shutil.which('node')
    if node is None:
        pytest.skip('needs node')
    copy = tmp_path / 'page.mjs'
    copy.write_bytes((server.PAGE / 'page.js').read_bytes())
    done = subprocess.run([node, '--check', copy], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
