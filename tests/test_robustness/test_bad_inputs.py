"""What a wrong input gives: one sentence, exit status 2, no traceback. The table is below."""

import re
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from tests.helpers.tiny_run import (
    SIZE,
    image_path,
    label_path,
    tiny_config,
    write_labels,
    write_tiny_street,
)
from tests.helpers.tool_runs import run_here

CAR, ROAD = 26, 7
Spoil = Callable[[Path], None]


def remove_pictures(street: Path) -> None:
    for path in street.glob('leftImg8bit/train/*/*.png'):
        path.unlink()


def remove_labels(street: Path) -> None:
    label_path(street).unlink()


def cut_image(street: Path) -> None:
    path = image_path(street)
    path.write_bytes(path.read_bytes()[:500])


def cut_labels(street: Path) -> None:
    path = label_path(street)
    path.write_bytes(path.read_bytes()[:60])


def shrink_labels(street: Path) -> None:
    write_labels(label_path(street), np.full((8, 8), ROAD, np.uint8))


def unknown_id(street: Path) -> None:
    write_labels(label_path(street), np.full(SIZE, 77, np.uint8))


def only_cars(street: Path) -> None:
    for path in street.glob('gtFine/train/*/*.png'):
        write_labels(path, np.full(SIZE, CAR, np.uint8))


def one_pixel(street: Path) -> None:
    write_labels(image_path(street), np.zeros((1, 1, 3), np.uint8))
    write_labels(label_path(street), np.full((1, 1), ROAD, np.uint8))


def nothing(street: Path) -> None:
    """The data are sound; the mistake is elsewhere."""


BAD_DATA = [
    (remove_pictures, r'leftImg8bit/train: there is no image .* stand-in: seginpaint street'),
    (remove_labels, r'its labels are missing, expected .*tiny_000000_000019_gtFine_labelIds\.png'),
    (cut_image, r'_leftImg8bit\.png: cannot be read as an image \(500 bytes, damaged'),
    (cut_labels, r'_labelIds\.png: cannot be read as a label map \(60 bytes, damaged'),
    (shrink_labels, r'the labels are 8x8 pixels .* their image .* is 64x32: give both'),
    (unknown_id, r'label ids \[77\] are not Cityscapes labelIds, which are \[0, 1, .*convert'),
    (only_cars, r'No training image of epoch 1 has a labelled background pixel'),
    (one_pixel, r'A batch of one tiny image cannot be trained with batch norm'),
]
BAD_RUNS = [
    (['data_root=missing'], r'missing/leftImg8bit/train: there is no such folder\. Either put'),
    (['optim_wrapper.optimizer.lr=1e30'], r'The loss is not finite in epoch 1, iteration 2 \(loss'),
    (['trian_cfg.max_epochs=1'], r"trian_cfg: nothing reads this key; did you mean 'train_cfg'\?"),
    (['model.neck.fil=zero'], r"model\.neck\.fil: MPINeck takes no 'fil'; did you mean 'fill'\?"),
    (['model.neck.type=MPINek'], r"model\.neck\.type: there is no model 'MPINek'; .* 'MPINeck'\?"),
    (['model.neck.fill=zeros'], r'model\.neck \(MPINeck\): MPINeck\.fill must be one of'),
    (['model.backbone.channels=eight'], r'model\.backbone \(TinyStages\): TypeError: '),
    (['model.neck.num_rectangles=few'], r"num_rectangles: MPINeck takes int here, not 'few'\."),
    (['train_dataloader.num_worker=2'], r"train_dataloader\.num_worker: .*'num_workers'\?"),
    (['model.neck.type.deeper=1'], r'--cfg-options model\.neck\.type\.deeper=1: '),
    (['model=None'], r'tiny\.py has no model: it is a base for other configs'),
    (['optim_wrapper.optimizer.lr=fast'], r'optim_wrapper\.optimizer \(Adam\): TypeError: '),
    (['default_hooks.checkpoint.save_best=mIoU'], r"save_best: there is no metric 'mIoU'; the val"),
    (
        ['model.background_head.in_channels=4'],
        r'model\.background_head[\w.]* \(\w+\) does not fit what it is given: .*Check in_channels',
    ),
    (['load_from=missing.pth'], r'Checkpoint missing\.pth does not exist'),
]


BAD_BODIES = {
    "param_scheduler = [dict(type='ReduceOnPlateauLR', monitor='all_mIuO', rule='greater')]": (
        r"ReduceOnPlateauLR\.monitor: there is no metric 'all_mIuO' .* did you mean 'all_mIoU'\?"
    ),
    "custom_hooks = [dict(type='EarlyStoppingHook', monitor='mean', rule='greater')]": (
        r"EarlyStoppingHook\.monitor: there is no metric 'mean' in the validation; it gives all_"
    ),
    "train_dataloader['dataset']['pipeline'] = train_pipeline[:3]": (
        r'train_dataloader\.dataset\.pipeline: its last step must pack the sample .* it gives img'
    ),
    "val_dataloader['dataset']['pipeline'] = train_pipeline[:3]": (
        r'val_dataloader\.dataset\.pipeline: its last step must pack the sample into inputs and'
    ),
}


@pytest.fixture(scope='module')
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Work dir of a finished training."""
    folder = tmp_path_factory.mktemp('trained')
    config = tiny_config(folder, write_tiny_street(folder / 'street'), max_epochs=1)
    run_here('train', config, '--work-dir', folder / 'run')
    return folder


@pytest.mark.parametrize(('spoil', 'sentence'), BAD_DATA, ids=lambda v: getattr(v, '__name__', ''))
def test_bad_data(
    spoil: Spoil, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    street = write_tiny_street(tmp_path / 'street', num_train=2)
    spoil(street)
    body = 'train_dataloader.update(batch_size=1)\n'
    config = tiny_config(tmp_path, street, body=body, max_epochs=1)
    _assert_fails(capsys, sentence, 'train', config, '--work-dir', tmp_path / 'run')


@pytest.mark.parametrize(('options', 'sentence'), BAD_RUNS, ids=lambda v: v[0].split('=')[0])
def test_bad_config(
    options: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    street = write_tiny_street(tmp_path / 'street')
    config = tiny_config(tmp_path, street, max_epochs=1)
    options = [
        option.replace('data_root', 'train_dataloader.dataset.data_root') for option in options
    ]
    arguments = ('--work-dir', tmp_path / 'run', '--cfg-options', *options)
    _assert_fails(capsys, sentence, 'train', config, *arguments)


@pytest.mark.parametrize(('body', 'sentence'), BAD_BODIES.items(), ids=lambda v: v.split()[0])
def test_what_the_run_lacks(
    body: str, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    street = write_tiny_street(tmp_path / 'street', num_train=2)
    config = tiny_config(tmp_path, street, body=f'{body}\n', max_epochs=1)
    _assert_fails(capsys, sentence, 'train', config, '--work-dir', tmp_path / 'run')


@pytest.mark.parametrize('option', ['custom_hooks=[dict(type="X")]', "model={'type': 'X'"])
def test_nested_options_are_told(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run_here('train', 'pspnet_r18_street', '--cfg-options', option)
    assert "write dictionaries as {'key': value}" in capsys.readouterr().err


def test_worker_errors_are_sentences_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    street = write_tiny_street(tmp_path / 'street', num_train=2)
    cut_image(street)
    body = 'train_dataloader.update(num_workers=1)\n'
    config = tiny_config(tmp_path, street, body=body, max_epochs=1)
    sentence = r'_leftImg8bit\.png: cannot be read as an image'
    _assert_fails(capsys, sentence, 'train', config, '--work-dir', tmp_path / 'run')


def test_no_foreground_is_warned_of(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    street = write_tiny_street(tmp_path / 'street', num_train=2)
    for path in street.glob('gtFine/*/*/*.png'):
        write_labels(path, np.full(SIZE, ROAD, np.uint8))
    config = tiny_config(tmp_path, street, max_epochs=1)
    run_here('train', config, '--work-dir', tmp_path / 'run')
    printed = ''.join(capfd.readouterr())
    assert 'No training image of epoch 1 has a foreground object' in printed
    assert 'No foreground pixel of the evaluated images has a known background' in printed


def test_one_pixel_pictures_can_be_tested(trained: Path, tmp_path: Path) -> None:
    street = write_tiny_street(tmp_path / 'street', num_val=1)
    for kind in ('leftImg8bit', 'gtFine', 'gt_manual'):
        (path,) = street.glob(f'{kind}/val/*/*.png')
        map_ = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        write_labels(path, map_[:1, :1])
    config = tiny_config(tmp_path, street)
    out = tmp_path / 'out'
    run_here(
        'test', config, trained / 'run/epoch_1.pth', '--work-dir', tmp_path / 'w', '--out', out
    )
    (prediction,) = out.glob('pred_background/*.png')
    assert cv2.imread(str(prediction), cv2.IMREAD_UNCHANGED).shape == (1, 1)


def cut(checkpoint: Path) -> None:
    checkpoint.write_bytes(checkpoint.read_bytes()[:5000])


def garbage(checkpoint: Path) -> None:
    checkpoint.write_text('404: Not Found')


def missing(checkpoint: Path) -> None:
    checkpoint.unlink()


def nan_weights(checkpoint: Path) -> None:
    content = torch.load(checkpoint, weights_only=False)
    content['state_dict']['backbone.stages.1.0.weight'][0] = float('nan')
    torch.save(content, checkpoint)


def other_model(checkpoint: Path) -> None:
    torch.save({'state_dict': {'backbone.conv1.weight': torch.zeros(64, 3, 7, 7)}}, checkpoint)


def other_width(checkpoint: Path) -> None:
    content = torch.load(checkpoint, weights_only=False)
    name = 'backbone.stages.1.0.weight'
    content['state_dict'][name] = torch.zeros(16, 8, 5, 5)
    torch.save(content, checkpoint)


BAD_CHECKPOINTS = [
    (cut, r'checkpoint\.pth cannot be read as a checkpoint: it is cut short, damaged'),
    (garbage, r'checkpoint\.pth cannot be read as a checkpoint: it is cut short, damaged'),
    (missing, r'Checkpoint .*checkpoint\.pth does not exist: check the path'),
    (nan_weights, r'holds NaN or infinity in 1 tensors \(first: backbone\.stages\.1\.0\.weight\)'),
    (other_model, r'not a checkpoint of this ForegroundInpainter: 0 of \d+ tensors match, \d+ mis'),
    (other_width, r'1 of another shape \(first: .*\(16, 8, 5, 5\) instead of \(8, 8, 5, 5\)\)'),
]


@pytest.mark.parametrize(
    ('spoil', 'sentence'), BAD_CHECKPOINTS, ids=lambda v: getattr(v, '__name__', '')
)
@pytest.mark.parametrize('tool', ['test', 'train'])
def test_bad_checkpoint(
    spoil: Spoil,
    sentence: str,
    tool: str,
    trained: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    checkpoint = tmp_path / 'checkpoint.pth'
    checkpoint.write_bytes((trained / 'run/epoch_1.pth').read_bytes())
    spoil(checkpoint)
    resume = ['--resume', checkpoint] if tool == 'train' else [checkpoint]
    arguments = (trained / 'tiny.py', *resume, '--work-dir', tmp_path / 'run')
    _assert_fails(capsys, sentence, tool, *arguments)


def test_unwritable_work_dir(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    work_dir = trained / 'tiny.py/run'  # below a file: not even root can write there
    sentence = r'Cannot write into the folder .*tiny\.py/run \(.*\): free some space, mend'
    _assert_fails(capsys, sentence, 'train', trained / 'tiny.py', '--work-dir', work_dir)


def test_full_disk_keeps_the_last_checkpoint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    street = write_tiny_street(tmp_path / 'street', num_train=2)
    config = tiny_config(tmp_path, street, max_epochs=1)
    run_here('train', config, '--work-dir', tmp_path / 'run')
    before = (tmp_path / 'run/epoch_1.pth').read_bytes()
    resume = ('--resume', '--cfg-options', 'train_cfg.max_epochs=2')
    with _largest_file(len(before) // 2):
        sentence = r'Cannot write .*epoch_2\.pth \(File too large\): free some space .*untouched'
        _assert_fails(capsys, sentence, 'train', config, '--work-dir', tmp_path / 'run', *resume)
    assert (tmp_path / 'run/epoch_1.pth').read_bytes() == before
    assert not list((tmp_path / 'run').glob('*.partial'))
    assert (tmp_path / 'run/last_checkpoint').read_text().endswith('epoch_1.pth')
    run_here('train', config, '--work-dir', tmp_path / 'run', *resume)
    assert (tmp_path / 'run/epoch_2.pth').is_file()


def _assert_fails(
    capsys: pytest.CaptureFixture[str], sentence: str, tool: str, *arguments: str | Path
) -> None:
    capsys.readouterr()
    with pytest.raises(SystemExit) as stopped:
        run_here(tool, *arguments)
    assert stopped.value.code == 2
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith('error: ')]
    assert len(errors) == 1
    assert re.search(sentence, errors[0]), errors[0]


@contextmanager
def _largest_file(size: int) -> Iterator[None]:
    """No file may grow beyond ``size`` bytes: what a full disk does to a large one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
