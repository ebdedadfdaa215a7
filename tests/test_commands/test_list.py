"""The list of configs, and shells that complete their names."""

import contextlib
import io
import subprocess
from pathlib import Path

import pytest
from mmengine.config import Config

from seginpaint_mm.commands.completion import main as complete
from seginpaint_mm.commands.list import main, short_names
from seginpaint_mm.interop.mmengine import files_read_once
from seginpaint_mm.utils.config_files import config_needs, config_paths, find_config


def test_configs_are_listed_by_method_with_what_they_need(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(['STREET', 'small']) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if not line.startswith(' ')] == [
        *('maskopt', 'mpi', 'segan', 'sgenet')
    ]
    (line,) = (line for line in lines if line.split()[0] == 'image-on-cues_small_street')
    assert line.split(maxsplit=1)[1] == (
        'data/pairs_street, mmagic, after edge_small_street and segmentation_small_street and '
        'image_small_street'
    )
    assert main(['street', 'nothing']) == 1
    assert 'No config has street and nothing in its name' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('name', 'needs'),
    [
        ('pspnet_r18_street', ['data/street']),
        ('pspnet_r18_kitti', ['data/kitti']),
        ('hough_r18_street', ['data/street', 'after fcrn_r18_street_bs']),
        ('segan_r18_segmentor_dyce', ['data/dyce_data', 'mmagic', 'download of resnet18']),
    ],
)
def test_needs(name: str, needs: list[str]) -> None:
    cfg = Config.fromfile(find_config(name), import_custom_modules=False)
    assert set(needs) <= set(config_needs(cfg))


def test_weights_that_are_given_are_needed_too() -> None:
    cfg = Config(
        dict(load_from='own.pth', model=dict(part_checkpoints=dict(a='work_dirs/x/1.pth')))
    )
    assert config_needs(cfg) == ['after x and own.pth']


def test_names_are_short_where_they_are_clear(capsys: pytest.CaptureFixture[str]) -> None:
    assert short_names(['a/x', 'a/y', 'b/y']) == ['x', 'a/y', 'b/y']
    assert main(['--names']) == 0
    for name in capsys.readouterr().out.split():
        assert find_config(name) in config_paths().values()


def test_files_read_once_are_read_as_ever() -> None:
    paths = [find_config(name) for name in ('pspnet_r18_street', 'pspnet_r18_shared_street')]
    plain = [Config.fromfile(path) for path in paths]
    before = Config._file2dict
    with files_read_once():
        kept = [Config.fromfile(path) for path in (*paths, *paths)]
    assert Config._file2dict is before
    for cfg, other in zip([*plain, *plain], kept, strict=True):
        assert cfg.to_dict() == other.to_dict()
        assert cfg.filename == other.filename


@pytest.mark.parametrize(
    ('words', 'expected'),
    [
        (['tr'], ['train']),
        (['train', '--cfg'], ['--cfg-options']),
        (['train', 'b'], ['bc', 'bd']),
        (['test', 'bc'], ['bc']),
        (['infer', 'photo.jpg', '--instances', 'bd'], ['bd']),
        (['train', 'bc', '--work-dir', 'b'], []),
    ],
)
def test_bash_completes(
    words: list[str], expected: list[str], tmp_path: Path, bash_completion: str
) -> None:
    program = tmp_path / 'seginpaint'
    program.write_text('#!/bin/sh\nprintf "aa\\nbc\\nbd\\n"\n')
    program.chmod(0o755)
    script = f"""{bash_completion}
COMP_WORDS=(seginpaint {' '.join(words)}); COMP_CWORD={len(words)}
PATH={tmp_path}:$PATH; _seginpaint; printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    done = subprocess.run(['bash', '-c', script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == expected


@pytest.fixture(scope='module')
def bash_completion() -> str:
    return _script('bash')


def test_the_other_shells_scripts_name_commands_options_and_configs() -> None:
    zsh = _script('zsh')
    assert 'bashcompinit' in zsh
    assert _script('bash').rstrip() in zsh
    fish = _script('fish')
    assert "-n '__fish_seen_subcommand_from infer' -l before -x -a '(seginpaint list" in fish
    assert "-n '__fish_seen_subcommand_from train' -a '(seginpaint list --names" in fish


def _script(shell: str) -> str:
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        complete([shell])
    return output.getvalue()
