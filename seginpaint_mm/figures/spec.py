"""``FigureSpec``: the content of a figure, read from a YAML file."""

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from seginpaint_mm.errors import ConfigError
from seginpaint_mm.figures.panels import PANELS
from seginpaint_mm.tables.spec import check_keys
from seginpaint_mm.utils.config_files import find_config


@dataclass(frozen=True)
class Column:
    """One panel of every image.

    Attributes:
        title: Above the panel.
        panel: Key of ``PANELS``: what is drawn.
        config: Config of the model that predicts it; None for what the data set holds.
        checkpoint: Its weights, a file or the work dir of a training. None: the work dir
            ``work_dirs/NAME`` of the config's name, where there is one, or else the weights that
            the config itself names.
        cfg_options: Keys of the config that are overridden, such as ``model.grow: 2``.
        scale: Of a model that works from coarse to fine: 1 is the finest; None for the result.
        alpha: Margin of the panel ``distance``.
        unit: Of alpha, see :class:`MaskExpansionLoss`.
    """

    title: str
    panel: str
    config: str | None = None
    checkpoint: str | None = None
    cfg_options: dict = field(default_factory=dict)
    scale: int | None = None
    alpha: float = 0.0
    unit: str = 'outside'


@dataclass(frozen=True)
class FigureSpec:
    """A whole figure.

    Attributes:
        title: What it is.
        rows: Rows of columns. Each image has all of them, one below the other.
        images: Numbers of images of the test set, from 0.
        data: Config of which the test set is shown, by all models; None: each model sees that of
            its own config, which must have the same images.
        width: Of a panel, in pixels.
    """

    title: str
    rows: list[list[Column]]
    images: list[int]
    data: str | None = None
    width: int = 256

    def columns(self) -> list[Column]:
        """Those of all rows."""
        return [column for row in self.rows for column in row]


def load_figure(path: str | Path) -> FigureSpec:
    """Read and check a figure's YAML file.

    Raises:
        ConfigError: when it is missing, no YAML, or says something that fits nothing.
    """
    try:
        content = yaml.safe_load(Path(path).read_text(encoding='utf-8'))
    except OSError as error:
        raise ConfigError(f'{path}: cannot be read ({error.strerror}).') from error
    except yaml.YAMLError as error:
        raise ConfigError(f'{path}: is no YAML: {" ".join(str(error).split())}') from error
    check_keys(path, 'the figure', content, FigureSpec)
    rows = content['rows']
    if not rows or not all(isinstance(row, list) and row for row in rows):
        raise ConfigError(f'{path}: rows must be lists of columns, not {rows!r}.')
    for column in (column for row in rows for column in row):
        name = column.get('title', '?') if isinstance(column, dict) else column
        check_keys(path, f'column {name!r}', column, Column)
    spec = FigureSpec(**content | dict(rows=[[Column(**c) for c in row] for row in rows]))
    _check(path, spec)
    return spec


def _check(path: str | Path, spec: FigureSpec) -> None:
    numbers = spec.images
    if not numbers or any(not isinstance(number, int) or number < 0 for number in numbers):
        raise ConfigError(f'{path}: images must be numbers of the test set, from 0: {numbers!r}.')
    for column in spec.columns():
        if column.panel not in PANELS:
            raise ConfigError(
                f'{path}: column {column.title!r}: there is no panel {column.panel!r}, only '
                f'{", ".join(PANELS)}.'
            )
        if column.config is None and PANELS[column.panel].is_predicted:
            raise ConfigError(
                f'{path}: column {column.title!r}: the panel {column.panel!r} is predicted: name '
                f'the config of the model.'
            )
    configs = [spec.data, *(column.config for column in spec.columns())]
    if not any(configs):
        raise ConfigError(f'{path}: neither data nor a column names a config: give one.')
    for name in filter(None, configs):
        try:
            find_config(name)
        except ConfigError as error:
            raise ConfigError(f'{path}: {error}') from error


def with_images(spec: FigureSpec, images: list[int]) -> FigureSpec:
    """The same figure of other images."""
    return dataclasses.replace(spec, images=images)
