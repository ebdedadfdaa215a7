"""Files are whole or absent."""

import errno
import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from seginpaint_mm.utils.files import write_bytes, write_image, write_json


def test_folders_are_made_and_nothing_else_is_left(tmp_path: Path) -> None:
    write_json(tmp_path / 'a' / 'b' / 'result.json', dict(iou=1.5))
    assert json.loads((tmp_path / 'a' / 'b' / 'result.json').read_text()) == dict(iou=1.5)
    assert os.listdir(tmp_path / 'a' / 'b') == ['result.json']


def test_numbers_of_numpy_are_numbers(tmp_path: Path) -> None:
    write_json(
        tmp_path / 'result.json', dict(iou=np.float32(0.5), num=np.int64(3), no=[np.bool_(0)])
    )
    assert json.loads((tmp_path / 'result.json').read_text()) == dict(iou=0.5, num=3, no=[False])
    with pytest.raises(TypeError, match='set cannot be written as JSON'):
        write_json(tmp_path / 'result.json', dict(iou={1}))


def test_what_is_not_finite_becomes_null(tmp_path: Path) -> None:
    path = tmp_path / 'result.json'
    write_json(path, dict(iou=float('nan'), parts=[np.float32('inf'), (1.5, dict(a=-np.inf))]))

    def refuse(word: str) -> None:
        raise ValueError(word)

    content = json.loads(path.read_text(), parse_constant=refuse)
    assert content == dict(iou=None, parts=[None, [1.5, dict(a=None)]])


def test_full_disk_leaves_the_old_file_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / 'result.json'
    write_bytes(path, b'old')

    def full_disk(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr(os, 'fsync', full_disk)
    with pytest.raises(OSError, match=r'result\.json \(No space left on device\): free some space'):
        write_bytes(path, b'new')
    assert path.read_bytes() == b'old'
    assert os.listdir(tmp_path) == ['result.json']


def test_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / 'out').write_text('')
    with pytest.raises(OSError, match='choose another folder'):
        write_bytes(tmp_path / 'out' / 'picture.png', b'')


def test_picture_keeps_its_values(tmp_path: Path) -> None:
    image = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    write_image(tmp_path / 'picture.png', image[:, ::-1])
    assert (cv2.imread(str(tmp_path / 'picture.png')) == image[:, ::-1]).all()


@pytest.mark.parametrize('name', ['picture.doc', 'picture'])
def test_unknown_picture_format_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=r'images cannot be written as .*; use \.png or \.jpg'):
        write_image(tmp_path / name, np.zeros((2, 2, 3), np.uint8))
