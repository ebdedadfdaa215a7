"""Which checkpoint an interrupted training goes on from."""

import os
from pathlib import Path

from seginpaint_mm.engine.hooks.resume_settings_hook import latest_checkpoint
from seginpaint_mm.utils.files import write_text


def _touch(folder: Path, *names: str) -> None:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).touch()


def test_the_named_checkpoint_is_taken(tmp_path: Path) -> None:
    _touch(tmp_path, 'epoch_2.pth', 'epoch_10.pth')
    (tmp_path / 'last_checkpoint').write_text(str(tmp_path / 'epoch_2.pth'))
    assert latest_checkpoint(tmp_path) == str(tmp_path / 'epoch_2.pth')


def test_a_moved_work_dir_is_understood(tmp_path: Path) -> None:
    _touch(tmp_path / 'new', 'epoch_2.pth')
    (tmp_path / 'new/last_checkpoint').write_text('/old/place/epoch_2.pth')
    assert latest_checkpoint(tmp_path / 'new') == str(tmp_path / 'new/epoch_2.pth')


def test_a_work_dir_whose_name_is_not_utf8(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b'caf\xe9')
    _touch(folder, 'epoch_2.pth', 'epoch_10.pth')
    write_text(folder / 'last_checkpoint', str(folder / 'epoch_2.pth'))
    assert latest_checkpoint(folder) == str(folder / 'epoch_2.pth')


def test_without_a_name_the_newest_number_counts(tmp_path: Path) -> None:
    _touch(tmp_path, 'epoch_2.pth', 'epoch_10.pth', 'best_all_mIoU_epoch_11.pth', 'last_checkpoint')
    assert latest_checkpoint(tmp_path) == str(tmp_path / 'epoch_10.pth')
    (tmp_path / 'last_checkpoint').write_text('epoch_12.pth')
    assert latest_checkpoint(tmp_path) == str(tmp_path / 'epoch_10.pth')


def test_nothing_is_nothing(tmp_path: Path) -> None:
    assert latest_checkpoint(tmp_path) is None
    assert latest_checkpoint(tmp_path / 'missing') is None
