"""Write a config for a folder of yours: ``seginpaint init mpi my_streets --classes ...``.

The folder holds images/ and, with the same names, labels/ (PNG of class ids or colours; mpi,
sgenet and fcrn), or masks/ (PNG of object numbers) or COCO's JSON *train*.json and *val*.json
(fcrn, segan and maskopt). With images/train and images/val these are the splits; else a fifth of
the images validates. It prints the content of the config, and what it could not find out.
"""

import argparse
import os
import pprint
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

from seginpaint_mm.cli import load_config, one_sentence_errors
from seginpaint_mm.datasets.own_folders import LabelFolder, look_at_labels, read_names
from seginpaint_mm.datasets.own_instances import (
    InstanceFolder,
    has_labels_alone,
    look_at_instances,
)
from seginpaint_mm.engine.step_time import step_seconds
from seginpaint_mm.errors import UserError
from seginpaint_mm.registry import DATASETS, SCOPE
from seginpaint_mm.utils.config_files import config_folder
from seginpaint_mm.utils.files import write_text

_MODELS = {
    'mpi': ('pspnet_r18', 'own_scenes', 'adam_short'),
    'sgenet': ('sgenet_small', 'own_labels', 'inpainting_gan_short'),
    'fcrn': ('localizer_r18', 'own_objects', 'adam_short'),
    'fcrn of labels': ('fcrn_r18', 'own_semantic', 'adam_short'),
    'segan': ('segan_crop_r18', 'own_objects_crops', 'segan_small_segmentor'),
    'maskopt': ('edgeconnect_small', 'own_pairs', 'edgeconnect_short'),
}
# of mpi without a GPU, as in the demo: five times faster to train than the paper's network
_SMALL: dict[str, dict | None] = dict(
    backbone=dict(strides=(1, 2, 1), dilations=(1, 1, 2)),
    background_head=dict(in_channels=256, psp_channels=512, up_channels=(128, 64, 32)),
    foreground_backbone=None,
    foreground_head=dict(extra_upsample=1, channels=256, up_channels=(128, 64)),
)
_HARDEST = 192 * 192 // 4  # pixels of a crop that fcrn learns: those predicted worst
_WIDTH = 100  # of a line in the config
_MOST_PASSES = 20  # over the images in one epoch
_GROUND_WORDS = ('road', 'street', 'ground', 'floor', 'sidewalk', 'pavement', 'grass', 'terrain')


class _Code(str):
    """What stands in the config as it is, not in quotes."""

    def __repr__(self) -> str:
        return str(self)


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('method', choices=('mpi', 'sgenet', 'fcrn', 'segan', 'maskopt'))
    parser.add_argument('folder', type=Path)
    parser.add_argument(
        '--classes',
        metavar='NAMES',
        help='in the order of the ids, with commas; or a text file: a line per class with its name '
        'and, if you like, its id or its colour R G B',
    )
    parser.add_argument('--foreground', metavar='NAMES', help='of mpi: classes that hide others')
    parser.add_argument('--ground', metavar='NAMES', help='of mpi: classes on which objects stand')
    parser.add_argument(
        '--void', metavar='NAMES', default='', help='of label maps: classes to ignore'
    )
    parser.add_argument('--out', type=Path, help='(default: FOLDER_METHOD.py)')
    parser.add_argument(
        '--minutes', type=float, default=30.0, help='about how long to train (default: 30)'
    )
    parser.add_argument('--debug', action='store_true', help='show tracebacks')
    return parser


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    return make_parser().parse_args(argv)


@one_sentence_errors
def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    out = args.out or Path(f'{args.folder.resolve().name}_{args.method}.py')
    if out.exists():
        raise UserError(f'{out} exists: name another file by --out, or remove it.')
    if out.suffix != '.py':
        raise UserError(f'{out}: a config is a Python file: name it {out.with_suffix(".py")}.')
    if not str(args.folder).isprintable():
        raise UserError(
            f'{str(args.folder)!r}: a config cannot name this folder: rename it with characters '
            f'that can be shown, in UTF-8.'
        )
    if not args.minutes > 0:
        raise UserError('--minutes must be above 0.')
    method = args.method
    if method == 'fcrn' and has_labels_alone(args.folder):
        method = 'fcrn of labels'
    makers = {
        'mpi': _mpi,
        'sgenet': _sgenet,
        'fcrn': _fcrn,
        'fcrn of labels': _semantic_fcrn,
        'segan': _segan,
        'maskopt': _maskopt,
    }
    settings = makers[method](args)
    bases = _bases(method, out)
    text = _text(args, bases, settings, samples=None)
    if '{{' in text:  # which MMEngine would replace
        raise UserError(
            f'{args.folder}: a config cannot hold {{{{: rename the folder or the class with it.'
        )
    cfg, images = _checked(text, out)
    seconds = step_seconds(cfg)
    DATASETS.build(cfg.val_dataloader.dataset)[0]  # training would find out hours later
    samples = _samples_per_epoch(cfg, images, seconds, args.minutes)
    write_text(out, _text(args, bases, settings, samples))
    _report(args, out, cfg, samples, seconds)


def _names(text: str | None) -> list[str]:
    return [name.strip() for name in (text or '').split(',') if name.strip()]


def _labels(args: argparse.Namespace) -> LabelFolder:
    if not args.classes:
        raise UserError(
            f'{args.folder}: name the classes by --classes, in the order of their ids in the label '
            f'maps, or in a text file.'
        )
    found = look_at_labels(args.folder, read_names(args.classes))
    print(f'{args.folder}: {found.images} images, {found.size}; {found.what}')
    print('  ' + ', '.join(f'{name} {share:.1%}' for name, share in found.shares.items()))
    absent = [name for name, share in found.shares.items() if not share]
    if absent:
        print(f'  in none of the {found.looked_at} label maps looked at: {", ".join(absent)}')
    return found


def _mpi(args: argparse.Namespace) -> dict:
    found = _labels(args)
    foreground, void = _names(args.foreground), _names(args.void)
    if not foreground:
        raise UserError('mpi needs --foreground: the classes that hide others, e.g. car,person.')
    classes = _classes(found, [*foreground, *void])
    if not classes:
        raise UserError(
            f'--foreground and --void name all classes, {", ".join(found.labels)}: mpi needs some '
            f'that are behind the foreground.'
        )
    ground = _names(args.ground) or [
        name for name in classes if any(word in name.lower() for word in _GROUND_WORDS)
    ]
    if not args.ground:
        print(f'  ground, on which objects stand, by their names: {", ".join(ground) or "none"}')
    if not ground:
        raise UserError(
            f'mpi needs --ground: the classes on which objects stand, of {", ".join(classes)}.'
        )
    own = _own_labels(args, found) | dict(foreground=foreground, ground=ground)
    small = {} if torch.cuda.is_available() else _SMALL
    if small:
        print("  no GPU: a smaller network; without the parts of `model` it is the paper's")
    head = dict(small.get('background_head') or {}, num_classes=len(classes))
    return dict(
        own=own,
        splits=found.splits,
        model=dict(small, background_head=head),
    )


def _own_labels(args: argparse.Namespace, found: LabelFolder) -> dict:
    void = _names(args.void)
    own = dict(data_root=str(args.folder), labels=found.plain_labels())
    return own | (dict(void=void) if void else {})


def _classes(found: LabelFolder, left_out: Sequence[str]) -> list[str]:
    unknown = [name for name in left_out if name not in found.labels]
    if unknown:
        raise UserError(f'{unknown[0]!r} is none of the classes {", ".join(found.labels)}.')
    return [name for name in found.labels if name not in left_out]


def _sgenet(args: argparse.Namespace) -> dict:
    found = _labels(args)
    number = len(_classes(found, _names(args.void)))
    model = dict(generator=dict(decoder=dict(num_classes=number)))
    return dict(own=_own_labels(args, found), splits=found.splits, model=model)


def _semantic_fcrn(args: argparse.Namespace) -> dict:
    found = _labels(args)
    number = len(_classes(found, _names(args.void)))
    loss = dict(_delete_=True, type='BootstrappedCrossEntropyLoss', num_pixels=_HARDEST)
    head = dict(num_classes=number, loss_decode=loss)
    return dict(own=_own_labels(args, found), splits=found.splits, model=dict(decode_head=head))


def _instances(args: argparse.Namespace) -> InstanceFolder:
    found = look_at_instances(args.folder, _names(args.classes))
    print(f'{args.folder}: {found.images} images; {found.what}')
    print('  ' + ', '.join(f'{name} {count}' for name, count in found.objects.items()))
    return found


def _with_pipelines(found: InstanceFolder) -> dict[str, dict]:
    """Options of the splits; a data set of another type than the base's takes its pipelines."""
    if 'type' not in found.own:
        return found.splits
    pipelines = {
        split: _Code(f'_base_.{split}_dataloader.dataset.pipeline') for split in found.splits
    }
    extra = {
        split: dict(options, pipeline=pipelines[split]) for split, options in found.splits.items()
    }
    extra['val']['test_mode'] = True
    return extra


def _fcrn(args: argparse.Namespace) -> dict:
    found = _instances(args)
    number = len(found.objects)
    coder = dict(offset_scale=64.0, size_scale=64.0)
    head = dict(thing_ids=tuple(range(1, number + 1)), box_coder=coder)
    return dict(
        own=dict(found.own, **found.class_setting()),
        splits=_with_pipelines(found),
        thing_ids=head['thing_ids'],
        model=dict(
            semantic=dict(
                _delete_=True,
                type='SharedScores',
                decode_head=_Code(f'dict(_base_.fcrn.decode_head, num_classes={number + 1})'),
            ),
            localization_head=dict(num_things=number, dilation=12, box_coder=coder),
            instance_head=head,
        ),
    )


def _segan(args: argparse.Namespace) -> dict:
    found = _instances(args)
    setting = found.class_setting() if args.classes or 'type' in found.own else {}
    return dict(own=dict(found.own, **setting), splits=_with_pipelines(found))


def _maskopt(args: argparse.Namespace) -> dict:
    """The inpainter of EdgeConnect, on pairs that are made of the objects while training."""
    settings = _segan(args)
    settings['splits']['val'].pop('test_mode', None)  # where nothing fits, another image is taken
    return dict(settings, model=dict(image=dict(hole_weight=100.0)))


def _bases(method: str, out: Path) -> list[str]:
    model, data, schedule = _MODELS[method]
    names = (f'models/{model}', f'datasets/{data}', f'schedules/{schedule}', 'default_runtime')
    folder, here = config_folder() / '_base_', out.resolve().parent
    paths = [folder / f'{name}.py' for name in names]
    if folder.parents[1] in [here, *here.parents]:  # a checkout: it may be moved as a whole
        return [os.path.relpath(path, here) for path in paths]
    return [str(path) for path in paths]


def _text(args: argparse.Namespace, bases: list[str], settings: dict, samples: int | None) -> str:
    """The config file; ``samples`` are those of an epoch."""
    command = f'seginpaint init {args.method} {args.folder}'
    lines = [f'# Written by {command}; change what you like.', f'_base_ = {_shown(bases)}']
    lines.append(f'data = {_shown(settings["own"])}')
    if samples is not None:
        lines.append(
            f"epoch = dict(_delete_=True, type='PartialEpochSampler', samples_per_epoch={samples})"
        )
    for split, options in settings['splits'].items():
        sampler = ', sampler=epoch' if split == 'train' and samples is not None else ''
        extra = ''.join(f', {key}={value!r}' for key, value in options.items())
        lines.append(f'{split}_dataloader = dict(dataset=dict(data{extra}){sampler})')
    lines.append('test_dataloader = val_dataloader')
    lines += [
        f'{key} = {_shown(settings[key])}' for key in ('thing_ids', 'model') if key in settings
    ]
    return '\n'.join(lines) + '\n'


def _shown(value: object) -> str:
    return pprint.pformat(value, width=_WIDTH - 10, sort_dicts=False, compact=True)


def _checked(text: str, out: Path) -> tuple[Config, int]:
    """The config, checked as training checks it, and its number of training images."""
    partial = out.with_name(f'.{out.stem}.partial.py')
    write_text(partial, text)
    try:
        cfg = load_config(partial, {})
    finally:
        partial.unlink()
    init_default_scope(cfg.get('default_scope', SCOPE))
    counts = [
        len(DATASETS.build(dict(cfg[f'{split}_dataloader'].dataset, pipeline=[])))
        for split in ('train', 'val')
    ]
    print(f'  {counts[0]} images to train, {counts[1]} to validate')
    return cfg, counts[0]


def _samples_per_epoch(cfg: Config, images: int, seconds: float, minutes: float) -> int:
    batch = cfg.train_dataloader.batch_size
    steps = minutes * 60 / seconds / cfg.train_cfg.max_epochs
    samples = int(np.clip(steps * batch, batch, max(batch, _MOST_PASSES * images)))
    return samples // batch * batch


def _report(args: argparse.Namespace, out: Path, cfg: Config, samples: int, seconds: float) -> None:
    epochs, batch = cfg.train_cfg.max_epochs, cfg.train_dataloader.batch_size
    minutes = epochs * samples / batch * seconds / 60
    print(
        f'  {epochs} epochs of {samples} samples in batches of {batch}: about {minutes:.0f} '
        f'minutes on this machine ({seconds:.2f} s a step), without validation'
    )
    if args.method == 'mpi':
        print('  not known: what is behind the objects; to validate, others are pasted')
    if args.method == 'segan':
        print('  not known: what is hidden of the objects; others are pasted over them')
        print('  train with --from crop_r18_coco-tiny to start from the network in the package')
    if args.method == 'maskopt':
        print('  not known: what is behind the objects; they are pasted elsewhere, and removed')
    print(f'{out} is written. Next: seginpaint check {out}; seginpaint train {out}')
