"""What the page's API makes of forms: completed objects, layouts, layers, objects by name."""

import base64
import io
import zipfile
from collections.abc import Iterator

import numpy as np
import pytest
import requests
from PIL import Image

from seginpaint_mm.apis import Removal, SegInpaintInferencer, complete, remove
from seginpaint_mm.app import Service
from seginpaint_mm.app.actions import ACTIONS
from tests.helpers.serving import SIZE, Finder, form, masks, photo, png, serving


@pytest.fixture(scope='module')
def address() -> Iterator[str]:
    with serving(Service('telea', Finder(), layout='pspnet_r18_small_street')) as address:
        yield address


def image_of(text: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(text))))


def with_masks(seen: np.ndarray | None = None) -> list[tuple]:
    files = [('image', ('a.png', png(photo())))]
    chosen = masks() if seen is None else seen
    return files + [('mask', (f'{number}.png', png(mask))) for number, mask in enumerate(chosen)]


def test_completed_objects_are_those_of_the_python_api(address: str) -> None:
    seen = masks()
    seen[1] &= ~seen[0]
    answer = requests.post(f'{address}/api/complete', files=with_masks(seen), timeout=60)
    assert answer.status_code == 200, answer.text
    pixels = np.asarray(photo())
    expected = complete(np.ascontiguousarray(pixels[..., ::-1]), seen)
    assert any(whole.full_mask.sum() > whole.mask.sum() for whole in expected)
    for item, whole in zip(answer.json()['objects'], expected, strict=True):
        assert item['box'] == list(whole.box)
        left, top, right, bottom = whole.box
        window = np.s_[top:bottom, left:right]
        np.testing.assert_array_equal(image_of(item['full_mask']), whole.full_mask[window])
        np.testing.assert_array_equal(image_of(item['image']), whole.cutout)


def test_the_layout_is_that_of_the_network(address: str) -> None:
    answer = requests.post(f'{address}/api/layout', files=form(image=png(photo())), timeout=60)
    found = answer.json()
    layout = image_of(found['map'])
    assert layout.shape == np.asarray(photo()).shape[:2]
    assert len(found['classes']) == len(found['palette']) > layout.max()
    assert 'road' in found['classes']


@pytest.mark.parametrize(('kind', 'member'), [('ora', 'mergedimage.png'), ('png', 'scene.json')])
def test_layers_are_written_as_asked_for(address: str, kind: str, member: str) -> None:
    answer = requests.post(
        f'{address}/api/layers', files=with_masks(), data=dict(format=kind), timeout=60
    )
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert member in archive.namelist()
    assert answer.headers['content-type'] in ACTIONS['layers'].types


@pytest.mark.parametrize(
    'named', [dict(classes='chair, lamp'), dict(click='18,20'), dict(box='10,10,20,30')], ids=str
)
def test_objects_are_removed_by_name(address: str, named: dict) -> None:
    answer = requests.post(
        f'{address}/api/remove', files=form(image=png(photo())), data=named, timeout=60
    )
    chosen = masks().any(axis=0) if 'classes' in named else masks()[0]
    how = Removal(classes=['chair', 'lamp']) if 'classes' in named else Removal(ids=[1])
    expected = remove(photo(), removal=how, inpainter='telea', instances=Finder())
    painted = np.asarray(Image.open(io.BytesIO(answer.content)))
    np.testing.assert_array_equal(painted, expected)
    assert (painted != np.asarray(photo()))[chosen].any()


@pytest.mark.parametrize(
    ('path', 'data', 'sentence'),
    [
        ('remove', dict(click='a,b'), 'click is 2 whole numbers'),
        ('remove', dict(classes='dog'), "there is no class 'dog'"),
        ('remove', dict(feather='-1', classes='lamp'), 'feather is a number of pixels'),
        ('remove', dict(feather='9' * 5000, classes='lamp'), 'feather is a number of pixels, not'),
        ('layers', dict(format='gif'), 'format is ora, psd, png'),
        ('layers', dict(feather='30000'), 'pixels from 0 to 1000, not 30000'),
    ],
    ids=lambda value: str(value)[:40],
)
def test_wrong_fields_are_said(address: str, path: str, data: dict, sentence: str) -> None:
    files = with_masks() if path == 'layers' else form(image=png(photo()))
    answer = requests.post(f'{address}/api/{path}', files=files, data=data, timeout=60)
    assert answer.status_code == 422
    assert sentence in answer.json()['error']


def test_masks_of_objects_are_read_like_files(address: str) -> None:
    """By their transparency, their values of 0 and 1, or their edges' greys."""
    alpha = [
        np.dstack([np.full((*SIZE, 3), 255, np.uint8), mask * np.uint8(255)]) for mask in masks()
    ]
    answers = [
        requests.post(
            f'{address}/api/complete',
            files=[('image', ('a', png(photo()))), *(('mask', ('b', png(mask))) for mask in drawn)],
            timeout=60,
        ).json()
        for drawn in (masks() * np.uint8(255), masks() * np.uint8(1), alpha)
    ]
    assert len(answers[0]['objects']) == 2
    assert answers[0] == answers[1] == answers[2]
    files = [('image', ('a', png(photo()))), ('mask', ('b', png(photo())))]
    answer = requests.post(f'{address}/api/complete', files=files, timeout=60)
    assert answer.status_code == 422
    assert 'colours of a photo' in answer.json()['error']


def test_what_is_not_loaded_is_said() -> None:
    with serving(Service('telea')) as address:
        status = requests.get(f'{address}/api/status', timeout=60).json()
        assert (status['layout'], status['finds_objects']) == (None, False)
        for path, data, option in (
            ('layout', {}, '--layout'),
            ('remove', dict(classes='dog'), '--instances'),
        ):
            answer = requests.post(
                f'{address}/api/{path}', files=form(image=png(photo())), data=data, timeout=60
            )
            assert answer.status_code == 422
            assert option in answer.json()['error']


def test_the_service_has_each_model_once() -> None:
    service = Service('telea')
    assert service._remover.model is service._painter.model
    other = service._completer.for_task('layers')
    assert other.model is service._completer.model
    assert type(other.task) is not type(service._completer.task)
    assert isinstance(other, SegInpaintInferencer)


def test_the_description_names_what_there_is(address: str) -> None:
    described = requests.get(f'{address}/openapi.json', timeout=60).json()
    assert described['openapi'].startswith('3.1')
    for name, action in ACTIONS.items():
        post = described['paths'][f'/api/{name}']['post']
        properties = post['requestBody']['content']['multipart/form-data']['schema']['properties']
        assert set(properties) == set(action.fields)
        assert set(action.types) < set(post['responses']['200']['content'])
    for path, item in described['paths'].items():
        for method in item:
            answer = requests.request(method, address + path.format(job='none'), timeout=60)
            assert str(answer.status_code) in item[method]['responses'], (path, answer.status_code)
