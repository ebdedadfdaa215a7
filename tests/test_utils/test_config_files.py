"""Configs by their names."""

from pathlib import Path

import pytest

from seginpaint_mm.cli import load_config
from seginpaint_mm.errors import ConfigError
from seginpaint_mm.utils.config_files import config_folder, config_paths, find_config
from tests.helpers.tool_runs import REPOSITORY

CONFIG = REPOSITORY / 'configs/mpi/pspnet_r18_street.py'


@pytest.mark.parametrize(
    'name',
    [
        'pspnet_r18_street',
        'pspnet_r18_street.py',
        'mpi/pspnet_r18_street',
        'mpi/pspnet_r18_street.py',
        'configs/mpi/pspnet_r18_street.py',
        './configs/mpi/pspnet_r18_street.py',
        str(CONFIG),
        CONFIG,
    ],
)
def test_a_config_is_found_from_any_folder(
    name: str | Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_config(name) == CONFIG


def test_a_file_goes_before_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path('pspnet_r18_street').write_text('')
    assert find_config('pspnet_r18_street') == Path('pspnet_r18_street')


def test_bases_and_tables_are_found() -> None:
    folder = config_folder()
    base = '_base_/models/segan'
    assert find_config(base) == folder / f'{base}.py'
    assert find_config('table_i_street-dyce', '.yml') == folder / 'segan/table_i_street-dyce.yml'
    assert not any(name.startswith('_base_') for name in config_paths())


@pytest.mark.parametrize(
    ('name', 'message'),
    [
        (
            'pspnet_r18_stret',
            r'pspnet_r18_stret does not exist; did you mean mpi/pspnet_r18_street',
        ),
        ('mpi/psp_r18_street.py', r'; did you mean mpi/pspnet_r18_street'),
        ('/no/where/pspnet_r18_street.py', r'does not exist; did you mean mpi/pspnet_r18_street\b'),
        ('edgeconnect_small_street', r'say maskopt/edgeconnect_small_street or sgenet/edgeconnect'),
        ('', 'does not exist: give the path of a file, or a name that `seginpaint list` shows'),
        ('xxxx', 'does not exist: give the path of a file, or a name that `seginpaint list` shows'),
        ('../setup', r'does not exist'),
    ],
)
def test_what_is_not_there_gets_one_sentence(name: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        find_config(name)


def test_configs_are_loaded_and_work_dirs_named_by_their_names() -> None:
    cfg = load_config('mpi/pspnet_r18_street', {'train_cfg.max_epochs': 3})
    assert Path(cfg.filename) == CONFIG
    assert cfg.train_cfg.max_epochs == 3
