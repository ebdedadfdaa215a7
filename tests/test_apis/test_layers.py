"""Photos taken apart: the layers, read by other programs' rules, show the photo again."""

import io
import json
import os
import struct
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mmengine.config import Config
from PIL import Image

from seginpaint_mm.apis import Layering, SegInpaintInferencer
from seginpaint_mm.apis.model_loading import DEFAULT_INSTANCES, INPAINTERS
from seginpaint_mm.datasets import COCOADataset, LoadAmodalObjects, LoadSceneImage
from seginpaint_mm.errors import ConfigError, UserError
from seginpaint_mm.geometry.masks import CroppedMasks
from seginpaint_mm.layers import with_rim
from seginpaint_mm.utils.config_files import config_folder, find_config
from tests.helpers.tool_runs import run_here

SIZE = (60, 90)
# psd-tools needs Python 3.11
WITH_PSD = ('png', 'ora', 'psd') if find_spec('psd_tools') else ('png', 'ora')


def photo(size: tuple[int, int] = SIZE) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)


def masks(size: tuple[int, int] = SIZE) -> np.ndarray:
    """An L behind a box, and a third object at the frame."""
    drawn = np.zeros((3, *size), bool)
    drawn[0, 10:40, 10:16] = drawn[0, 34:40, 10:50] = True
    drawn[1, 8:34, 16:60] = True
    drawn[2, 50:, 70:] = True
    return drawn


def mask_files(folder: Path) -> list[Path]:
    paths = [folder / f'm{number}.png' for number in range(3)]
    for path, mask in zip(paths, masks(), strict=True):
        cv2.imwrite(str(path), mask.astype(np.uint8) * 255)
    return paths


def over(canvas: np.ndarray, image: Image.Image, left: int, top: int) -> np.ndarray:
    """Pillow's own compositing."""
    below = Image.fromarray(canvas).convert('RGBA')
    layer = Image.new('RGBA', below.size)
    layer.paste(image.convert('RGBA'), (left, top))
    return np.asarray(Image.alpha_composite(below, layer).convert('RGB'))


def read_folder(path: Path) -> tuple[np.ndarray, dict]:
    scene = json.loads((path / 'scene.json').read_text())
    canvas = np.asarray(Image.open(path / scene['background']).convert('RGB'))
    for item in scene['objects'][::-1]:
        whole = item['files']['whole']
        canvas = over(canvas, Image.open(path / whole['file']), *whole['offset'])
    return canvas, scene


def read_openraster(path: Path) -> np.ndarray:
    with zipfile.ZipFile(path) as archive:
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type) == ('mimetype', zipfile.ZIP_STORED)
        assert archive.read('mimetype') == b'image/openraster'
        root = ElementTree.fromstring(archive.read('stack.xml'))
        canvas = np.zeros((int(root.get('h')), int(root.get('w')), 3), np.uint8)
        for layer in list(root.iter('layer'))[::-1]:
            image = Image.open(io.BytesIO(archive.read(layer.get('src'))))
            canvas = over(canvas, image, int(layer.get('x')), int(layer.get('y')))
        merged = np.asarray(Image.open(io.BytesIO(archive.read('mergedimage.png'))).convert('RGB'))
        assert max(Image.open(io.BytesIO(archive.read('Thumbnails/thumbnail.png'))).size) <= 256
    np.testing.assert_array_equal(merged, canvas)
    return canvas


def read_photoshop(path: Path) -> np.ndarray:
    """The layers on each other; Pillow reads the merged image."""
    with Image.open(path) as document:
        merged = np.asarray(document.convert('RGB'))
    canvas = np.zeros_like(merged)
    for _, image, left, top in photoshop_layers(path):
        canvas = over(canvas, Image.fromarray(image), left, top)
    np.testing.assert_allclose(merged.astype(int), canvas.astype(int), rtol=0, atol=1)
    return canvas


def photoshop_layers(path: Path) -> list[tuple[str, np.ndarray, int, int]]:
    """Layers of a PSD file by its specification: name, RGBA, left, top; the lowest first."""
    data = path.read_bytes()
    place = 26
    for _ in range(2):  # colour mode data, image resources
        place += 4 + struct.unpack_from('>I', data, place)[0]
    place += 8  # lengths of the layer and mask section, and of the layer info
    (count,) = struct.unpack_from('>h', data, place)
    place += 2
    records = []
    for _ in range(abs(count)):
        top, left, bottom, right, channels = struct.unpack_from('>iiiiH', data, place)
        place += 18
        sizes = [struct.unpack_from('>hI', data, place + 6 * k) for k in range(channels)]
        place += 6 * channels + 12
        (extra,) = struct.unpack_from('>I', data, place)
        begin = place = place + 4
        for _ in range(2):  # mask data, blending ranges
            place += 4 + struct.unpack_from('>I', data, place)[0]
        name = data[place + 1 : place + 1 + data[place]].decode('macroman')
        place = begin + extra
        records.append((name, (bottom - top, right - left), left, top, sizes))
    layers = []
    for name, shape, left, top, sizes in records:
        image = np.zeros((*shape, 4), np.uint8)
        for channel, size in sizes:
            plane = _plane(data[place : place + size], shape)
            image[..., 3 if channel == -1 else channel] = plane
            place += size
        layers.append((name, image, left, top))
    return layers


def _plane(data: bytes, shape: tuple[int, int]) -> np.ndarray:
    (compression,) = struct.unpack_from('>H', data)
    assert compression in (0, 1), 'raw or PackBits'
    if compression == 0:
        return np.frombuffer(data, np.uint8, shape[0] * shape[1], 2).reshape(shape)
    place, values = 2 + 2 * shape[0], bytearray()
    while len(values) < shape[0] * shape[1]:
        head = struct.unpack_from('b', data, place)[0]
        if head >= 0:
            values += data[place + 1 : place + 2 + head]
            place += 2 + head
        else:
            values += data[place + 1 : place + 2] * (1 - head) if head > -128 else b''
            place += 2 if head > -128 else 1
    return np.frombuffer(bytes(values), np.uint8).reshape(shape)


@pytest.fixture(scope='module')
def taken_apart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp('layers')
    layering = Layering(formats=WITH_PSD)
    inferencer = SegInpaintInferencer(
        'convex-hull_cocoa-sample', device='cpu', show_progress=False, task='layers',
        layering=layering,
    )  # fmt: skip
    cv2.imwrite(str(root / 'a.png'), photo())
    results = inferencer(root / 'a.png', masks=masks(), out_dir=root / 'out')
    assert results['failures'] == []
    return root


def test_all_formats_show_the_photo(taken_apart: Path) -> None:
    root = taken_apart / 'out/pred/layers'
    expected = photo()[..., ::-1]
    folder, scene = read_folder(root / 'a')
    canvases = [folder, read_openraster(root / 'a.ora')]
    if 'psd' in WITH_PSD:
        canvases.append(read_photoshop(root / 'a.psd'))
    for canvas in canvases:
        np.testing.assert_allclose(canvas.astype(int), expected.astype(int), rtol=0, atol=1)
    assert (scene['height'], scene['width']) == SIZE
    objects = {item['object']: item for item in scene['objects']}
    assert [item['depth'] for item in scene['objects']] == [0, 1, 2], 'front first'
    (hiding,) = objects[1]['hidden_by']
    assert hiding['object'] == 2
    assert hiding['percent'] == pytest.approx(objects[1]['hidden_percent'])
    assert objects[2]['depth'] < objects[1]['depth']
    assert objects[3]['cut_off_by_frame'] == ['right', 'bottom']
    assert scene['background_by'] == 'telea'
    assert scene['notes'] == ['no model of the layout is named']


def test_parts_of_an_object(taken_apart: Path) -> None:
    """What is seen and what was painted share no pixel, are cropped, and make up the whole."""
    root = taken_apart / 'out/pred/layers/a'
    scene = json.loads((root / 'scene.json').read_text())
    item = next(item for item in scene['objects'] if item['object'] == 1)
    assert item['layer_name'] == 'object 1'
    covered = {}
    for part, file in item['files'].items():
        image = np.asarray(Image.open(root / file['file']))
        left, top = file['offset']
        covered[part] = np.zeros(SIZE, bool)
        covered[part][top : top + len(image), left : left + image.shape[1]] = image[..., 3] > 0
        for edge in (image[0], image[-1], image[:, 0], image[:, -1]):
            assert (edge[..., 3] > 0).any(), 'cropped to its box'
    assert not (covered['seen'] & covered['hidden']).any()
    np.testing.assert_array_equal(covered['whole'], covered['seen'] | covered['hidden'])
    assert (covered['seen'] & masks()[0]).sum() == masks()[0].sum()
    background = np.asarray(Image.open(root / 'background.png'))[..., ::-1]
    hole = (background != photo()).any(axis=2)
    grown = cv2.dilate(masks().any(axis=0).astype(np.uint8), np.ones((5, 5))) > 0
    assert not (hole & ~grown).any(), 'the photo but for the objects'
    assert hole[20:30, 20:50].mean() > 0.9


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 4))
def test_a_rim_goes_to_the_nearest_object(seed: int, rim: int) -> None:
    random = np.random.default_rng(seed)
    drawn = np.zeros((3, 20, 24), bool)
    for mask in drawn:
        top, left = random.integers(0, 16), random.integers(0, 20)
        mask[top : top + 4, left : left + 4] = True
    grown = with_rim(CroppedMasks.pack(drawn, (20, 24)), rim).numpy()
    assert not (drawn & ~grown).any()
    new = grown & ~drawn
    assert not (new & drawn.any(axis=0)).any(), 'only where there is no object'
    assert new.sum(axis=0).max(initial=0) <= 1
    distances = np.stack([cv2.distanceTransform((~m).astype(np.uint8), 2, 5) for m in drawn])
    assert (distances[new] <= rim).all()
    reached = (distances.min(axis=0) <= rim) & ~drawn.any(axis=0)
    np.testing.assert_array_equal(new.any(axis=0), reached)


def test_feathered_edges_fade_out(tmp_path: Path) -> None:
    layering = Layering(feather=3, rim=0, formats=('png',))
    inferencer = SegInpaintInferencer(
        'convex-hull_cocoa-sample', device='cpu', show_progress=False, task='layers',
        layering=layering,
    )  # fmt: skip
    (sample,) = inferencer(photo(), masks=masks())['predictions']
    (item,) = [item for item in sample.pred_layers.objects if item.number == 3]
    alpha = item.seen.image[..., 3]
    assert alpha[-1, -1] == 255, 'the frame is no edge'
    assert 0 < alpha[0, 10] < alpha[1, 10] < alpha[2, 10] < 255
    assert item.hidden is None


def test_no_objects_and_grey_borders(tmp_path: Path) -> None:
    inferencer = SegInpaintInferencer(
        'convex-hull_cocoa-sample', device='cpu', show_progress=False, task='layers'
    )
    results = inferencer(photo(), masks=[], out_dir=tmp_path)
    assert results['failures'] == []
    canvas, scene = read_folder(tmp_path / 'pred/layers/image_00000')
    np.testing.assert_array_equal(canvas, photo()[..., ::-1])
    assert scene['objects'] == []
    everything = np.ones((1, *SIZE), bool)
    assert len(inferencer(photo(), masks=everything)['failures']) == 1


def test_real_photos(tmp_path: Path) -> None:
    """COCOA: every layer of three photos, by the hull and Telea, exact in OpenRaster."""
    root = os.environ.get('SEGINPAINT_DATA')
    if not root:
        pytest.skip('SEGINPAINT_DATA is not set: it names the folder of real data')
    data = COCOADataset(f'{root}/cocoa_sample', pipeline=[LoadSceneImage(), LoadAmodalObjects()])
    inferencer = SegInpaintInferencer(
        'convex-hull_cocoa-sample', device='cpu', show_progress=False, task='layers'
    )
    for item in data:
        out = tmp_path / Path(item['img_path']).stem
        inferencer(item['img'], masks=item['gt_visible_masks'], out_dir=out, draw=False)
        canvas = read_openraster(out / 'pred/layers/image_00000.ora')
        np.testing.assert_array_equal(canvas, item['img'][..., ::-1])


def test_command_and_parts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One config names the parts; what is given beside it goes before it."""
    image, files = tmp_path / 'a.png', mask_files(tmp_path)
    cv2.imwrite(str(image), photo())
    parts = tmp_path / 'mine.py'
    parts.write_text(
        "parts = dict(completion=dict(config='convex-hull_cocoa-sample'), "
        "inpainter=dict(config='telea_street'), "
        "layers=dict(rim=0, formats=['ora']))"
    )
    out = tmp_path / 'out'
    run_here(
        'infer', image, '--parts', parts, '--rim', 1, '--out-dir', out, '--device', 'cpu',
        '--no-vis', '--masks', *files,
    )  # fmt: skip
    (entry,) = json.loads((out / 'predictions.json').read_text())['predictions']
    assert entry['layers'] == dict(ora='pred/layers/a.ora')
    assert (entry['background_by'], entry['rim']) == ('telea_street', 1)
    np.testing.assert_array_equal(read_openraster(out / entry['layers']['ora']), photo()[..., ::-1])
    parts.write_text("parts = dict(painter=dict(config='x'))")
    for arguments, message in (
        (['--parts', parts], "parts has no 'painter', only instances"),
        (['--task', 'complete', '--rim', 1], 'rim: such options are for --task layers'),
        (
            ['--task', 'layers', '--rim=-1'],
            'whole number of pixels from 0 to 1000, not -1',
        ),
    ):
        with pytest.raises((SystemExit, ConfigError)):
            run_here('infer', image, *arguments, '--device', 'cpu', '--masks', *files)
        assert message in capsys.readouterr().err


def test_shipped_parts_name_what_exists() -> None:
    for path in sorted((config_folder() / '_base_/scenes').glob('*.py')):
        for part in Config.fromfile(path).parts.values():
            if part.get('config', 'telea') not in (*INPAINTERS, DEFAULT_INSTANCES):
                find_config(Path(part['config']).name)


def test_wrong_options() -> None:
    with pytest.raises(ValueError, match='written as png, ora, psd.*not as tiff'):
        Layering(formats=('tiff',))
    for feather in (-1, 0.5, 'x', 10**6):
        with pytest.raises(ValueError, match='feather is a whole number of pixels from 0 to 1000'):
            Layering(feather=feather)
    with pytest.raises(UserError, match="Layers are made by task='layers'"):
        SegInpaintInferencer('convex-hull_cocoa-sample', device='cpu', layering=Layering())


def test_missing_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'psd_tools', None)
    with pytest.raises(UserError, match=r'pip install "seginpaint_mm\[layers\]"'):
        SegInpaintInferencer(
            'convex-hull_cocoa-sample', device='cpu', show_progress=False, task='layers',
            layering=Layering(formats=('psd',)),
        )  # fmt: skip
