"""``draw_figure``: let each model of a figure predict, and put the panels side by side."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import BaseDataset, pseudo_collate
from mmengine.model import BaseModel
from mmengine.registry import DefaultScope
from mmengine.runner import set_random_seed

from seginpaint_mm.apis.model_loading import build_model, find_model
from seginpaint_mm.cli import load_config
from seginpaint_mm.errors import ConfigError, UserError
from seginpaint_mm.figures.panels import PANELS, View
from seginpaint_mm.figures.spec import Column, FigureSpec
from seginpaint_mm.registry import DATASETS
from seginpaint_mm.structures import SceneSample
from seginpaint_mm.utils.config_files import find_config
from seginpaint_mm.visualization.panels import GAP, HEADER, LegendEntry, Panel, compose

_SEED = 0  # of test sets that paste objects or draw holes

Seen = tuple[np.ndarray, SceneSample, Sequence[str], np.ndarray]  # image, classes, palette


def draw_figure(
    spec: FigureSpec,
    device: str = 'cpu',
    on_model: Callable[[str], None] = lambda name: None,
) -> np.ndarray:
    """Draw a figure. Each model is built once, and predicts all images before the next is built.

    Args:
        spec: What is shown.
        device: That the models run on.
        on_model: Called with the name of each model, and of its weights, before it predicts.

    Returns:
        np.ndarray: RGB uint8, the rows of the first image above those of the next.

    Raises:
        UserError: when a checkpoint is missing or of another model, the models see different
            images, an image is not in the test set, or a panel needs what a model does not predict.
    """
    seen: dict[str, list[Seen]] = {}
    for column in spec.columns():
        if _key(column) not in seen:
            seen[_key(column)] = _predict(spec, column, device, on_model)
    rows = [
        [_panel(spec, column, seen, index) for column in row]
        for index in range(len(spec.images))
        for row in spec.rows
    ]
    figure = compose(rows, _legend(spec, seen))
    return figure if _shows_classes(spec) else figure[: -(HEADER + GAP)]  # the empty legend


def _shows_classes(spec: FigureSpec) -> bool:
    return any(PANELS[column.panel].has_classes for column in spec.columns())


def _legend(spec: FigureSpec, seen: dict[str, list[Seen]]) -> list[LegendEntry]:
    if not _shows_classes(spec):
        return []
    classes, palette = next(iter(seen.values()))[0][2:]
    return list(zip(classes, palette.tolist(), strict=True))


def _key(column: Column) -> str:
    """The same for columns of one model."""
    return json.dumps([column.config, column.checkpoint, column.cfg_options], default=str)


def _predict(
    spec: FigureSpec, column: Column, device: str, on_model: Callable[[str], None]
) -> list[Seen]:
    """The images, with what the column's model predicts, or with the truth alone."""
    cfg = None if column.config is None else load_config(column.config, column.cfg_options)
    dataset = _test_set(spec, column, cfg)
    classes = dataset.metainfo.get('classes', ())
    palette = np.array(dataset.metainfo.get('palette', ()), np.uint8).reshape(-1, 3)
    batches = []
    for number in spec.images:
        if number >= len(dataset):
            raise UserError(
                f'The test set has {len(dataset)} images, so there is none of number {number}: '
                f'choose others.'
            )
        set_random_seed(_SEED + number)
        batches.append(pseudo_collate([dataset[number]]))
    images = [_rgb(batch['inputs'][0]) for batch in batches]
    if cfg is None:
        samples = [batch['data_samples'][0] for batch in batches]
    else:
        model = _model(column, cfg, on_model).to(device).eval()
        if any(other.scale for other in spec.columns() if _key(other) == _key(column)):
            model.keep_scales = True  # of models that work from coarse to fine
        with torch.no_grad():
            samples = [model.test_step(batch)[0].cpu() for batch in batches]
    return [(*pair, classes, palette) for pair in zip(images, samples, strict=True)]


def _test_set(spec: FigureSpec, column: Column, cfg: Config | None) -> BaseDataset:
    name = spec.data or column.config
    if name is None:
        name = next(other.config for other in spec.columns() if other.config)
    source = cfg if cfg is not None and name == column.config else load_config(name, {})
    loader = source.get('test_dataloader') or source.get('val_dataloader')
    if loader is None:
        raise ConfigError(f'{name} has no test_dataloader, whose images a figure shows.')
    with DefaultScope.overwrite_default_scope(source.get('default_scope', 'seginpaint_mm')):
        dataset = DATASETS.build(loader.dataset)
        dataset.full_init()
    return dataset


def _model(column: Column, cfg: Config, on_model: Callable[[str], None]) -> BaseModel:
    given = column.checkpoint
    if given is None:
        own = Path('work_dirs') / find_config(str(column.config)).stem
        given = str(own) if own.is_dir() else None
    weights = given
    if given is not None and Path(given).is_dir():
        weights = find_model(given, None)[1]
    on_model(f'{column.title}: {column.config}, {weights or "weights that the config names"}')
    return build_model(cfg, weights)


def _panel(spec: FigureSpec, column: Column, seen: dict[str, list[Seen]], index: int) -> Panel:
    image, sample, _, palette = seen[_key(column)][index]
    first = next(iter(seen.values()))[index][1]
    paths = [item.get('img_path', '') for item in (first, sample)]
    if paths[0] != paths[1]:
        raise UserError(
            f'column {column.title!r} shows {paths[1]} where the first one shows {paths[0]}: name '
            f'one test set for all with data.'
        )
    kind = PANELS[column.panel]
    missing = [name for name in kind.needs(column.scale) if name not in sample]
    if missing:
        held = ', '.join(sorted(name for name in sample.keys()))  # noqa: SIM118
        raise UserError(
            f'column {column.title!r}: the panel {column.panel!r} needs {", ".join(missing)}, of '
            f'which the sample has nothing, only {held}: choose another panel or model.'
        )
    view = View(image, sample, palette, spec.width, column.scale, column.alpha, column.unit)
    return column.title, kind.draw(view)


def _rgb(image: torch.Tensor) -> np.ndarray:
    """uint8 (H, W, 3), of BGR uint8 (3, H, W)."""
    return np.ascontiguousarray(image.cpu().numpy()[::-1].transpose(1, 2, 0))
