"""Write a table: our values beside those of the paper."""

import math
import os
import platform
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from seginpaint_mm.errors import ConfigError
from seginpaint_mm.tables.runs import Run
from seginpaint_mm.tables.spec import Row, TableSpec

PARAMETERS = 'parameters'  # a column that is read from the config


def row_values(
    spec: TableSpec, row: Row, runs: Mapping[tuple[str, int], Run]
) -> dict[str, dict[int, float]]:
    """Our values of a row by column title and seed, in percent; differences for ``minus``.

    Parameters are in millions, once. Seeds whose runs are not finished, and values that are not
    finite, are left out.

    Raises:
        ConfigError: when a finished run did not measure a column's metric.
    """
    values = _absolute(spec, row, runs)
    if row.minus is None:
        return values
    base = _absolute(spec, spec.row(row.minus), runs)
    return {
        column: {s: v - base[column][s] for s, v in by_seed.items() if s in base[column]}
        for column, by_seed in values.items()
    }


def mean_and_std(values: list[float]) -> tuple[float, float | None]:
    """Mean and sample standard deviation; None instead of the latter for a single value."""
    mean = math.fsum(values) / len(values)
    if len(values) == 1:
        return mean, None
    return mean, math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (len(values) - 1))


def _absolute(
    spec: TableSpec, row: Row, runs: Mapping[tuple[str, int], Run]
) -> dict[str, dict[int, float]]:
    values: dict[str, dict[int, float]] = {column: {} for column in spec.columns}
    for seed in spec.seeds:
        run = runs[spec.owner(row).name, seed]
        metrics = run.metrics()
        for column, key in spec.columns.items():
            if key == PARAMETERS:
                value = run.parameters if seed == spec.seeds[0] else None
            elif key is None or metrics is None:
                continue
            else:
                value = _metric(metrics, row.prefix + key, row.name)
            if value is not None and math.isfinite(value):
                values[column][run.seed] = value
    return values


def _metric(metrics: Mapping[str, float | None], key: str, row: str) -> float | None:
    if key not in metrics:
        raise ConfigError(f'Row {row!r} has no metric {key!r}; measured: {", ".join(metrics)}.')
    return metrics[key]


Runs = Mapping[tuple[str, int], Run]


def to_markdown(spec: TableSpec, runs: Runs, command: str) -> str:
    """The table as people read it.

    Args:
        spec: The table.
        runs: From :func:`plan`.
        command: The command line that makes the table.
    """
    lines = [f'# {spec.title}', '', *_table(spec, runs), '']
    seeds = ', '.join(map(str, spec.seeds))
    lines += [
        f'Ours: mean ± standard deviation over the seeds {seeds}; – = not measured. '
        f'Each value is {spec.unit}.',
        *([spec.note.strip()] if spec.note else []),
        '',
        f'Made with `{command}` on {machine()}. The runs:',
        '',
        *[f'- {text}' for text in _descriptions(spec, runs)],
    ]
    return '\n'.join(lines) + '\n'


def to_json(spec: TableSpec, runs: Runs, command: str) -> dict:
    """The same with the values of every seed."""
    return {
        'title': spec.title,
        'command': command,
        'machine': machine(),
        'seeds': spec.seeds,
        'columns': spec.columns,
        'unit': spec.unit,
        'rows': [_row_record(spec, row, runs) for row in spec.rows],
    }


def machine() -> str:
    """Processor or GPU, and the versions of Python and PyTorch."""
    if torch.cuda.is_available():
        device = torch.cuda.get_device_name()
    else:
        device = f'{os.cpu_count()} cores of {_processor()}'
    return f'{device}, Python {platform.python_version()}, PyTorch {torch.__version__}'


def _table(spec: TableSpec, runs: Runs) -> list[str]:
    header = ['', *[f'{column} {kind}' for column in spec.columns for kind in ('paper', 'ours')]]
    lines = [header, ['---', *['---:'] * (len(header) - 1)]]
    for row in filter(lambda row: row.shown, spec.rows):
        values = row_values(spec, row, runs)
        form = f'{"+" if row.minus else ""}.{spec.decimals}f'
        cells = [row.name]
        for column in spec.columns:
            paper = row.paper.get(column)
            cells.append('–' if paper is None else format(paper, form))
            cells.append(_cell(list(values[column].values()), form, spec.decimals))
        lines.append(cells)
    return [f'| {" | ".join(cells)} |' for cells in lines]


def _cell(values: list[float], form: str, decimals: int) -> str:
    if not values:
        return '–'
    mean, std = mean_and_std(values)
    return format(mean, form) + ('' if std is None else f' ± {std:.{decimals}f}')


def _descriptions(spec: TableSpec, runs: Runs) -> list[str]:
    texts = []
    for row in spec.rows:
        run = runs[spec.owner(row).name, spec.seeds[0]]
        text = f'{row.name}: '
        if row.measured_in is not None:
            text += f'measured in the runs of “{row.measured_in}” (`{row.prefix}`)'
        else:
            text += f'{_data_root(run)}{_epochs(run)}, `{_command(run)}`{_parts(row)}'
        texts.append(text + (f'; shown minus “{row.minus}”' if row.minus else ''))
    return texts


def _row_record(spec: TableSpec, row: Row, runs: Runs) -> dict:
    run = runs[spec.owner(row).name, spec.seeds[0]]
    record: dict[str, Any] = {
        'name': row.name,
        'minus': row.minus,
        'paper': row.paper,
        'command': _command(run),
    }
    record |= {'data': _data_root(run), 'averaged_epochs': run.epochs(), 'ours': {}}
    if not row.shown:  # trained for other rows; what the table shows may not be measured in it
        return record
    for column, by_seed in row_values(spec, row, runs).items():
        mean, std = mean_and_std(list(by_seed.values())) if by_seed else (None, None)
        record['ours'][column] = {'mean': mean, 'std': std, 'by_seed': by_seed}
    return record


def _command(run: Run) -> str:
    name, *arguments = run.arguments()
    return shlex.join(['python', f'tools/{name}.py', *arguments])


def _data_root(run: Run) -> str:
    loader = run.cfg.test_dataloader if run.is_test else run.cfg.train_dataloader
    dataset = loader.dataset
    while 'dataset' in dataset:
        dataset = dataset.dataset
    return str(dataset.get('data_root', ''))


def _epochs(run: Run) -> str:
    epochs = run.epochs()
    if run.last_epochs != 1:
        return f', mean over the networks of the last {run.last_epochs} epochs'
    if not epochs:
        return ''
    return f', {epochs[-1]} epochs, mean over the validations of epochs {epochs[0]}–{epochs[-1]}'


def _parts(row: Row) -> str:
    """Where parts come from, as the command names the files of one seed."""
    parts = {**row.starts_from, **row.joins}
    if not parts:
        return ''
    listed = ', '.join(f'{part} of “{name}”' for part, name in parts.items())
    return f' (model.part_checkpoints: {listed})'


def _processor() -> str:
    """The processor's name where the system tells it."""
    info = Path('/proc/cpuinfo')
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith('model name'):
                return line.partition(':')[2].strip()
    return platform.processor() or platform.machine()
