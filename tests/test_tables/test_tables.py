"""Tables from runs that are already there: what is collected, compared, refused and written."""

import dataclasses
import fcntl
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from unittest import mock

import pytest
import yaml

from seginpaint_mm.engine import mixed_precision
from seginpaint_mm.errors import ConfigError
from seginpaint_mm.tables import (
    Row,
    Run,
    TableSpec,
    execute,
    load_spec,
    plan,
    row_values,
    share_parts,
    to_json,
    to_markdown,
)

CONFIG = 'configs/mpi/pspnet_r18_shared_cityscapes-128x256.py'
TABLE = dict(
    title='Table X',
    columns={'all': 'all_mIoU', 'foreground': 'fg_mIoU'},
    seeds=[0, 1],
    rows=[
        dict(name='Ours (MPI)', config=CONFIG, paper=dict(foreground=60.0)),
        dict(name='blacked out', config=CONFIG, cfg_options={'model.neck.fill': 'zero'}),
        dict(name='gain', measured_in='Ours (MPI)', minus='blacked out', paper=dict(foreground=2)),
        dict(name='trivial', measured_in='Ours (MPI)', prefix='nearest_truth/'),
        dict(
            name='true masks',
            config=CONFIG,
            checkpoint_of='Ours (MPI)',
            cfg_options={'model.test_mask': 'truth'},
        ),
    ],
)


@pytest.fixture(autouse=True)
def _in_repository_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])


def make_spec(folder: Path, table: dict = TABLE) -> TableSpec:
    path = folder / 'table.yml'
    path.write_text(yaml.safe_dump(table, sort_keys=False))
    return load_spec(path)


def finish(run: Run, all_miou: float, fg_miou: float) -> None:
    """Leave what a training or test leaves."""
    metrics = {'all_mIoU': all_miou, 'fg_mIoU': fg_miou}
    metrics |= {'nearest_truth/all_mIoU': 70.0, 'nearest_truth/fg_mIoU': None}
    run.folder.mkdir(parents=True, exist_ok=True)
    if run.is_test:
        (run.folder / 'metrics.json').write_text(json.dumps(metrics))
        return
    run.cfg.randomness = dict(seed=run.seed)
    run.cfg.dump(run.folder / Path(run.config).name)
    last = run.cfg.train_cfg.max_epochs
    epochs = list(range(last - 4, last + 1))
    summary = dict(num_epochs=5, epochs=epochs, mean=metrics)
    (run.folder / 'last_epochs_mean.json').write_text(json.dumps(summary))


def finished(tmp_path: Path) -> tuple[TableSpec, dict]:
    spec = make_spec(tmp_path)
    runs = plan(spec, tmp_path, {})
    for seed, gain in ((0, 1.0), (1, 2.0)):
        finish(runs['Ours (MPI)', seed], 80 + gain, 60 + gain)
        finish(runs['blacked out', seed], 80, 58)
        finish(runs['true masks', seed], 82, 63)
    return spec, plan(spec, tmp_path, {})


def test_every_row_and_seed_is_run_once_trainings_first(tmp_path: Path) -> None:
    runs = plan(make_spec(tmp_path), tmp_path, {})
    rows = [run.row for run in runs.values()]
    assert rows == ['Ours (MPI)'] * 2 + ['blacked out'] * 2 + ['true masks'] * 2
    assert len({run.folder for run in runs.values()}) == 6


def test_commands_hold_seed_options_and_checkpoint(tmp_path: Path) -> None:
    options = {'train_cfg.max_epochs': 2, 'model.neck.rectangle_size': [0.1, 0.4]}
    runs = plan(make_spec(tmp_path), tmp_path, options)
    training = runs['blacked out', 1].arguments()
    assert training[:4] == ['train', CONFIG, '--seed', '1']
    assert '--resume' in training
    assert 'model.neck.fill=zero' in training
    assert 'model.neck.rectangle_size=[0.1,0.4]' in training


def test_mixed_precision_is_of_trainings_and_is_not_mixed_up_with_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mixed_precision, 'has_bfloat16_units', lambda: True)
    spec = make_spec(tmp_path)
    mixed = plan(spec, tmp_path, {}, amp=True)
    assert '--amp' in mixed['Ours (MPI)', 0].arguments()
    assert '--amp' not in mixed['true masks', 0].arguments()
    finish(mixed['Ours (MPI)', 0], 60.0, 50.0)
    assert plan(spec, tmp_path, {}, amp=True)['Ours (MPI)', 0].metrics()['all_mIoU'] == 60
    with pytest.raises(ConfigError, match='different: optim_wrapper'):
        plan(spec, tmp_path, {})['Ours (MPI)', 0].metrics()


def test_rows_that_differ_by_a_sign_have_folders_of_their_own() -> None:
    names = ('-2 pixels', '+2 pixels', 'Telea, -2 pixels', 'Telea, +2 pixels', 'ours, top-2')
    folders = ['minus-2-pixels', 'plus-2-pixels', 'telea-minus-2-pixels', 'telea-plus-2-pixels']
    assert [Row(name=name).folder for name in names] == [*folders, 'ours-top-2']


def test_test_runs_take_the_last_checkpoint(tmp_path: Path) -> None:
    runs = plan(make_spec(tmp_path), tmp_path, {'train_cfg.max_epochs': 2})
    command = runs['true masks', 1].arguments()
    checkpoint = tmp_path / 'ours-mpi' / 'seed_1' / 'epoch_2.pth'
    assert command[:3] == ['test', CONFIG, str(checkpoint)]


def test_columns_of_the_config_and_of_the_paper_alone(tmp_path: Path) -> None:
    columns = dict(TABLE['columns'], parameters='parameters', ms=None)
    rows = [dict(TABLE['rows'][0], paper=dict(ms=22)), *TABLE['rows'][1:]]
    spec = make_spec(tmp_path, dict(TABLE, columns=columns, rows=rows))
    runs = plan(spec, tmp_path, {})
    values = row_values(spec, spec.row('Ours (MPI)'), runs)
    assert values['parameters'] == {0: pytest.approx(21.819528)}
    assert values['ms'] == {}
    (line,) = (text for text in to_markdown(spec, runs, '').splitlines() if '| Ours' in text)
    assert line.endswith('| – | 21.8 | 22.0 | – |')


def test_the_mean_over_the_last_networks_is_tested(tmp_path: Path) -> None:
    rows = [*TABLE['rows'][:-1], dict(TABLE['rows'][-1], last_epochs=5)]
    spec = make_spec(tmp_path, dict(TABLE, rows=rows))
    runs = plan(spec, tmp_path, {})
    assert '--last-epochs 5' in ' '.join(runs['true masks', 0].arguments())
    assert 'mean over the networks of the last 5 epochs' in to_markdown(spec, runs, '')
    rows = [dict(TABLE['rows'][0], last_epochs=5)]
    with pytest.raises(ConfigError, match='of rows with checkpoint_of'):
        make_spec(tmp_path, dict(TABLE, rows=rows))


@pytest.mark.parametrize('name', ['table_i_ii', 'table_iii', 'table_iv'])
def test_the_papers_tables_of_mpi_are_of_one_image_set(name: str, tmp_path: Path) -> None:
    """The 400 test images of Cityscapes, and never the last epoch alone (Sec. IV-A)."""
    spec = load_spec(f'configs/mpi/{name}.yml')
    for run in plan(dataclasses.replace(spec, seeds=[0]), tmp_path, {}).values():
        if run.is_test:
            assert run.last_epochs == 5
            assert run.trained.cfg.default_hooks.checkpoint.max_keep_ckpts == 5
        data = (run.cfg.test_dataloader if run.is_test else run.cfg.val_dataloader).dataset
        assert data.type == 'KITTISceneDataset' or data.part == 'test'
        assert 'mmseg.RandomFlip' not in str(run.cfg.get('train_dataloader'))


def test_options_of_training_are_not_for_tests(tmp_path: Path) -> None:
    options = {'val_cfg.fp16': True, 'test_cfg.fp16': True, 'train_dataloader.num_workers': 1}
    runs = plan(make_spec(tmp_path), tmp_path, options)
    assert {*options} <= {*runs['Ours (MPI)', 0].cfg_options}
    assert runs['true masks', 0].cfg_options == {
        'model.test_mask': 'truth',
        'test_cfg.fp16': True,
    }


def test_values_differences_and_prefixes(tmp_path: Path) -> None:
    spec, runs = finished(tmp_path)
    assert row_values(spec, spec.row('Ours (MPI)'), runs)['foreground'] == {0: 61.0, 1: 62.0}
    assert row_values(spec, spec.row('gain'), runs)['foreground'] == {0: 3.0, 1: 4.0}
    assert row_values(spec, spec.row('trivial'), runs) == {'all': {0: 70, 1: 70}, 'foreground': {}}
    assert row_values(spec, spec.row('true masks'), runs)['all'] == {0: 82, 1: 82}


def test_unfinished_runs_have_no_values(tmp_path: Path) -> None:
    spec = make_spec(tmp_path)
    runs = plan(spec, tmp_path, {})
    run = runs['blacked out', 0]
    finish(run, 80, 58)
    summary = json.loads((run.folder / 'last_epochs_mean.json').read_text())
    (run.folder / 'last_epochs_mean.json').write_text(json.dumps(summary | dict(epochs=[45])))
    assert row_values(spec, spec.row('blacked out'), runs) == {'all': {}, 'foreground': {}}


def test_test_of_an_older_network_is_not_finished(tmp_path: Path) -> None:
    _, runs = finished(tmp_path)
    run = runs['true masks', 0]
    assert run.metrics() is not None
    run.trained.checkpoint().touch()
    os.utime(run.folder / 'metrics.json', (0, 0))
    assert run.metrics() is None


def test_markdown_shows_the_paper_beside_ours(tmp_path: Path) -> None:
    spec, runs = finished(tmp_path)
    lines = to_markdown(spec, runs, 'python table.py x.yml').splitlines()
    assert lines[0] == '# Table X'
    assert lines[2] == '|  | all paper | all ours | foreground paper | foreground ours |'
    assert '| Ours (MPI) | – | 81.5 ± 0.7 | 60.0 | 61.5 ± 0.7 |' in lines
    assert '| gain | – | +1.5 ± 0.7 | +2.0 | +3.5 ± 0.7 |' in lines
    assert '| trivial | – | 70.0 ± 0.0 | – | – |' in lines
    text = '\n'.join(lines)
    assert 'python table.py x.yml' in text
    assert 'data/cityscapes_256x128, 50 epochs, mean over the validations of epochs 46–50' in text


def test_json_holds_every_seed(tmp_path: Path) -> None:
    spec, runs = finished(tmp_path)
    record = json.loads(json.dumps(to_json(spec, runs, 'x')))
    gain = next(row for row in record['rows'] if row['name'] == 'gain')
    assert gain['ours']['foreground']['by_seed'] == {'0': 3.0, '1': 4.0}
    assert gain['ours']['foreground']['std'] == pytest.approx(0.5**0.5)
    assert record['rows'][0]['averaged_epochs'] == [46, 47, 48, 49, 50]


def test_results_of_another_config_or_seed_are_refused(tmp_path: Path) -> None:
    spec, _ = finished(tmp_path)
    runs = plan(spec, tmp_path, {'model.neck.num_rectangles': 1})
    with pytest.raises(ConfigError, match=r"'Ours \(MPI\)' with another config \(different: model"):
        runs['Ours (MPI)', 0].metrics()
    seed_0, seed_1 = tmp_path / 'ours-mpi' / 'seed_0', tmp_path / 'ours-mpi' / 'seed_1'
    for path in seed_1.iterdir():
        (seed_0 / path.name).write_bytes(path.read_bytes())
    with pytest.raises(ConfigError, match=r'different: randomness\.seed'):
        plan(spec, tmp_path, {})['Ours (MPI)', 0].metrics()


def test_unmeasured_metric_is_told(tmp_path: Path) -> None:
    _, runs = finished(tmp_path)
    spec = make_spec(
        tmp_path, TABLE | dict(columns={'foreground': 'fgmIoU'}, rows=TABLE['rows'][1:2])
    )
    with pytest.raises(ConfigError, match="no metric 'fgmIoU'; measured: all_mIoU, fg_mIoU"):
        row_values(spec, spec.rows[0], runs)


PARTS = dict(segmentor='Ours', generator='painter')
JOINED = 'configs/segan/segan_small_end-to-end_street-dyce.py'
PHASES = TABLE | dict(
    unit='in pixels',
    decimals=3,
    rows=[
        dict(name='Ours', config=JOINED, shown=False),
        dict(name='painter', config=JOINED, cfg_options={'model.painter_weight': 1.0}),
        dict(name='joined', config=JOINED, joins=PARTS),
        dict(name='on from both', config=JOINED, starts_from=PARTS, paper=dict(all=2)),
        dict(name='on from both, tested', config=JOINED, checkpoint_of='on from both'),
    ],
)


def test_parts_come_from_the_rows_trained_before_with_the_same_seed(tmp_path: Path) -> None:
    runs = plan(make_spec(tmp_path, PHASES), tmp_path, {'train_cfg.max_epochs': 2})
    parts = [
        f'model.part_checkpoints.segmentor={tmp_path}/ours/seed_1/epoch_2.pth',
        f'model.part_checkpoints.generator={tmp_path}/painter/seed_1/epoch_2.pth',
    ]
    training = runs['on from both', 1].arguments()
    assert training[:4] == ['train', JOINED, '--seed', '1']
    assert training[-2:] == parts
    joined = runs['joined', 1].arguments()
    assert joined[:3] == ['test', JOINED, '--out']
    assert joined[-2:] == parts
    assert [runs[row['name'], 0].phase for row in PHASES['rows']] == [0, 0, 1, 1, 2]


def test_shared_parts_are_trained_once(tmp_path: Path) -> None:
    spec = share_parts(make_spec(tmp_path, PHASES))
    runs = plan(spec, tmp_path, {'train_cfg.max_epochs': 2})
    for row in ('Ours', 'painter', 'joined'):
        assert runs[row, 0] is runs[row, 1]
    training = runs['on from both', 1].arguments()
    assert training[:4] == ['train', JOINED, '--seed', '1']
    assert training[-1].endswith(f'generator={tmp_path}/painter/seed_0/epoch_2.pth')
    with mock.patch.object(Run, 'metrics', return_value=dict(loss=1.0)) as asked:
        assert execute(runs.values(), 1) == []
    assert asked.call_count == 3 + 2 * 2
    for name, measured in (('joined', 80), ('on from both', 70)):
        for seed in (0, 1):
            finish(runs[name, seed], measured + seed, 50)
    values = row_values(spec, spec.row('joined'), runs)['all']
    assert values == {0: 81}
    assert row_values(spec, spec.row('on from both'), runs)['all'] == {0: 70, 1: 71}


def test_what_started_from_older_parts_is_refused(tmp_path: Path) -> None:
    runs = plan(make_spec(tmp_path, PHASES), tmp_path, {})
    for row in ('Ours', 'painter', 'on from both', 'joined'):
        finish(runs[row, 0], 80, 58)
    assert runs['on from both', 0].metrics() is not None
    assert runs['joined', 0].metrics() is not None
    for written in ('on-from-both/seed_0/last_epochs_mean.json', 'joined/seed_0/metrics.json'):
        os.utime(tmp_path / written, (0, 0))
    runs['painter', 0].checkpoint().touch()
    assert runs['joined', 0].metrics() is None
    with pytest.raises(ConfigError, match=r'different: the parts it started from, which were'):
        runs['on from both', 0].metrics()


def test_training_without_validation_is_finished_with_its_last_checkpoint(tmp_path: Path) -> None:
    row = dict(name='edge', config='configs/maskopt/edge_small_street.py', shown=False)
    run = plan(make_spec(tmp_path, {**TABLE, 'rows': [row]}), tmp_path, {})['edge', 0]
    assert run.metrics() is None
    run.folder.mkdir(parents=True)
    run.checkpoint().touch()
    assert run.metrics() == {}
    finish(run, 80, 60)
    assert run.metrics() == {}
    roles = run.cfg.optim_wrapper
    run.cfg.optim_wrapper = dict(  # as the same optimisers were named before there were roles
        constructor=roles.constructor,
        edge=roles.generators,
        edge_discriminator=roles.discriminators,
    )
    assert run.metrics() == {}
    run.cfg.optim_wrapper.edge.optimizer.lr = 1.0
    with pytest.raises(ConfigError, match=r'different: optim_wrapper'):
        run.metrics()


def test_runs_wait_for_those_before_them(tmp_path: Path) -> None:
    runs = plan(make_spec(tmp_path, PHASES), tmp_path, {})
    order = []
    with mock.patch('seginpaint_mm.tables.execute._do', lambda run, jobs: order.append(run.row)):
        assert execute(reversed(runs.values()), 1) == []
    assert [set(order[:4]), set(order[4:8]), set(order[8:])] == [
        {'Ours', 'painter'},
        {'joined', 'on from both'},
        {'on from both, tested'},
    ]


def test_rows_that_are_not_shown_and_other_units(tmp_path: Path) -> None:
    spec = make_spec(tmp_path, PHASES)
    runs = plan(spec, tmp_path, {})
    finish(runs['on from both', 0], 0.12345, 0.5)
    lines = to_markdown(spec, runs, 'x').splitlines()
    assert '| on from both | 2.000 | 0.123 | – | 0.500 |' in lines
    assert not any(line.startswith('| Ours') for line in lines)
    text = '\n'.join(lines)
    assert 'Each value is in pixels.' in text
    assert '- Ours: ' in text
    assert '(model.part_checkpoints: segmentor of “Ours”, generator of “painter”)' in text


def test_rows_that_are_not_shown_need_not_measure_what_is_shown(tmp_path: Path) -> None:
    spec = make_spec(tmp_path, PHASES)
    runs = plan(spec, tmp_path, {})
    hidden = runs['Ours', 0]
    finish(hidden, 80, 60)
    summary = hidden.folder / 'last_epochs_mean.json'
    summary.write_text(json.dumps(json.loads(summary.read_text()) | dict(mean=dict(loss=1.0))))
    rows = {row['name']: row['ours'] for row in to_json(spec, runs, 'x')['rows']}
    assert rows['Ours'] == {}
    assert 'on from both' in rows


def changed_row(index: int, **change: object) -> dict:
    rows = [dict(row) for row in TABLE['rows']]
    rows[index] |= change
    return TABLE | dict(rows=rows)


@pytest.mark.parametrize(
    ('table', 'message'),
    [
        (TABLE | dict(colums={}), "the table has an unknown key 'colums' .did you mean columns"),
        ({k: v for k, v in TABLE.items() if k != 'seeds'}, "lacks the key 'seeds'"),
        (changed_row(0, cfg_option={}), "'Ours .MPI.' has an unknown key 'cfg_option'"),
        (changed_row(0, config='configs/absent.py'), 'configs/absent.py does not exist'),
        (changed_row(0, paper=dict(fore=1)), "names the column 'fore'"),
        (changed_row(2, minus='nothing'), "minus must name another row, not 'nothing'"),
        (changed_row(2, minus='gain'), "minus must name another row, not 'gain'"),
        (changed_row(2, config=CONFIG), 'needs either config or measured_in'),
        (changed_row(3, measured_in='gain'), "'gain' has none"),
        (changed_row(4, name='gain'), 'appears twice'),
        (changed_row(4, name='ours, mpi'), "'ours, mpi' and 'Ours .MPI.' have the same folder"),
        (changed_row(4, only_seed=0), "only_seed, so 'Ours .MPI.', which it needs, must too"),
        (changed_row(4, joins=dict(neck='blacked out')), 'give one of checkpoint_of, starts_from'),
        (
            changed_row(0, starts_from=dict(neck='blacked out')),
            "starts_from.neck must name an earlier row that is trained, not 'blacked out'",
        ),
        (changed_row(1, joins=dict(neck='gain')), 'joins.neck must name an earlier row'),
    ],
)
def test_wrong_files_are_told(tmp_path: Path, table: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make_spec(tmp_path, table)


def test_missing_or_broken_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='cannot be read'):
        load_spec(tmp_path / 'absent.yml')
    (tmp_path / 'broken.yml').write_text('rows: [')
    with pytest.raises(ConfigError, match='is no YAML'):
        load_spec(tmp_path / 'broken.yml')


def test_what_another_process_is_doing_is_waited_for(tmp_path: Path) -> None:
    run = plan(make_spec(tmp_path), tmp_path, {})['Ours (MPI)', 0]
    run.folder.mkdir(parents=True)
    deadline = time.monotonic() + 120
    with (
        redirect_stdout(StringIO()) as told,  # pytest's capture loses what is written as it is read
        ThreadPoolExecutor(1) as pool,
        open(run.folder / '.lock', 'w') as lock,
    ):
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = pool.submit(execute, [run], 1)
        while not told.getvalue().endswith('\n'):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        finish(run, 80, 60)
    assert waiting.result() == []
    assert told.getvalue().splitlines() == [
        f'Ours (MPI), seed 0: waiting for another process at work in {run.folder}',
        'Ours (MPI), seed 0: done before',
    ]


@pytest.mark.parametrize(
    ('pattern', 'number'),
    [
        ('segan/table_*_street-dyce.yml', 3),
        ('sgenet/table_*_street.yml', 4),
        ('sgenet/table_*_cityscapes-128x128.yml', 4),
        ('sgenet/table_*[iv].yml', 4),
        ('maskopt/table_*_street.yml', 5),
        ('maskopt/table_*[iv].yml', 5),
        ('maskopt/table_*_coco-tiny.yml', 2),
    ],
)
def test_tables_that_share_runs_mean_the_same_by_the_same_names(pattern: str, number: int) -> None:
    """They are made in one folder."""
    kept = ('config', 'cfg_options', 'checkpoint_of', 'starts_from', 'joins', 'trained')
    seen: dict[str, dict] = {}
    paths = sorted(Path('configs').glob(pattern))
    for row in (row for path in paths for row in load_spec(path).rows):
        meaning = {key: getattr(row, key) for key in kept}
        assert seen.setdefault(row.name, meaning) == meaning, row.name
    assert len(paths) == number < len(seen)


def test_what_needs_no_training_is_tested_only(tmp_path: Path) -> None:
    row = dict(name='Telea', config='configs/sgenet/telea_street.py', trained=False)
    run = plan(make_spec(tmp_path, {**TABLE, 'rows': [row]}), tmp_path, {})['Telea', 0]
    assert run.arguments()[:3] == ['test', row['config'], '--out']
    assert (run.metrics(), run.phase) == (None, 0)
    finish(run, 80, 60)
    assert run.metrics()['all_mIoU'] == 80
    on_it = dict(name='x', config=CONFIG, checkpoint_of='Telea')
    with pytest.raises(ConfigError, match='checkpoint_of must name a row that is trained'):
        make_spec(tmp_path, {**TABLE, 'rows': [row, on_it]})
