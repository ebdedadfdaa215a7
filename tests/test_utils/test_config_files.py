"""Configs by their names."""

import argparse
import ast
import re
import shlex
from pathlib import Path

import pytest

from seginpaint_mm.cli import add_config_arguments, load_config
from seginpaint_mm.errors import ConfigError
from seginpaint_mm.utils.config_files import config_folder, config_paths, find_config, moved_config
from tests.helpers.tool_runs import REPOSITORY

CONFIG = REPOSITORY / 'configs/mpi/pspnet_r18_street.py'


@pytest.mark.parametrize(
    'name',
    [
        'pspnet_r18_street',
        'pspnet_r18_street.py',
        'mpi/pspnet_r18_street',
        'mpi/pspnet_r18_street.py',
        'configs/mpi/pspnet_r18_street.py',
        './configs/mpi/pspnet_r18_street.py',
        str(CONFIG),
        CONFIG,
    ],
)
def test_a_config_is_found_from_any_folder(
    name: str | Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_config(name) == CONFIG


def test_a_file_goes_before_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path('pspnet_r18_street').write_text('')
    assert find_config('pspnet_r18_street') == Path('pspnet_r18_street')


def test_bases_and_tables_are_found() -> None:
    folder = config_folder()
    base = '_base_/models/segan'
    assert find_config(base) == folder / f'{base}.py'
    assert find_config('table_i_street-dyce', '.yml') == folder / 'segan/table_i_street-dyce.yml'
    assert not any(name.startswith('_base_') for name in config_paths())


@pytest.mark.parametrize(
    ('name', 'message'),
    [
        (
            'pspnet_r18_stret',
            r'pspnet_r18_stret does not exist; did you mean mpi/pspnet_r18_street',
        ),
        ('mpi/psp_r18_street.py', r'; did you mean mpi/pspnet_r18_street'),
        ('/no/where/pspnet_r18_street.py', r'does not exist; did you mean mpi/pspnet_r18_street\b'),
        ('edgeconnect_small_street', r'say maskopt/edgeconnect_small_street or sgenet/edgeconnect'),
        ('', 'does not exist: give the path of a file, or a name that `seginpaint list` shows'),
        ('xxxx', 'does not exist: give the path of a file, or a name that `seginpaint list` shows'),
        ('../setup', r'does not exist'),
    ],
)
def test_what_is_not_there_gets_one_sentence(name: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        find_config(name)


def test_configs_are_loaded_and_work_dirs_named_by_their_names() -> None:
    cfg = load_config('mpi/pspnet_r18_street', {'train_cfg.max_epochs': 3})
    assert Path(cfg.filename) == CONFIG
    assert cfg.train_cfg.max_epochs == 3


# Of version 0.1.0 and after, until ablations became rows of tables.
GONE = """
    aotgan_small_cityscapes-128x128_irregular aotgan_small_street_irregular
    deepfillv1-panoptic_coco deepfillv1_small-panoptic_street edge_small_street_others
    edgeconnect-deeplabv3plus_cityscapes edgeconnect-deeplabv3plus_outdoor
    edgeconnect_cityscapes_irregular edgeconnect_outdoor_irregular
    edgeconnect_small-fcrn_cityscapes-128x128 edgeconnect_small-fcrn_street
    edgeconnect_small_cityscapes-128x128_irregular edgeconnect_small_street_irregular
    fcrn_r101_pascal-context fcrn_r18_voc-small_bs gatedconv-panoptic_coco
    gatedconv_cityscapes_irregular gatedconv_outdoor_irregular
    gatedconv_small-fcrn_cityscapes-128x128 gatedconv_small-fcrn_street
    gatedconv_small-panoptic_street gatedconv_small_cityscapes-128x128_irregular
    gatedconv_small_street_irregular globallocal-panoptic_coco globallocal_small-panoptic_street
    hough_mpi-foreground_cityscapes-128x256 image_small_street_others inpainters-true-mask_coco
    inpainters_small-true-mask_street localizer_r18_cityscapes-128x256_bs
    localizer_r18_cityscapes-128x256_bs_weighted localizer_r18_foreground_cityscapes-128x256
    localizer_r18_street_bs localizer_r50_voc_bs mean-colour-true-mask_coco-tiny
    mean-colour-true-mask_street mean-colour_cityscapes-128x128 mean-colour_street
    navier-stokes_cityscapes-128x128 navier-stokes_street object-remover_coco_alpha-0
    object-remover_coco_alpha-0.01 object-remover_coco_alpha-0.05 object-remover_coco_alpha-0.07
    object-remover_coco_no-mel object-remover_small_coco-tiny_alpha-0
    object-remover_small_coco-tiny_no-mel object-remover_small_street_alpha-0
    object-remover_small_street_alpha-0.01 object-remover_small_street_alpha-0.05
    object-remover_small_street_alpha-0.07 object-remover_small_street_alpha-pixels-1
    object-remover_small_street_no-mel pconv_small_cityscapes-128x128_irregular
    pconv_small_street_irregular pix2pix_r18_dyce pix2pix_small_street-dyce
    pspnet_r18_cityscapes-128x256_short pspnet_r18_fill-zero_cityscapes
    pspnet_r18_fill-zero_cityscapes-128x256 pspnet_r18_fill-zero_street
    pspnet_r18_no-rectangles_cityscapes pspnet_r18_position-input_cityscapes
    pspnet_r18_position-layer2_cityscapes pspnet_r18_position-layer4_cityscapes
    pspnet_r18_position-logits_cityscapes pspnet_r18_shared_fill-zero_camvid
    pspnet_r18_shared_fill-zero_cityscapes-128x256
    pspnet_r18_shared_fill-zero_cityscapes-128x256_short pspnet_r18_shared_kitti
    pspnet_r18_true-mask_cityscapes-128x256 pspnet_r18_true-mask_cityscapes-384x768
    pspnet_r18_true-mask_cityscapes-512x1024 pspnet_r18_weighted_cityscapes pspnet_r50_kitti
    pspnet_r50_shared_kitti segan_r18_end-to-end_predicted-sv_dyce
    segan_r18_end-to-end_published_dyce segan_r18_end-to-end_soft_dyce
    segan_r18_end-to-end_true-sf_dyce segan_r18_painter_predicted-sv_dyce
    segan_r18_segmentor_last-conv_dyce segan_r18_segmentor_predicted-sv_dyce
    segan_small_end-to-end_predicted-sv_street-dyce segan_small_end-to-end_soft_street-dyce
    segan_small_end-to-end_true-sf_street-dyce segan_small_painter_predicted-sv_street-dyce
    segan_small_segmentor_predicted-sv_street-dyce segan_small_segmentor_region-means_street-dyce
    segmentation_small_street_others sgenet_auto_cityscapes sgenet_auto_outdoor
    sgenet_base_outdoor sgenet_cityscapes_irregular sgenet_outdoor_irregular
    sgenet_sg_cityscapes_irregular sgenet_sg_outdoor sgenet_sg_outdoor_irregular
    sgenet_small_auto_cityscapes-128x128 sgenet_small_auto_street
    sgenet_small_base_cityscapes-128x128 sgenet_small_base_street
    sgenet_small_cityscapes-128x128_irregular sgenet_small_gamma_street
    sgenet_small_sg_cityscapes-128x128 sgenet_small_sg_street sgenet_small_street_irregular
    spgnet_cityscapes_irregular spgnet_outdoor_irregular spgnet_small_cityscapes-128x128_irregular
    spgnet_small_street_irregular telea-fcrn_cityscapes-128x128 telea-fcrn_street
    telea-true-mask_coco telea-true-mask_street telea_cityscapes-128x128_irregular
    telea_street_irregular two_stage_r18_cityscapes-128x256 two_stage_r18_cityscapes-128x256_short
    two_stage_r18_kitti two_stage_r50_kitti
"""
TRIED = [
    'fcrn_r18_voc-small_bs',
    'localizer_r18_cityscapes-128x256_bs_weighted',
    'mean-colour-true-mask_street',
    'object-remover_small_street_alpha-0.05',
    'object-remover_small_street_no-mel',
    'pspnet_r18_shared_fill-zero_camvid',
    'pspnet_r18_weighted_cityscapes',
    'segan_small_painter_predicted-sv_street-dyce',
    'sgenet_small_base_street',
    'sgenet_small_sg_street',
]


def test_of_a_config_that_has_gone_the_new_name_is_said() -> None:
    for name in GONE.split():
        with pytest.raises(
            ConfigError, match=rf'^The config {re.escape(name)}.py has gone: '
        ) as error:
            find_config(f'{name}.py')
        new = re.search(
            r'(?:use|row of configs/(?=\S+\.yml)) ?(\S+?)(\.yml)?(?: with |\.$)', str(error.value)
        )
        assert find_config(new[1], new[2] or '.py').is_file()
    assert moved_config('pspnet_r18_street') is None


@pytest.mark.parametrize('name', TRIED)
def test_the_options_in_place_of_a_config_fit(name: str) -> None:
    sentence = moved_config(name)
    new, options = re.fullmatch(r'use (\S+) with --cfg-options (.+)', sentence).groups()
    parser = argparse.ArgumentParser()
    add_config_arguments(parser)
    args = parser.parse_args([new, '--cfg-options', *shlex.split(options)])
    assert load_config(args.config, args.cfg_options).model.type


def test_values_of_options_may_be_dictionaries_and_models() -> None:
    """A dictionary takes the place of what is there, in lists too; MMEngine would merge it."""
    hole = dict(type='IrregularHoles', folder='masks', fixed=True)
    options = {
        'test_dataloader.dataset.pipeline.4': hole,
        'test_dataloader.dataset.pipeline.4.folder': 'others',
        'model.generator.decoder.sgim': dict(type='SGIM', hidden_channels=8),
        'val_evaluator': [dict(type='InpaintingQualityMetric')],
    }
    cfg = load_config('sgenet_small_street', options)
    assert cfg.test_dataloader.dataset.pipeline[4] == dict(hole, folder='others')
    assert cfg.val_dataloader.dataset.pipeline[4].type == 'CentreHole'
    assert cfg.model.generator.decoder.sgim == options['model.generator.decoder.sgim']
    assert cfg.val_evaluator[0].type == 'InpaintingQualityMetric'
    assert hole == dict(type='IrregularHoles', folder='masks', fixed=True)
    cfg = load_config('telea-panoptic_street', {'model.inpainter': '@sgenet/telea_street'})
    assert cfg.model.inpainter == dict(type='OpenCVInpainter', method='telea', radius=3.0)
    with pytest.raises(ConfigError, match='--cfg-options model.inpainter: the config has no model'):
        load_config('telea-panoptic_street', {'model.inpainter': '@_base_/default_runtime'})
    with pytest.raises(ConfigError, match='--cfg-options model.nek.fill'):
        load_config('pspnet_r18_street', {'model.nek.fill': dict(type='x')})


def test_a_config_is_read_in_few_files_and_levels() -> None:
    """At most six files, its own among them, and at most four levels."""
    for name, path in config_paths().items():
        levels = [{path}]
        while below := set().union(*map(bases, levels[-1])):
            levels.append(below)
        assert len(levels) <= 4, name
        assert len(set().union(*levels)) <= 6, name


def bases(path: Path) -> set[Path]:
    """The files that a config names as its ``_base_``."""
    text = path.read_text(encoding='utf-8')
    found = re.search(r"^_base_ = (\[.*?\]|'.*?')$", text, re.MULTILINE | re.DOTALL)
    named = ast.literal_eval(found[1]) if found else []
    return {
        (path.parent / base).resolve() for base in ([named] if isinstance(named, str) else named)
    }


@pytest.mark.parametrize('option', ['=1', '.model=1', 'model..x=1'])
def test_options_with_an_empty_key(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    add_config_arguments(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(['any.py', '--cfg-options', option])
    assert f'{option!r} has an empty key' in capsys.readouterr().err


def test_options_below_what_is_no_dictionary() -> None:
    with pytest.raises(ConfigError, match='--cfg-options custom_hooks.0='):
        load_config('pspnet_r18_street', {'custom_hooks.0': None})
