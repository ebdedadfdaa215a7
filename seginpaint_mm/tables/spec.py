"""The content of a table's YAML file."""

import dataclasses
import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

import yaml

from seginpaint_mm.errors import ConfigError
from seginpaint_mm.utils.config_files import find_config


@dataclass(frozen=True)
class Row:
    """A line of a table.

    Attributes:
        name: First cell; other rows refer to it.
        config: Config file to train and validate, or, with ``checkpoint_of``, to test.
        cfg_options: Overrides of config keys, e.g. ``{model.neck.num_rectangles: 0}``.
        checkpoint_of: Name of the row whose trained network is tested under ``config``.
        starts_from: Part of the model -> name of an earlier row, with whose trained part of that
            name training begins (``model.part_checkpoints``).
        joins: The same for parts that are tested together as they were trained.
        measured_in: Name of the row in whose runs this row was measured too; goes with ``prefix``.
        prefix: Put before every metric key, e.g. ``nearest_truth/``.
        minus: Name of the row from which the difference is shown, seed by seed.
        paper: The published values by column title.
        shown: Whether it is a line of the table; False for what is trained for other rows only.
        trained: False for a model without weights, or one whose config names its checkpoints: it
            is tested only.
        last_epochs: Of a row that is tested: the mean over the networks of so many last epochs,
            which the training must keep (``default_hooks.checkpoint.max_keep_ckpts``).
        only_seed: It is run with this seed alone, for all the table's seeds: what later rows begin
            with is then trained once.
    """

    name: str
    config: str | None = None
    cfg_options: dict = field(default_factory=dict)
    checkpoint_of: str | None = None
    starts_from: dict[str, str] = field(default_factory=dict)
    joins: dict[str, str] = field(default_factory=dict)
    measured_in: str | None = None
    prefix: str = ''
    minus: str | None = None
    paper: dict[str, float] = field(default_factory=dict)
    shown: bool = True
    trained: bool = True
    last_epochs: int = 1
    only_seed: int | None = None

    @property
    def is_test(self) -> bool:
        """Whether it is only tested, not trained."""
        return not self.trained or self.checkpoint_of is not None or bool(self.joins)

    @property
    def sources(self) -> list[str]:
        """Names of the rows whose trained networks it needs."""
        tested = [self.checkpoint_of] if self.checkpoint_of is not None else []
        return [*self.starts_from.values(), *self.joins.values(), *tested]

    @property
    def folder(self) -> str:
        """Name of the folder of its runs: "Ours, -2 px" is ``ours-minus-2-px``."""
        name = re.sub(r'(?<![\w)])-(?=\d)', ' minus ', self.name.lower())
        name = re.sub(r'(?<![\w)])\+(?=\d)', ' plus ', name)
        return re.sub(r'[^a-z0-9]+', '-', name).strip('-')


@dataclass(frozen=True)
class TableSpec:
    """A whole table.

    Attributes:
        title: Heading.
        columns: Metric key by column title; ``parameters``: millions of the config's model; None:
            a column of the paper's values alone.
        rows: In order.
        seeds: One run a row and seed.
        note: Text below the table.
        unit: What the values are in.
        decimals: How many are shown of a value.
    """

    title: str
    columns: dict[str, str | None]
    rows: list[Row]
    seeds: list[int]
    note: str = ''
    unit: str = 'in percent'
    decimals: int = 1

    def row(self, name: str) -> Row:
        """The row of that name."""
        return next(row for row in self.rows if row.name == name)

    def owner(self, row: Row) -> Row:
        """The row whose runs hold this row's metrics."""
        return row if row.measured_in is None else self.row(row.measured_in)


def load_spec(path: str | Path) -> TableSpec:
    """Read and check a table's YAML file.

    Raises:
        ConfigError: when it is missing, no YAML, or says something that fits nothing.
    """
    try:
        content = yaml.safe_load(Path(path).read_text(encoding='utf-8'))
    except OSError as error:
        raise ConfigError(f'{path}: cannot be read ({error.strerror}).') from error
    except yaml.YAMLError as error:
        raise ConfigError(f'{path}: is no YAML: {" ".join(str(error).split())}') from error
    check_keys(path, 'the table', content, TableSpec)
    for row in content['rows']:
        check_keys(path, f'row {row.get("name", "?")!r}', row, Row)
    spec = TableSpec(**{**content, 'rows': [Row(**row) for row in content['rows']]})
    for row in spec.rows:
        _check_row(path, row, spec)
    return spec


def check_keys(path: str | Path, owner: str, content: dict, cls: type) -> None:
    """Check that a mapping in a YAML file has the keys that a dataclass needs, and no others.

    Args:
        path: The file, for errors.
        owner: What the mapping is, for errors.
        content: The mapping.
        cls: The dataclass.

    Raises:
        ConfigError: when it has not, or is no mapping.
    """
    if not isinstance(content, dict):
        raise ConfigError(f'{path}: {owner} must be a mapping of keys, not {content!r}.')
    fields = {item.name: item for item in dataclasses.fields(cls)}
    for key in content:
        if key not in fields:
            near = get_close_matches(str(key), fields, 1)
            hint = f' (did you mean {near[0]}?)' if near else f'; known: {", ".join(fields)}'
            raise ConfigError(f'{path}: {owner} has an unknown key {key!r}{hint}.')
    for item in fields.values():
        optional = item.default is not dataclasses.MISSING
        optional = optional or item.default_factory is not dataclasses.MISSING
        if not optional and item.name not in content:
            raise ConfigError(f'{path}: {owner} lacks the key {item.name!r}.')


def _check_row(path: str | Path, row: Row, spec: TableSpec) -> None:
    where = f'{path}: row {row.name!r}'
    names = [other.name for other in spec.rows]
    if names.count(row.name) > 1:
        raise ConfigError(f'{where} appears twice: give every row its own name.')
    twin = next(other for other in spec.rows if other.folder == row.folder)
    if twin is not row:
        raise ConfigError(
            f'{where} and {twin.name!r} have the same folder for their runs, {row.folder!r}: give '
            f'them names that differ by more than signs.'
        )
    for key in ('checkpoint_of', 'measured_in', 'minus'):
        target = getattr(row, key)
        if target is not None and (target not in names or target == row.name):
            raise ConfigError(f'{where}: {key} must name another row, not {target!r}.')
    if (row.config is None) == (row.measured_in is None):
        raise ConfigError(f'{where} needs either config or measured_in.')
    for key in ('checkpoint_of', 'measured_in'):
        target = getattr(row, key)
        if target is not None and spec.row(target).measured_in is not None:
            raise ConfigError(f'{where}: {key} must name a row with a config, {target!r} has none.')
    if row.checkpoint_of is not None and spec.row(row.checkpoint_of).is_test:
        raise ConfigError(f'{where}: checkpoint_of must name a row that is trained.')
    if row.last_epochs != 1 and (row.checkpoint_of is None or row.last_epochs < 1):
        raise ConfigError(
            f'{where}: last_epochs is a number from 1 on, of rows with checkpoint_of.'
        )
    _check_parts(where, row, spec)
    _check_seed(where, row, spec)
    if row.config is not None:
        try:
            find_config(row.config)
        except ConfigError as error:
            raise ConfigError(f'{where}: {error}') from error
    for column in row.paper:
        if column not in spec.columns:
            raise ConfigError(f'{where}: paper names the column {column!r}, which is not there.')


def _check_parts(where: str, row: Row, spec: TableSpec) -> None:
    """See that parts come from rows that are trained before."""
    if sum(map(bool, (row.checkpoint_of, row.starts_from, row.joins))) > 1:
        raise ConfigError(f'{where}: give one of checkpoint_of, starts_from and joins.')
    trained = {
        other.name
        for other in spec.rows[: spec.rows.index(row)]
        if other.config is not None and not other.is_test
    }
    for key in ('starts_from', 'joins'):
        for part, target in getattr(row, key).items():
            if target not in trained:
                raise ConfigError(
                    f'{where}: {key}.{part} must name an earlier row that is trained, not '
                    f'{target!r}.'
                )


def _check_seed(where: str, row: Row, spec: TableSpec) -> None:
    """See that what is run once does not need what is run with every seed."""
    if row.only_seed is None:
        return
    for target in row.sources:
        if spec.row(target).only_seed is None:
            raise ConfigError(f'{where} has only_seed, so {target!r}, which it needs, must too.')


def with_row_options(spec: TableSpec, name: str, cfg_options: dict) -> TableSpec:
    """The table with overrides of config keys in the row of that name.

    Raises:
        ConfigError: when there is no such row, or it has no config of its own.
    """
    rows = {row.name: row for row in spec.rows if row.config is not None}
    if name not in rows:
        near = get_close_matches(name, rows, 1) or [', '.join(rows)]
        raise ConfigError(f'the table has no row {name!r} with a config; did you mean {near[0]}?')
    changed = dataclasses.replace(rows[name], cfg_options={**rows[name].cfg_options, **cfg_options})
    return dataclasses.replace(
        spec, rows=[changed if row.name == name else row for row in spec.rows]
    )


def share_parts(spec: TableSpec) -> TableSpec:
    """The table with the parts that others begin with trained once, with its first seed.

    So are the tests that need nothing else: they would be the same for every seed.
    """
    shared = {
        name for row in spec.rows for name in (*row.starts_from.values(), *row.joins.values())
    }
    for row in reversed(spec.rows):  # what a row needs comes before it
        shared.update(row.sources if row.name in shared else ())
    rows = [
        dataclasses.replace(row, only_seed=spec.seeds[0])
        if row.name in shared or (row.is_test and row.sources and {*row.sources} <= shared)
        else row
        for row in spec.rows
    ]
    return dataclasses.replace(spec, rows=rows)
