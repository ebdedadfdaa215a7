"""The benchmark tool on a small image."""

import json
from pathlib import Path

import pytest

from tests.helpers.tool_runs import run_here

TOOL = 'analysis_tools/benchmark'
SMALL = ('--size', '32', '64', '--repeats', '1', '--batch-size', '2', '--device', 'cpu')


@pytest.mark.slow
def test_networks_are_measured_and_written(tmp_path: Path) -> None:
    run_here(TOOL, 'inference', 'train', *SMALL, '--out', tmp_path)
    record = json.loads((tmp_path / 'benchmark.json').read_text())
    inference, train = record['tables']
    for table in (inference, train):
        plain, ours = table['rows']
        assert ours['times faster'] == pytest.approx(plain['ms'] / ours['ms'])
        assert ours['times faster'] > 0
    plain, ours = inference['rows']
    assert ours['GFLOP'] < 0.6 * plain['GFLOP']
    markdown = (tmp_path / 'benchmark.md').read_text()
    assert f'## {inference["title"]}' in markdown
    assert '- threads: ' in markdown


def test_photos_are_measured_by_stage(tmp_path: Path) -> None:
    run_here(TOOL, 'photos', '--quick', *SMALL, '--out', tmp_path)
    times, memory = json.loads((tmp_path / 'benchmark.json').read_text())['tables']
    for row in times['rows']:
        stages = [value for name, value in row.items() if name not in ('longer side', 'all, ms')]
        assert row['all, ms'] == pytest.approx(sum(stages))
        assert min(stages) > 0
    assert [row['task'] for row in memory['rows']] == ['remove', 'complete', 'layers']


def test_growth_and_shadows_are_measured(tmp_path: Path) -> None:
    run_here(TOOL, 'growth', '--quick', '--device', 'cpu', '--out', tmp_path)
    growths, shadows = json.loads((tmp_path / 'benchmark.json').read_text())['tables']
    left = [row['of the object left, %'] for row in growths['rows']]
    assert left == sorted(left, reverse=True), 'the more they grow, the less is left'
    assert {row['look'] for row in shadows['rows']} == {'day', 'overcast'}
    assert all(0 <= row['shadow filled, %'] <= 100 for row in shadows['rows'])


@pytest.mark.parametrize(
    ('arguments', 'sentence'),
    [
        (('inference', '--size', '33', '64'), 'multiples of 8'),
        (('train', '--repeats', '0'), '--repeats must be at least 1'),
        (('everything',), 'invalid choice'),
    ],
)
def test_wrong_arguments_are_told(
    arguments: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        run_here(TOOL, *arguments)
    assert sentence in capsys.readouterr().err
