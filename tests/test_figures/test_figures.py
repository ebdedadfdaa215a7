"""Figures of tiny data: which panels, whose predictions, in which places; what is refused."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
import yaml
from mmengine.structures import InstanceData, PixelData

from seginpaint_mm.cli import load_config
from seginpaint_mm.errors import ConfigError, UserError
from seginpaint_mm.figures import draw_figure, load_figure
from seginpaint_mm.figures.panels import PANELS, View
from seginpaint_mm.geometry.masks import grow_mask
from seginpaint_mm.structures import SceneSample
from seginpaint_mm.visualization.panels import GAP, HEADER
from tests.helpers.tiny_remover import SIZE, write_tiny_pairs
from tests.helpers.tool_runs import REPOSITORY, run_here

FIGURES = sorted(REPOSITORY.glob('configs/*/figure_*.yml'))
CONFIG = """
default_scope = 'seginpaint_mm'
model = dict(
    type='SelectThenInpaint', inpainter=dict(type='OpenCVInpainter', method='telea'), grow=0
)
pipeline = [dict(type='LoadPair'), dict(type='PackScene')]
test_dataloader = dict(
    batch_size=1,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='PairsDataset', data_root={root!r}, pipeline=pipeline, test_mode=True),
)
test_cfg = dict(type='TestLoop')
test_evaluator = dict(type='InpaintingQualityMetric')
"""


@pytest.fixture(scope='module')
def telea(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A config that needs no training, of three pairs."""
    folder = tmp_path_factory.mktemp('figures')
    write_tiny_pairs(folder / 'pairs', 3)
    (folder / 'telea.py').write_text(CONFIG.format(root=str(folder / 'pairs')))
    return folder / 'telea.py'


def write(path: Path, *columns: dict, **content: object) -> Path:
    """A figure of one row."""
    figure = dict(title='a figure', images=[2, 0], width=SIZE[1], rows=[list(columns)]) | content
    path.write_text(yaml.safe_dump(figure))
    return path


def panel(figure: np.ndarray, row: int, column: int) -> np.ndarray:
    """What is below a title."""
    height, width = SIZE
    top, left = row * (height + HEADER + GAP) + HEADER, column * (width + 2 * GAP) + GAP
    return figure[top : top + height, left : left + width]


def read(telea: Path, number: int) -> np.ndarray:
    """RGB of I_G, the image without the object."""
    (path,) = telea.parent.glob(f'pairs/truth/*{number}.*')
    return cv2.imread(str(path))[..., ::-1]


def test_methods_side_by_side(telea: Path, tmp_path: Path) -> None:
    model = dict(config=str(telea))
    wide = model | dict(cfg_options={'model.grow': 3})
    spec = write(
        tmp_path / 'figure.yml',
        dict(title='input', panel='image'),
        dict(title='mask', panel='mask', **model),
        dict(title='telea', panel='filled', **model),
        dict(title='telea, grown', panel='filled', **wide),
        dict(title='truth', panel='truth'),
        dict(title='alpha', panel='distance', alpha=3, unit='pixels'),
    )
    run_here('analysis_tools/figure', spec, tmp_path / 'figure.png')
    figure = cv2.imread(str(tmp_path / 'figure.png'))[..., ::-1]
    for row, number in enumerate((2, 0)):
        seen, mask, filled, wider, truth, distance = (panel(figure, row, n) for n in range(6))
        np.testing.assert_array_equal(truth, read(telea, number))
        hole = (seen != truth).any(axis=2)
        assert (filled != seen)[hole].any()
        np.testing.assert_array_equal(filled[~hole], seen[~hole])
        changed = (wider != seen).any(axis=2)
        assert changed[~hole].any(), 'of the model with the option'
        np.testing.assert_array_equal(changed & ~grow_mask(hole, 4), False)
        assert (mask != seen)[hole].mean() > 0.9
        assert distance[hole][:, 2].mean() > distance[hole][:, 0].mean(), 'blue inside'
    run_here('analysis_tools/figure', spec, tmp_path / 'one.png', '--images', 1)
    figure = cv2.imread(str(tmp_path / 'one.png'))[..., ::-1]
    np.testing.assert_array_equal(panel(figure, 0, 4), read(telea, 1))
    assert figure.shape[0] == SIZE[0] + HEADER + GAP
    classes = draw_figure(load_figure(write(spec, dict(title='t', panel='true classes', **model))))
    assert classes.shape[0] > 2 * (SIZE[0] + HEADER + GAP), 'above their legend'


@pytest.mark.parametrize('path', FIGURES, ids=lambda path: f'{path.parent.name}_{path.stem}')
def test_figures_of_the_project_name_what_there_is(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(REPOSITORY)
    columns = load_figure(path).columns()
    models = {(c.config, *c.cfg_options): c for c in columns if c.cfg_options}
    for column in models.values():
        assert load_config(column.config, column.cfg_options).model.type


def test_each_method_has_its_figures() -> None:
    drawn = {(path.parent.name, path.stem) for path in FIGURES}
    papers = [('mpi', n) for n in (5, 6, 7, 8)] + [('maskopt', n) for n in (1, 3, 4)]
    papers += [('sgenet', 6), ('segan', 6)]
    assert {(method, f'figure_{number}') for method, number in papers} <= drawn


def sample() -> SceneSample:
    """The left half of 8x8 pixels is a hole; class 0 above, 1 below."""
    halves = torch.zeros(1, 8, 8)
    halves[:, :, :4] = 1
    below = torch.zeros(1, 8, 8, dtype=torch.int64)
    below[:, 4:] = 1
    maps = dict(
        hole=halves.to(torch.uint8),
        gt_foreground=halves.to(torch.uint8),
        pred_foreground=halves.to(torch.uint8),
        gt_background=below,
        pred_background=1 - below * 0,
        pred_sem_seg=below,
        gt_sem_seg=below,
        pred_mask=halves.to(torch.uint8),
        pred_confidence=torch.full((1, 8, 8), 0.9),
        pred_confidence_1=torch.full((1, 8, 8), 0.4),
        pred_confidence_2=torch.full((1, 8, 8), 0.9),
        pred_reliability_1=torch.ones(1, 8, 8, dtype=torch.uint8),
        pred_image_1=torch.full((3, 8, 8), 100, dtype=torch.uint8),
        pred_image=torch.full((3, 8, 8), 100, dtype=torch.uint8),
        gt_image=torch.full((3, 8, 8), 200, dtype=torch.uint8),
    )
    maps['pred_reliability_1'][:, :2] = 0
    found = SceneSample()
    for name, data in maps.items():
        found.set_field(PixelData(data=data), name)
    whole = torch.ones(1, 8, 8, dtype=torch.bool)
    objects = InstanceData(masks=whole & (halves > 0), full_masks=whole)
    found.gt_instances, found.pred_instances = objects, objects
    return found


@pytest.mark.parametrize('name', PANELS)
def test_every_panel_is_drawn_at_the_panels_size(name: str) -> None:
    scale = 1 if 'gain' in name or name in ('reliability',) else None
    image = np.full((8, 8, 3), 50, np.uint8)
    palette = np.array([(200, 0, 0), (0, 200, 0)], np.uint8)
    view = View(image, sample(), palette, 24, scale)
    assert not [field for field in PANELS[name].needs(scale) if field not in view.sample]
    drawn = PANELS[name].draw(view)
    assert drawn.shape == (24, 24, 3)
    assert drawn.dtype == np.uint8


def test_what_the_colours_mean() -> None:
    image = np.full((8, 8, 3), 50, np.uint8)
    palette = np.array([(200, 0, 0), (0, 200, 0)], np.uint8)
    draw = {
        name: PANELS[name].draw(View(image, sample(), palette, 80, scale))
        for name, scale in (
            ('confidence gain', 1),
            ('reliability', 1),
            ('layout', None),
            ('true layout', None),
            ('error', None),
            ('to be filled', None),
        )
    }
    red, _, blue = draw['confidence gain'][40, 20].astype(int)
    assert blue > red + 50, 'less sure than at the coarser scale'
    assert (draw['confidence gain'][40, 70] == 255).all(), 'only what is filled'
    assert (draw['reliability'][5, 70] == 255).all()
    assert (draw['reliability'][70, 70] == 50).all()
    assert draw['true layout'][20, 20].argmax() == 0
    assert draw['true layout'][60, 20].argmax() == draw['layout'][20, 20].argmax() == 1
    assert draw['error'][20, 20].argmax() == 0, 'wrong'
    assert draw['error'][60, 20].argmax() == 1, 'right behind the foreground'
    assert len(set(draw['error'][60, 70])) == 1, 'right, and nothing hides it'
    assert (draw['to be filled'][40, 70] == 200).all()


@pytest.mark.parametrize(
    ('column', 'content', 'sentence'),
    [
        (dict(panel='fild'), {}, "there is no panel 'fild', only image, "),
        (dict(panel='filled'), {}, "the panel 'filled' is predicted: name the config of the model"),
        (dict(panel='image', config='nowhere.py'), {}, 'nowhere.py'),
        (dict(panel='image', colour=3), {}, "column 'a' has an unknown key 'colour'"),
        (dict(panel='image'), dict(images=[-1]), r'images must be numbers of the test set, from 0'),
        (dict(panel='image'), dict(rows=[]), r'rows must be lists of columns, not \[\]'),
        (dict(panel='image'), {}, 'neither data nor a column names a config'),
    ],
)
def test_files_that_say_what_fits_nothing(
    tmp_path: Path, column: dict, content: dict, sentence: str
) -> None:
    path = write(tmp_path / 'figure.yml', dict(title='a') | column, **content)
    with pytest.raises(ConfigError, match=sentence):
        load_figure(path)


def test_what_cannot_be_drawn(telea: Path, tmp_path: Path) -> None:
    path = tmp_path / 'figure.yml'
    model = dict(title='a', config=str(telea))
    with pytest.raises(UserError, match='The test set has 3 images, so there is none of number 3'):
        draw_figure(load_figure(write(path, dict(panel='mask', **model), images=[3])))
    with pytest.raises(UserError, match=r"'layout' needs pred_background, of which .*gt_image"):
        draw_figure(load_figure(write(path, dict(panel='layout', **model))))
    other = tmp_path / 'other.py'
    write_tiny_pairs(tmp_path / 'pairs', 3)
    other.write_text(CONFIG.format(root=str(tmp_path / 'pairs')))
    second = dict(title='b', panel='mask', config=str(other))
    columns = (dict(panel='mask', **model), second)
    with pytest.raises(UserError, match="column 'b' shows .* where the first one shows .* data"):
        draw_figure(load_figure(write(path, *columns)))
    figure = draw_figure(load_figure(write(path, *columns, data=str(telea))))
    np.testing.assert_array_equal(panel(figure, 0, 0), panel(figure, 0, 1))
