"""The page's API over HTTP, from a real server: results, limits, and who may ask."""

import base64
import io
import socket
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import requests
from PIL import Image

from seginpaint_mm.apis import Removal, remove
from seginpaint_mm.app import Service, server
from seginpaint_mm.commands.serve import address_of
from tests.helpers.serving import Finder, form, masks, photo, png, serving


@pytest.fixture(scope='module')
def address() -> Iterator[str]:
    with serving(Service('telea', Finder())) as address:
        yield address


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
        answers = set(pool.map(ask, range(50)))
    assert len(answers) == 1
    assert answers.pop().startswith(b'\x89PNG')


@pytest.mark.parametrize(
    ('files', 'status', 'sentence'),
    [
        (dict(image=b'no image', mask=b'none'), 415, 'no image that can be read'),
        (dict(mask=png(masks()[0])), 422, 'The form lacks an image'),
        (dict(image=png(photo())), 422, 'Nothing is named to be removed'),
        (dict(image=png(photo()), mask=png(masks()[0, :20])), 422, 'mask'),
        (dict(image=png(photo())[:200], mask=png(masks()[0])), 415, 'no image that can be read'),
    ],
    ids=['no image', 'no photo', 'no mask', 'another size', 'broken'],
)
def test_mistakes_are_said(address: str, files: dict, status: int, sentence: str) -> None:
    answer = requests.post(f'{address}/api/remove', files=form(**files), timeout=60)
    assert answer.status_code == status
    assert sentence in answer.json()['error']


@pytest.mark.parametrize(
    ('fields', 'sentence'),
    [
        ([('feahter', '0')], "The form has a field 'feahter', but takes image, mask, classes"),
        ([('classes', 'lamp'), ('classes', 'chair')], "2 times the field 'classes': send one"),
        ([('click', '18,20'), ('click', '30,30')], "2 times the field 'click': send one"),
    ],
    ids=str,
)
def test_no_field_is_left_out(address: str, fields: list, sentence: str) -> None:
    files = form(image=png(photo()))
    answer = requests.post(f'{address}/api/remove', files=files, data=fields, timeout=60)
    assert (answer.status_code, sentence in answer.json()['error']) == (422, True), answer.text
    masked = [('mask', ('a.png', png(mask))) for mask in masks()]
    answer = requests.post(f'{address}/api/remove', files=[*files.items(), *masked], timeout=60)
    assert answer.status_code == 422
    assert "2 times the field 'mask'" in answer.json()['error']


def test_what_is_wrong_is_named(address: str) -> None:
    files = form(image=png(photo()), mask=b'no image')
    answer = requests.post(f'{address}/api/remove', files=files, timeout=60)
    assert answer.status_code == 415
    assert "The file 'mask' is no image" in answer.json()['error']
    assert 'send JPEG, PNG, WebP, BMP or TIFF' in answer.json()['error']
    answer = requests.post(f'{address}/api/remove', json=dict(image='photo.png'), timeout=60)
    assert answer.status_code == 415
    sentence = 'Send a form, multipart/form-data, not application/json.'
    assert answer.json()['error'] == sentence


def test_limits(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    files = form(image=png(photo()), mask=png(masks()[0]))
    for name, value, status in (
        ('MOST_PIXELS', 48 * 64 - 1, 413),
        ('MOST_BYTES', 1000, 413),
        ('MOST_WAITING', 0, 429),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(server, name, value)
            answer = requests.post(f'{address}/api/remove', files=files, timeout=60)
            assert (name, answer.status_code) == (name, status)
            assert answer.json()['error']
    monkeypatch.setattr('PIL.Image.MAX_IMAGE_PIXELS', 48 * 64 // 2 - 1)  # Pillow opens no more
    answer = requests.post(f'{address}/api/remove', files=files, timeout=60)
    assert (answer.status_code, 'megapixels' in answer.json()['error']) == (413, True)
    chunked = requests.post(f'{address}/api/remove', data=iter([b'a']), timeout=60)
    assert chunked.status_code == 411


@pytest.mark.parametrize(
    ('headers', 'status'),
    [
        ({'Host': 'evil.example'}, 403),
        ({'Origin': 'http://evil.example'}, 403),
        ({'Origin': 'null'}, 403),
        ({'Origin': 'http://[bad'}, 403),
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
    with serving(Service('telea', Finder()), 'secret') as address:
        for headers, status in (
            ({}, 401),
            ({'Authorization': 'Bearer other'}, 401),
            ({'Authorization': 'Bearer secret', 'Host': 'my.machine'}, 200),
            ({'Authorization': 'bearer secret'}, 200),
        ):
            answer = requests.post(
                f'{address}/api/objects', files=files, headers=headers, timeout=60
            )
            assert answer.status_code == status
        assert requests.get(f'{address}/', timeout=60).status_code == 401
        assert requests.get(f'{address}/?token=secret', timeout=60).status_code == 200


def test_an_upload_that_breaks_off_is_no_fault(capfd: pytest.CaptureFixture[str]) -> None:
    head = (
        'POST /api/remove HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n'
        'Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n'
    )
    with serving(Service('telea')) as address:
        port = int(address.rpartition(':')[2])
        with socket.create_connection(('127.0.0.1', port)) as sent:
            sent.sendall(head.encode())
        assert requests.get(f'{address}/api/status', timeout=60).json()['waiting'] == 0
    assert 'Traceback' not in capfd.readouterr().err


def test_the_address_that_is_printed_can_be_opened() -> None:
    assert address_of('127.0.0.1', 80, None) == 'http://127.0.0.1:80/'
    assert address_of('::1', 80, None) == 'http://[::1]:80/'
    name = socket.gethostname()
    assert address_of('0.0.0.0', 80, 'secret') == f'http://{name}:80/?token=secret'
