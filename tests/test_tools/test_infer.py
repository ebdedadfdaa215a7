"""The command line of inference."""

import dataclasses
import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config

from seginpaint_mm.registry import MODELS
from seginpaint_mm.zoo import CACHE, WEIGHTS, download
from tests.helpers.maskopt_scenes import finding, tiny_remover
from tests.helpers.model_tester import build_model
from tests.helpers.segan_scenes import tiny_segan
from tests.helpers.tiny_run import image_path, tiny_config, write_tiny_street
from tests.helpers.tool_runs import REPOSITORY, run_here, run_process


@pytest.fixture
def model(tmp_path: Path) -> list[str | Path]:
    """Arguments that name a tiny network, and its data in ``data``."""
    config = tiny_config(tmp_path / 'config', write_tiny_street(tmp_path / 'data'))
    state = MODELS.build(Config.fromfile(config).model).state_dict()
    torch.save(dict(state_dict=state), tmp_path / 'tiny.pth')
    return ['--config', config, '--checkpoint', tmp_path / 'tiny.pth', '--device', 'cpu']


def test_folder_to_pictures(
    model: list, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_here('infer', tmp_path / 'data/leftImg8bit', '--recursive', '--out-dir', tmp_path, *model)
    assert f'10 of 10 images done: {tmp_path}' in capsys.readouterr().out
    assert len(list((tmp_path / 'vis' / 'train' / 'tiny').iterdir())) == 8


def test_unreadable_picture_sets_the_exit_status(
    model: list, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / 'bad.jpg').write_text('no image')
    good = image_path(tmp_path / 'data')
    with pytest.raises(SystemExit) as stopped:
        run_here('infer', tmp_path / 'bad.jpg', good, '--out-dir', tmp_path, *model)
    assert stopped.value.code == 1
    output = capsys.readouterr()
    assert f'skipped: {tmp_path / "bad.jpg"}: cannot be read as an image' in output.err
    assert '1 of 2 images done' in output.out


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (['--checkpoint', 'absent.pth'], 'error: Checkpoint absent.pth does not exist'),
        (['--config', 'absent.py'], 'error: Config file absent.py does not exist'),
        (['--device', 'abacus'], "error: Device 'abacus' cannot be used here"),
        (['--batch-size', '0'], 'error: The batch size must be at least 1, not 0.'),
    ],
)
def test_wrong_arguments_get_one_sentence(
    model: list,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: list[str],
    message: str,
) -> None:
    with pytest.raises(SystemExit) as stopped:
        run_here('infer', image_path(tmp_path / 'data'), '--out-dir', tmp_path, *model, *change)
    assert stopped.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith(message)
    assert error.count('\n') == 1


@pytest.fixture
def segan(tmp_path: Path) -> list[str | Path]:
    """Arguments that name a small SeGAN; an image ``in/a.png`` and its mask ``masks/a.png``."""
    torch.manual_seed(0)
    torch.save(dict(state_dict=build_model(tiny_segan()).state_dict()), tmp_path / 'segan.pth')
    bases = REPOSITORY / 'configs/_base_'
    (tmp_path / 'segan.py').write_text(
        f"_base_ = ['{bases}/datasets/street_dyce.py', '{bases}/default_runtime.py']\n"
        f"custom_imports = dict(imports=['seginpaint_mm.interop.mmagic'])\n"
        'train_dataloader = val_dataloader = val_evaluator = None\n'
        f'test_cfg = dict()\nmodel = {tiny_segan()!r}\n'
    )
    image = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    numbers = np.zeros((60, 80), np.uint8)
    numbers[10:30, 10:40], numbers[20:50, 40:60] = 1, 2
    for folder, content in (('in', image), ('masks', numbers)):
        (tmp_path / folder).mkdir()
        cv2.imwrite(str(tmp_path / folder / 'a.png'), content)
    return ['--config', tmp_path / 'segan.py', '--checkpoint', tmp_path / 'segan.pth']


def test_objects_are_completed(
    segan: list, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ('--masks', tmp_path / 'masks', '--max-objects-per-batch', '1', '--device', 'cpu')
    run_here('infer', tmp_path / 'in', '--out-dir', tmp_path / 'out', *segan, *options)
    assert '1 of 1 images done' in capsys.readouterr().out
    written = {
        path.relative_to(tmp_path / 'out').as_posix() for path in tmp_path.rglob('out/**/*.*')
    }
    objects = {f'pred/{kind}/a/00{k}.png' for kind in ('full_masks', 'cutouts') for k in (1, 2)}
    graph = {'pred/depth_order/a.json', 'pred/depth_order/a.png'}
    assert written == objects | graph | {
        'predictions.json',
        'vis/a.png',
        'pred/instances/a.png',
    }


@pytest.mark.parametrize(
    ('options', 'status', 'message'),
    [
        ((), 2, 'error: A SeGAN needs masks of what can be seen of objects: give --masks or'),
        (('--masks', 'absent.json'), 2, 'error: absent.json: there is no such file'),
        (('--masks', 'absent.png'), 1, 'skipped: {in}: absent.png: there is no such file'),
        (('--masks', 'a.png', '--instances', 'a.py'), 2, 'give --masks or --instances, not both'),
        (('--instances-checkpoint', 'a.pth'), 2, '--instances-checkpoint needs --instances'),
        (('--instances', 'absent.py'), 2, 'error: Config file absent.py does not exist'),
        (('--task', 'predict'), 2, "error: A SeGAN is for complete, layers, not for 'predict'"),
    ],
)
def test_wrong_masks_get_one_sentence(
    segan: list,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    status: int,
    message: str,
) -> None:
    with pytest.raises(SystemExit) as stopped:
        run_here('infer', tmp_path / 'in', '--out-dir', tmp_path / 'out', *segan, *options)
    assert stopped.value.code == status
    expected = message.replace('{in}', str(tmp_path / 'in' / 'a.png'))
    assert expected in capsys.readouterr().err


def test_holes_are_filled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By a model without weights, which is not said to be untrained."""
    image = np.random.default_rng(0).integers(0, 256, (45, 70, 3), np.uint8)
    hole = np.zeros((45, 70), np.uint8)
    hole[10:30, 20:40] = 255
    for name, content in (('photo', image), ('hole', hole)):
        cv2.imwrite(str(tmp_path / f'{name}.png'), content)
    config = ('--config', REPOSITORY / 'configs/sgenet/telea_street.py', '--device', 'cpu')
    masks = ('--masks', tmp_path / 'hole.png')
    run_here('infer', tmp_path / 'photo.png', '--out-dir', tmp_path / 'out', *masks, *config)
    output = capsys.readouterr()
    assert '1 of 1 images done' in output.out
    assert 'untrained' not in output.out + output.err
    filled = cv2.imread(str(tmp_path / 'out/pred/image/photo.png'))
    np.testing.assert_array_equal(filled[hole == 0], image[hole == 0])
    assert not (tmp_path / 'out/pred/sem_seg').exists()


def test_patches_growth_and_no_pictures(tmp_path: Path) -> None:
    """Options of sizes mean the same for holes that are filled and objects that are removed."""
    image = np.random.default_rng(0).integers(0, 256, (150, 300, 3), np.uint8)
    hole = np.zeros((150, 300), np.uint8)
    hole[20:70, 20:40] = hole[100:130, 250:280] = 255
    for name, content in (('photo', image), ('hole', hole)):
        cv2.imwrite(str(tmp_path / f'{name}.png'), content)
    config = ('--config', REPOSITORY / 'configs/sgenet/telea_street.py', '--device', 'cpu')
    for number, options in enumerate(
        (
            ('--task', 'fill', '--whole-up-to', '0', '--working-size', '96'),
            ('--task', 'remove', '--grow', '10%', '--feather', '0', '--working-size', '96'),
        )
    ):
        out = tmp_path / f'out{number}'
        places = ('--masks', tmp_path / 'hole.png', '--no-vis', '--out-dir', out)
        run_here('infer', tmp_path / 'photo.png', *options, *places, *config)
        assert not (out / 'vis').exists()
        (entry,) = json.loads((out / 'predictions.json').read_text())['predictions']
        assert 'picture' not in entry
        # as one object, of which a tenth of the longer side of 260 is 26 pixels
        assert len(entry['patches']) == 2 or number
        filled = cv2.imread(str(out / 'pred/image/photo.png'))
        grown = 26 * number
        near = cv2.dilate(hole, np.ones((2 * grown + 1,) * 2)) > 0
        np.testing.assert_array_equal(filled[~near], image[~near])
        assert entry['hole_percent'] >= 100 * (hole > 0).mean() - 0.001


@pytest.mark.parametrize('masks', [['hole.png'], ['hole.png', 'other.png']])
def test_the_image_may_stand_behind_the_masks(
    masks: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = np.random.default_rng(0).integers(0, 256, (45, 70, 3), np.uint8)
    hole, other = np.zeros((2, 45, 70), np.uint8)
    hole[10:30, 20:40], other[35:40, 5:15] = 255, 255
    for name, content in (('photo', image), ('hole', hole), ('other', other)):
        cv2.imwrite(str(tmp_path / f'{name}.png'), content)
    options = ('--config', REPOSITORY / 'configs/sgenet/telea_street.py', '--device', 'cpu')
    names = [tmp_path / name for name in (*masks, 'photo.png')]
    places = ('--out-dir', tmp_path / 'out')
    run_here('infer', *places, *options, '--task', 'remove', '--masks', *names)
    output = capsys.readouterr()
    assert '1 of 1 ' in output.out
    assert 'photo.png, the last name after --masks, is taken as the image' in output.err
    written = {path.name for path in (tmp_path / 'out/pred/hole').iterdir()}
    assert written == {'photo.png'}


@pytest.mark.parametrize('options', [(), ('--masks', 'hole.png')])
def test_a_command_without_an_image_is_refused(
    options: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        run_here('infer', *options)
    assert stopped.value.code == 2
    assert 'name an image or a folder' in capsys.readouterr().err


@pytest.fixture
def remover(tmp_path: Path) -> list[str | Path]:
    """Arguments that name a small ObjectRemover which finds something in ``photo.jpg``."""
    torch.save(dict(state_dict=finding(tiny_remover()).state_dict()), tmp_path / 'remover.pth')
    steps = [dict(type='LoadPair'), dict(type='PackScene')]
    loader = dict(dataset=dict(type='PairsDataset', data_root='nowhere', pipeline=steps))
    (tmp_path / 'remover.py').write_text(
        f"_base_ = ['{REPOSITORY}/configs/_base_/default_runtime.py']\n"
        f"custom_imports = dict(imports=['seginpaint_mm.interop.mmagic'])\n"
        f'test_dataloader = {loader!r}\ntest_cfg, test_evaluator = dict(), []\n'
        f'model = {tiny_remover()!r}\n'
    )
    image = np.random.default_rng(0).integers(0, 256, (64, 80, 3), np.uint8)
    cv2.imwrite(str(tmp_path / 'photo.jpg'), image)
    return ['--config', tmp_path / 'remover.py', '--checkpoint', tmp_path / 'remover.pth']


def test_objects_are_removed(
    remover: list, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the order of the documented command: the photo stands behind an option."""
    places = ('--out-dir', tmp_path / 'out', '--device', 'cpu', *remover)
    before = ('--before', remover[1], '--before-checkpoint', remover[3])
    photo = tmp_path / 'photo.jpg'
    run_here('infer', '--task', 'remove', photo, *places)
    assert 'note: ' in (told := capsys.readouterr().err)
    assert 'photo.jpg: nothing is removed, as nothing is named; there ' in told
    (entry,) = json.loads((tmp_path / 'out/predictions.json').read_text())['predictions']
    assert entry['objects'][0]['id'] == 1
    run_here('infer', '--task', 'remove', '--id', '1', *before, photo, *places)
    assert '1 of 1 images done' in capsys.readouterr().out
    (entry,) = json.loads((tmp_path / 'out/predictions.json').read_text())['predictions']
    removed = [item for item in entry['objects'] if item['removed']]
    assert [item['id'] for item in removed] == [1]
    result, hole = (cv2.imread(str(tmp_path / 'out' / entry[k])) for k in ('image', 'hole'))
    np.testing.assert_array_equal(result[hole == 0], cv2.imread(str(photo))[hole == 0])
    masks = [cv2.imread(str(tmp_path / 'out' / entry[k])) for k in ('mask', 'mask_before')]
    np.testing.assert_array_equal(*masks)  # of the same network
    run_here('infer', '--class', removed[0]['class'], photo, *places)
    (entry,) = json.loads((tmp_path / 'out/predictions.json').read_text())['predictions']
    assert entry['objects'][0]['removed']


@pytest.mark.parametrize(
    ('options', 'status', 'message'),
    [
        (('--class', 'cta'), 2, "error: There is no class 'cta'; did you mean 'cat'?"),
        (('--box', 'inf', '0', '2', '2'), 2, 'error: boxes are of 4 finite numbers each, not'),
        (('--id', '1', '--grow', '2x'), 2, 'grow is a whole number of pixels, or a share of the'),
        (('--id', '1', '--feather', '-1'), 2, 'error: feather must be at least 0, not -1'),
        (('--task', 'fill', '--id', '1'), 2, "ObjectRemover is for remove, not for 'fill'"),
        (('--before-checkpoint', 'a.pth'), 2, '--before-checkpoint needs --before, the config'),
        (('--click', '1', '2', '--config', 'no'), 2, 'error: Config file no does not exist'),
    ],
)
def test_wrong_removals_get_one_sentence(
    remover: list,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    status: int,
    message: str,
) -> None:
    places = ('--out-dir', tmp_path / 'out', '--device', 'cpu')
    with pytest.raises(SystemExit) as stopped:
        run_here('infer', tmp_path / 'photo.jpg', *places, *remover, *options)
    assert stopped.value.code == status
    assert message in capsys.readouterr().err


def test_a_user_without_a_network_is_told_where_to_put_the_weights(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a trained remover public weights are taken."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(CACHE, str(tmp_path / 'cache'))
    nowhere = dataclasses.replace(WEIGHTS['lama'], url='http://127.0.0.1:9/big-lama.pt')
    monkeypatch.setitem(WEIGHTS, 'lama', nowhere)
    monkeypatch.setattr(download, 'PAUSE', 0)
    cv2.imwrite('photo.jpg', np.zeros((24, 30, 3), np.uint8))
    with pytest.raises(SystemExit):
        run_here('infer', '--task', 'remove', '--class', 'person', 'photo.jpg')
    error = capsys.readouterr().err
    assert 'error: lama cannot be downloaded' in error
    assert f'put the file at {tmp_path}/cache/weights/big-lama.pt.' in error


def test_names_that_are_not_utf_8(tmp_path: Path) -> None:
    """In a process of its own: OpenCV's bindings crashed on them."""
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b'/caf\xe9'))
    folder.mkdir()
    image = np.random.default_rng(0).integers(0, 256, (24, 30, 3), np.uint8)
    hole = np.zeros((24, 30), np.uint8)
    hole[5:12, 6:20] = 255
    (folder / os.fsdecode(b'th\xe9.png')).write_bytes(cv2.imencode('.png', image)[1].tobytes())
    (folder / os.fsdecode(b'gap\xe9.jpg')).write_bytes(b'\xff\xd8\xff no image')
    masks = tmp_path / 'masks'
    masks.mkdir()
    (masks / os.fsdecode(b'th\xe9.png')).write_bytes(cv2.imencode('.png', hole)[1].tobytes())
    config = REPOSITORY / 'configs/sgenet/telea_street.py'
    options = ('--masks', masks, '--config', config, '--device', 'cpu', '--out-dir', folder / 'out')
    done = run_process('infer', folder, *options)
    assert done.returncode == 1, done.stderr
    assert '1 of 2 images done: ' in done.stdout
    assert 'skipped: ' in done.stderr
    assert len(json.loads((folder / 'out/predictions.json').read_text())['predictions']) == 1
    assert len(list((folder / 'out/pred/image').iterdir())) == 1
