"""The table tool with real trainings of a tiny network."""

import json
import subprocess
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from tests.helpers.tiny_run import REPOSITORY, tiny_config, write_tiny_street
from tests.helpers.tool_runs import run_command, run_here

TOOL = 'analysis_tools/table'
BOTH = "\ntest_evaluator = [val_evaluator, dict(type='NearestBackgroundMetric')]\n"


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A table of a training, a test of its network, and a trivial answer."""
    monkeypatch.chdir(tmp_path)  # runs are started from any folder
    monkeypatch.setenv('PYTHONPATH', str(REPOSITORY))
    forked = SimpleNamespace(run=run_command, STDOUT=subprocess.STDOUT)
    monkeypatch.setattr(import_module('seginpaint_mm.tables.execute'), 'subprocess', forked)
    data = write_tiny_street(tmp_path / 'data')
    config = str(tiny_config(tmp_path / 'config', data, body=BOTH, max_epochs=1))
    rows = [
        dict(name='tested', config=config, checkpoint_of='trained'),
        dict(name='trained', config=config, paper=dict(foreground=60)),
        dict(name='trivial', measured_in='tested', prefix='nearest_truth/'),
    ]
    path = tmp_path / 'tiny.yml'
    columns = dict(foreground='fg_mIoU')
    path.write_text(yaml.safe_dump(dict(title='Tiny', columns=columns, seeds=[3], rows=rows)))
    return path


@pytest.mark.slow
def test_runs_what_is_missing_and_writes_the_table(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_here(TOOL, table, '--work-dir', tmp_path / 'out')
    record = json.loads((tmp_path / 'out' / 'table.json').read_text())
    tested, trained, trivial = (row['ours']['foreground']['by_seed'] for row in record['rows'])
    # One epoch: the last checkpoint is what the only validation measured.
    assert tested['3'] == pytest.approx(trained['3'], abs=1e-3)
    assert 0 < trivial['3'] <= 100
    assert record['rows'][1]['averaged_epochs'] == [1]
    markdown = (tmp_path / 'out' / 'table.md').read_text()
    assert f'| trained | 60.0 | {trained["3"]:.1f} |' in markdown

    capsys.readouterr()
    run_here(TOOL, table, '--work-dir', tmp_path / 'out')
    assert capsys.readouterr().out.count('done before') == 2


@pytest.mark.slow
def test_failed_runs_are_told_and_left_out(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        run_here(
            TOOL,
            table,
            '--work-dir',
            tmp_path,
            '--cfg-options',
            'optim_wrapper.optimizer.betas=(2,2)',
        )
    assert stopped.value.code == 1
    output = capsys.readouterr()
    log = tmp_path / 'trained' / 'seed_3' / 'output.log'
    assert f'trained, seed 3 failed with exit status 2: see the end of {log}' in output.err
    assert 'Invalid beta parameter' in log.read_text()
    assert '| trained | 60.0 | – |' in output.out


def test_collect_runs_nothing(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_here(TOOL, table, '--work-dir', tmp_path / 'out', '--collect', '--seeds', '0', '1')
    assert '| trained | 60.0 | – |' in capsys.readouterr().out
    assert sorted(path.name for path in (tmp_path / 'out').iterdir()) == ['table.json', 'table.md']


def test_options_of_one_row(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    options = ('--row-options', 'trained', 'train_cfg.max_epochs=2', 'model.init_cfg=None')
    run_here(TOOL, table, '--work-dir', tmp_path / 'out', *options, '--collect')
    record = json.loads((tmp_path / 'out' / 'table.json').read_text())
    commands = {row['name']: row['command'] for row in record['rows']}
    assert commands['trained'].endswith('--cfg-options train_cfg.max_epochs=2 model.init_cfg=None')
    assert '--cfg-options' not in commands['tested']
    for row, near in (('traned', 'trained'), ('trivial', 'tested, trained')):
        with pytest.raises(SystemExit):
            run_here(TOOL, table, '--work-dir', tmp_path / 'out', '--row-options', row, 'a=1')
        error = capsys.readouterr().err
        assert f"no row '{row}' with a config; did you mean {near}?" in error
