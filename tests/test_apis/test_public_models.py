"""Public networks by name, end to end: from a server to the image without its persons."""

import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from seginpaint_mm.apis import (
    Layering,
    SegInpaintInferencer,
    find_inpainter,
    find_instance_model,
    layers,
    remove,
)
from seginpaint_mm.commands import infer
from seginpaint_mm.errors import UserError
from seginpaint_mm.interop.mmdet import find_indexed
from seginpaint_mm.zoo import CACHE, WEIGHTS
from tests.helpers.stand_ins import LikeLaMa, LikeMIGAN, mask_rcnn, put_into_cache, scripted
from tests.helpers.weight_server import WeightServer

SIZE = (60, 80)
BLUE = (255, 0, 0)  # BGR


@pytest.fixture(scope='module')
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp('photos') / 'photo.png'
    cv2.imwrite(str(path), np.random.default_rng(0).integers(0, 200, (*SIZE, 3), np.uint8))
    mask = np.zeros(SIZE, np.uint8)
    mask[20:40, 30:50] = 255
    cv2.imwrite(str(path.with_name('mask.png')), mask)
    return path


@pytest.fixture(scope='module', autouse=True)
def stand_ins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WeightServer]:
    """LaMa at a server, the others in the cache; no folder of a training is there."""
    with (
        pytest.MonkeyPatch.context() as patch,
        WeightServer(scripted(LikeLaMa())) as server,
    ):
        patch.setenv(CACHE, str(tmp_path_factory.mktemp('cache')))
        patch.chdir(tmp_path_factory.mktemp('empty'))
        lama = server.weights(**{**vars(WEIGHTS['lama']), 'url': f'{server.address}/big-lama.pt'})
        patch.setitem(WEIGHTS, 'lama', put_into_cache(lama, server.content))
        lama.path.unlink()
        for name, content in (
            ('migan', scripted(LikeMIGAN(512))),
            ('maskrcnn', mask_rcnn()),
        ):
            patch.setitem(WEIGHTS, name, put_into_cache(WEIGHTS[name], content))
        yield server


def run(photo: Path, out: Path, *arguments: str) -> tuple[np.ndarray, dict]:
    infer.main([str(photo), '--device', 'cpu', '--no-vis', '--out-dir', str(out), *arguments])
    image = cv2.imread(str(out / 'pred' / 'image' / 'photo.png'))
    return image, json.loads((out / 'predictions.json').read_text())['predictions'][0]


def test_a_person_is_removed_without_any_config(
    photo: Path, tmp_path: Path, stand_ins: WeightServer
) -> None:
    """Found by Mask R-CNN, painted by LaMa, which comes from the server."""
    options = ('--task', 'remove', '--class', 'person', '--look-size', '64', '--feather', '0')
    image, entry = run(photo, tmp_path, *options)
    assert [path for path, _ in stand_ins.asked] == ['/big-lama.pt']
    removed = [found for found in entry['objects'] if found['removed']]
    assert [found['class'] for found in removed] == ['person']
    assert removed[0]['score'] > 0.9
    hole = cv2.imread(str(tmp_path / 'pred' / 'hole' / 'photo.png'), -1) > 0
    assert (image[hole] == BLUE).all()
    np.testing.assert_array_equal(image[~hole], cv2.imread(str(photo))[~hole])


@pytest.mark.parametrize('name', ['migan', 'telea', 'navier-stokes', 'lama'])
@pytest.mark.parametrize('task', ['remove --feather 0', 'fill'])
def test_every_inpainter_by_its_name(photo: Path, tmp_path: Path, name: str, task: str) -> None:
    mask = cv2.imread(str(photo.with_name('mask.png')), -1) > 0
    options = ('--masks', str(photo.with_name('mask.png')), '--task', *task.split())
    image, _ = run(photo, tmp_path, *options, '--inpainter', name)
    np.testing.assert_array_equal(image[~mask], cv2.imread(str(photo))[~mask])
    if name in ('migan', 'lama'):
        assert (image[mask] == BLUE).all()


def test_lama_fills_where_nothing_is_named(photo: Path, tmp_path: Path) -> None:
    image, _ = run(photo, tmp_path, '--task', 'fill', '--masks', str(photo.with_name('mask.png')))
    assert (image[25:35, 35:45] == BLUE).all()


@pytest.fixture
def empty_cache(stand_ins: WeightServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list:
    monkeypatch.setenv(CACHE, str(tmp_path / 'cache'))
    stand_ins.asked.clear()
    return stand_ins.asked


@pytest.mark.parametrize(
    ('name', 'sentence'),
    [('photo.png', 'colours of a photo'), ('small.png', '4x4 pixels'), ('no.png', 'no such file')],
)
def test_mistakes_in_masks_cost_no_download(
    photo: Path, empty_cache: list, capsys: pytest.CaptureFixture[str], name: str, sentence: str
) -> None:
    cv2.imwrite(str(photo.with_name('small.png')), np.full((4, 4), 255, np.uint8))
    mask = photo.with_name(name)
    with pytest.raises(ValueError, match=sentence):
        remove(photo, mask, inpainter='lama')
    with pytest.raises(ValueError, match=sentence):
        layers(photo, mask, layering=Layering(inpainter='lama'))
    with pytest.raises(ValueError, match='absent.png'):
        remove(photo.with_name('absent.png'), classes='person')
    for task in ('remove', 'fill', 'layers'):
        with pytest.raises(SystemExit):
            run(photo, mask, '--task', task, '--masks', str(mask), '--inpainter', 'lama')
        assert sentence in capsys.readouterr().err
    assert empty_cache == []


def test_one_good_mask_of_several_is_worth_a_download(
    photo: Path, empty_cache: list, tmp_path: Path
) -> None:
    for folder in ('photos', 'masks'):
        (tmp_path / folder).mkdir()
    for name in ('a', 'b'):
        (tmp_path / f'photos/{name}.png').write_bytes(photo.read_bytes())
    mask = photo.with_name('mask.png').read_bytes()
    options = ('--masks', str(tmp_path / 'masks'), '--inpainter', 'lama', '--task', 'fill')
    photos = tmp_path / 'photos'
    with pytest.raises(SystemExit):
        run(photos, tmp_path / 'out', *options)
    assert empty_cache == []
    (tmp_path / 'masks/b.png').write_bytes(mask)
    with pytest.raises(SystemExit):
        run(photos, tmp_path / 'out', *options)
    assert len(empty_cache) == 1
    assert (tmp_path / 'out/pred/image/b.png').exists()


def test_a_network_of_a_fixed_size_fills_patches(photo: Path) -> None:
    """Of a photo that it would see reduced, also where it is below two megapixels."""
    model = SegInpaintInferencer(find_inpainter('migan'), device='cpu', show_progress=False)
    image = np.full((530, 600, 3), 90, np.uint8)
    mask = np.zeros((530, 600), bool)
    mask[300:310, 500:520] = True
    (sample,) = model(image, masks=mask, draw=False)['predictions']
    assert sample.patches == [(88, 18, 600, 530)]


def test_mistakes_are_said(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        infer.parse_args([str(photo), '--config', 'telea_street', '--inpainter', 'telea'])
    assert 'give --config or --inpainter, not both' in capsys.readouterr().err
    with pytest.raises(UserError, match='torchvision has its own weights'):
        find_instance_model('torchvision', 'own.pth')
    options = ('--inpainter', 'telea', '--class', 'N/A')
    with pytest.raises(SystemExit):
        run(photo, photo.parent / 'out', *options)
    assert 'no class' in capsys.readouterr().err


def test_mmdets_index_names_a_config_and_weights() -> None:
    config, address = find_indexed('mask-rcnn_r50_fpn_2x_coco')
    assert config.is_file()
    assert config.name == 'mask-rcnn_r50_fpn_2x_coco.py'
    assert address.endswith('.pth')
    assert find_indexed('mmdet::mask-rcnn_r50_fpn_2x_coco') == (config, address)
    assert find_indexed('pspnet_r18_street') is None
