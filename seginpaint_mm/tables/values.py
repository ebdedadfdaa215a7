"""From runs to the numbers in a row."""

import math
from collections.abc import Mapping

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
