"""Shipped configs train, validate, test and infer on tiny data of their layout.

The suite runs a sample that covers every data set, model and schedule; ``make test-configs`` runs
all of them.
"""

from pathlib import Path

import pytest

from seginpaint_mm.interop.mmengine import files_read_once
from tests.helpers.config_sweep.data import write_all
from tests.helpers.config_sweep.run import CONFIGS, run_config
from tests.helpers.config_sweep.sample import DOCUMENTED, SAMPLE, parts_left_out
from tests.helpers.tool_runs import REPOSITORY


@pytest.fixture(scope='module')
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``data`` and ``configs``, as a user's checkout."""
    root = write_all(tmp_path_factory.mktemp('home'))
    (root / 'configs').symlink_to(REPOSITORY / 'configs')
    return root


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if 'name' in metafunc.fixturenames:
        everything = metafunc.config.getoption('--all-configs')
        metafunc.parametrize('name', sorted(CONFIGS) if everything else SAMPLE)


@pytest.mark.slow
def test_config_runs(
    name: str, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(home)
    run_config(name, capsys)


def test_the_sample_covers_every_data_set_model_and_schedule() -> None:
    with files_read_once():
        assert parts_left_out([*SAMPLE, *DOCUMENTED]) == set()
    page = (REPOSITORY / 'docs/own_data.md').read_text(encoding='utf-8')
    for name in DOCUMENTED:
        assert f'python tools/train.py {CONFIGS[name].relative_to(REPOSITORY)}' in page
