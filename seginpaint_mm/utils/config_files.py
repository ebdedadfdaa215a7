"""Find config files by name, and what each of them needs."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path, PurePosixPath

from mmengine.config import Config

from seginpaint_mm.errors import ConfigError

_PACKAGE = Path(__file__).resolve().parents[1]
_BASES = '_base_'
# Configs that have gone: by a regular expression, what is trained or tested in their place. Those
# of many options are rows of tables.
_SGIM = "model.generator.decoder.sgim=\"{{'type': 'SGIM', 'hidden_channels': {0}}}\""
_SGIM += ' model.generator.decoder.scem=None'
_BOOTSTRAPPED = "model.decode_head.loss_decode=\"{'type': 'BootstrappedCrossEntropyLoss', "
_MOVED = {
    r'(pspnet_r18(_shared)?)_fill-zero_(.+)': r'\1_\3 model.neck.fill=zero',
    r'pspnet_r18_no-rectangles_(.+)': r'pspnet_r18_\1 model.neck.num_rectangles=0',
    r'pspnet_r18_weighted_(.+)': r'pspnet_r18_\1'
    ' model.background_head.loss_decode.type=ClassWeightedCrossEntropyLoss'
    ' model.background_head.loss_decode.class_weight=[1.0,5.81867525,0.78376658]',
    r'pspnet_r18_position-(\w+?)_(.+)': r'pspnet_r18_true-mask_\2 model.neck.position=\1',
    r'pspnet_r18_true-mask_cityscapes-(384x768|512x1024)': 'mpi/table_iv',
    r'pspnet_r18_true-mask_cityscapes-128x256': 'pspnet_r18_cityscapes-128x256'
    ' model.foreground_backbone=None model.foreground_head=None model.train_mask=truth'
    ' model.test_mask=truth',
    r'pspnet_r18_cityscapes-128x256_short': 'pspnet_r18_shared_cityscapes-128x256_short',
    r'(pspnet|two_stage)_r\d+_(shared_)?kitti': 'mpi/table_i_ii',
    r'two_stage_r18_cityscapes-128x256(_short)?': 'two_stage_r18_cityscapes',
    r'fcrn_r101_pascal-context': 'fcrn/table_vii',
    r'fcrn_r18_voc-small_bs': f"fcrn_r18_voc-small {_BOOTSTRAPPED}'num_pixels': 8192}}\"",
    r'localizer_r50_voc_bs': 'localizer_r50_voc model.localization_head.loss_box.num_pixels=512',
    r'localizer_r18_(.+)_bs': r'localizer_r18_\1 model.localization_head.loss_box.num_pixels=0.46',
    r'localizer_r18_(cityscapes-128x256)_bs_weighted': r'localizer_r18_\1'
    ' model.localization_head.loss_box.num_pixels=0.46'
    ' model.localization_head.weighting=inverse_sqrt_area',
    r'(hough_mpi-|localizer_r18_)foreground_cityscapes-128x256': r'\1foreground_street',
    r'segan_(r18|small)_end-to-end_soft_(.+)': r'segan_\1_end-to-end_\2 model.mask_gradient=soft',
    r'segan_(r18|small)_end-to-end_true-sf_(.+)': r'segan_\1_end-to-end_\2'
    ' model.painter_mask=truth',
    r'segan_r18_end-to-end_published_dyce': 'segan_r18_end-to-end_dyce'
    ' model.mask_gradient=published'
    f' model.segmentor.loss_mask.background_weight={1 / 37000}'
    f' model.segmentor.loss_mask.visible_weight={5 / 27000}'
    f' model.segmentor.loss_mask.hidden_weight={3 / 12000}'
    ' model.segmentor.loss_mask.reduction=sum',
    r'segan_r18_end-to-end_predicted-sv_dyce': 'segan/table_i',
    r'segan_small_end-to-end_predicted-sv_street-dyce': 'segan/table_i_street-dyce',
    r'segan_(r18|small)_(segmentor|painter)_predicted-sv_(.+)': r'segan_\1_\2_\3'
    ' train_dataloader.dataset.predicted_masks=True val_dataloader.dataset.predicted_masks=True'
    ' test_dataloader.dataset.predicted_masks=True',
    r'segan_r18_segmentor_last-conv_(.+)': r'segan_r18_segmentor_\1 model.segmentor.pool_size=1',
    r'segan_small_segmentor_region-means_(.+)': r'segan_small_segmentor_\1'
    ' model.segmentor.loss_mask.visible_weight=5.0 model.segmentor.loss_mask.hidden_weight=3.0'
    ' model.segmentor.loss_mask.reduction=mean',
    r'pix2pix_r18_dyce': 'segan/table_ii',
    r'pix2pix_small_street-dyce': 'segan/table_ii_street-dyce',
    r'object-remover_(.+)_alpha-(0(\.\d+)?)': r'object-remover_\1 model.mask_expansion.alpha=\2',
    r'object-remover_(.+)_alpha-pixels-1': r'object-remover_\1 model.mask_expansion.alpha=1.0'
    ' model.mask_expansion.unit=pixels',
    r'object-remover_(.+)_no-mel': r'object-remover_\1 model.mask_expansion=None',
    r'(edge|segmentation|image)_small_street_others': 'maskopt/table_ii_street',
    r'(deepfillv1|gatedconv|globallocal)-panoptic_coco': 'edgeconnect-panoptic_coco'
    r' model.inpainter=@maskopt/\1_coco_random',
    r'(deepfillv1|gatedconv|globallocal)_small-panoptic_street': 'edgeconnect_small-panoptic_street'
    r' model.inpainter=@maskopt/\1_small_street_random',
    r'inpainters-true-mask_coco': 'edgeconnect-panoptic_coco model.selector=None'
    ' model.inpainter=@maskopt/inpainters_coco',
    r'inpainters_small-true-mask_street': 'edgeconnect_small-panoptic_street model.selector=None'
    ' model.inpainter=@maskopt/inpainters_small_street',
    r'telea-true-mask_(coco|street)': r'telea-panoptic_\1 model.selector=None',
    r'mean-colour-true-mask_street': 'telea-panoptic_street model.selector=None'
    " model.inpainter=\"{'type': 'MeanColourInpainter'}\"",
    r'mean-colour-true-mask_coco-tiny': 'telea-true-mask_coco-tiny'
    " model.inpainter=\"{'type': 'MeanColourInpainter'}\"",
    r'mean-colour_(.+)': r"telea_\1 model=\"{'type': 'MeanColourInpainter'}\"",
    r'navier-stokes_(.+)': r'telea_\1 model.method=navier_stokes',
    r'\w+_(cityscapes|outdoor)_irregular': 'sgenet/table_i',
    r'\w+_(cityscapes-128x128|street)_irregular': r'sgenet/table_i_\1',
    r'sgenet_sg_outdoor': f'sgenet_outdoor {_SGIM.format(128)}',
    r'sgenet_small_sg_(.+)': rf'sgenet_small_\1 {_SGIM.format(32)}',
    r'sgenet_(small_)?base_(.+)': r'sgenet_\1\2'
    ' model.generator.decoder.sgim=None model.generator.decoder.scem=None',
    r'sgenet(_small)?_auto_(cityscapes|outdoor)': 'sgenet/table_v',
    r'sgenet_small_auto_(.+)': r'sgenet/table_v_\1',
    r'sgenet_small_gamma_(.+)': r'sgenet_small_\1 model.generator.decoder.sgim.scaling=gamma',
    r'\w+_small-fcrn_(.+)|telea-fcrn_(.+)': r'sgenet/table_iv_\1\2',
    r'edgeconnect-deeplabv3plus_(.+)': 'sgenet/table_iv',
}


def config_folder() -> Path:
    """Return the folder of the configs."""
    carried = _PACKAGE / '.mim' / 'configs'
    return carried if carried.is_dir() else _PACKAGE.parent / 'configs'


def config_paths(suffix: str = '.py') -> dict[str, Path]:
    """Return all configs but the bases: ``'mpi/pspnet_r18_street'`` -> its path, sorted."""
    paths = sorted(config_folder().glob(f'*/*{suffix}'))
    return {f'{path.parent.name}/{path.stem}': path for path in paths if path.parent.name != _BASES}


def find_config(name: str | Path, suffix: str = '.py') -> Path:
    """Return the config file that a user means.

    Args:
        name: Path of a file; or a config of ours by its name, with or without the method before it
            and ``suffix`` behind it: ``pspnet_r18_street``, ``mpi/pspnet_r18_street``. A file that
            exists goes before a name.
        suffix: ``'.py'``, or ``'.yml'`` for the tables.

    Raises:
        ConfigError: there is no such config (names the nearest ones), or several methods have one.
    """
    if Path(name).is_file():
        return Path(name)
    short = Path(name).as_posix().removesuffix(suffix).removeprefix('configs/')
    below = config_folder() / f'{short}{suffix}'
    if short.startswith(f'{_BASES}/') and below.is_file():
        return below
    paths = config_paths(suffix)
    if short in paths:
        return paths[short]
    same = [full for full in paths if full.partition('/')[2] == short]
    if len(same) == 1:
        return paths[same[0]]
    if same:
        raise ConfigError(f'There are several configs {short}: say {" or ".join(same)}.')
    moved = moved_config(Path(short).name) if suffix == '.py' else None
    if moved:
        raise ConfigError(f'The config {name} has gone: {moved}.')
    raise ConfigError(f'Config file {name} does not exist{_advice(short, paths)}')


def moved_config(name: str) -> str | None:
    """Return what to use in place of a config that has gone, in words; None if there was none."""
    for pattern, place in _MOVED.items():
        found = re.fullmatch(pattern, name)
        if found:
            new, *options = found.expand(place).split(' ', 1)
            if '/table_' in new:
                return f'it is a row of configs/{new}.yml'
            return f'use {new}' + ''.join(f' with --cfg-options {text}' for text in options)
    return None


def _advice(short: str, paths: dict[str, Path]) -> str:
    named = {full.partition('/')[2]: full for full in paths} | {full: full for full in paths}
    near = get_close_matches(short, named, n=2) or get_close_matches(Path(short).name, named, n=2)
    names = list(dict.fromkeys(named[name] for name in near))
    if names:
        return f'; did you mean {" or ".join(names)}?'
    return ': give the path of a file, or a name that `seginpaint list` shows.'


_LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
_SPLITS = ('train', 'val', 'test')
_MMAGIC = 'seginpaint_mm.interop.mmagic'


def config_needs(cfg: Config) -> list[str]:
    """Describe the requirements of a config: data, checkpoints, libraries.

    That is: the folders of its data sets; mmagic, where the model has parts of it; the configs
    that are trained before; what is downloaded.

    Args:
        cfg: A config as read, its ``custom_imports`` need not have been imported.
    """
    needs = _data_folders(cfg)
    if _MMAGIC in (cfg.get('custom_imports') or {}).get('imports', ()):
        needs.append('mmagic')
    weights = [
        value
        for key, value in _leaves({'model': cfg.get('model'), 'load_from': cfg.get('load_from')})
        if isinstance(value, str) and ('checkpoint' in key or key == 'load_from')
    ]
    weights += _pretrained(cfg)
    trained = [path for path in weights if '://' not in path]
    names = dict.fromkeys(PurePosixPath(path).parent.name or path for path in trained)
    downloads = dict.fromkeys(path for path in weights if '://' in path)
    needs += [f'after {" and ".join(names)}'] if names else []
    needs += [f'download of {PurePosixPath(path).name}' for path in downloads]
    return needs


def _pretrained(cfg: Config) -> list[str]:
    """Files of the config's ``pretrained``, one of each depth of its backbones."""
    depths = {
        value
        for key, value in _leaves({'model': cfg.get('model')})
        if key.endswith('backbone.depth') and isinstance(value, int)
    }
    name = cfg.get('pretrained') or ''
    return list(
        dict.fromkeys(name.replace('{depth}', str(each)) for each in sorted(depths) if name)
    )


def _data_folders(cfg: Config) -> list[str]:
    loaders = {name: cfg.get(name) for name in _LOADERS}
    folders = dict.fromkeys(
        PurePosixPath(value)
        for key, value in _leaves(loaders)
        if key.endswith('data_root') and isinstance(value, str)
    )
    # data/x/train and data/x/val are one data set
    whole = (path.parent if path.name in _SPLITS else path for path in folders)
    return [str(path) for path in dict.fromkeys(whole)]


def _leaves(value: object, key: str = '') -> Iterator[tuple[str, object]]:
    """Yield all values of nested dictionaries and lists under the keys above them, as one path."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, f'{key}.{name}')
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _leaves(inner, key)
    else:
        yield key.removeprefix('.'), value
