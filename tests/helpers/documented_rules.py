"""What is done with each kind of documented command: it is run on tiny data, or proven to build.

A command without a rule is an error. What a rule leaves out, and why, stands in its docstring.
"""

import dataclasses
import importlib
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from unittest import mock

import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from packaging.requirements import Requirement
from setuptools import distutils

from seginpaint_mm.cli import load_config
from seginpaint_mm.commands import COMMANDS
from seginpaint_mm.figures import load_figure
from seginpaint_mm.registry import DATASETS, MODELS
from seginpaint_mm.tables import load_spec, plan, share_parts, with_row_options
from seginpaint_mm.utils.processor import has_bfloat16_units
from seginpaint_mm.zoo import WEIGHTS, find_weights
from tests.helpers.documented_commands import Command
from tests.helpers.documented_world import BACKBONE, FINDER
from tests.helpers.tool_runs import REPOSITORY, load_tool, run_here

Rule = Callable[[list[str]], None]
_trained: set[tuple] = set()  # by folder, config and options: documents repeat each other
_planned: dict[Path, str] = {}  # checkpoint that a table would train -> name of its config

# Configs of networks and images that take a minute on a CPU: parsed, and model and data are built.
ONLY_BUILT = ('fcrn_r101_voc12aug_bs',)
# What stands for a file that a user has, in any document.
STAND_INS = {
    'torchvision://resnet18': BACKBONE,
    'MMDET_CONFIG': 'mask_rcnn.py',
    'MMDET_CHECKPOINT': 'mask_rcnn.pth',
}
# Work dirs of networks that find objects, in infer's arguments.
REMOVERS = ('work_dirs/object-remover_small_street', 'work_dirs/selector_small_street')
# Numbers that decide how long a command takes, not what it does.
SMALL = {
    '--num-train': '1',
    '--num-val': '1',
    '--num-test': '1',
    '--num': '32',
}


def check(command: Command) -> None:
    """Apply the rule of a command; it may rely on the commands before it.

    Raises:
        AssertionError: there is no rule, or what the command names is not there.
        SystemExit: the command ended with an error.
    """
    program, *arguments = command.words
    arguments = [_stand_in(word) for word in arguments]
    name = Path(program).name
    if name in ('python', 'python3'):
        _check_python(arguments)
    elif name == 'seginpaint':
        assert arguments[0] in COMMANDS, f'there is no command {arguments[0]!r}'
        assert arguments[0] in OWN_COMMANDS, f'no rule for {command}'
        OWN_COMMANDS[arguments[0]](arguments[1:])
    elif program in LAUNCHERS:
        _check_launcher(program, arguments)
    else:
        assert name in PROGRAMS, f'no rule for the program {program!r}'
        PROGRAMS[name](arguments)


def _stand_in(word: str) -> str:
    key, equals, value = word.rpartition('=')
    return f'{key}{equals}{STAND_INS.get(value, value)}'


def _check_python(arguments: list[str]) -> None:
    if arguments[0] != '-m':
        _check_script(arguments[0], arguments[1:])
        return
    module = arguments[1]
    assert module in MODULES, f'no rule for python -m {module}'
    MODULES[module](arguments[2:])


def _check_script(script: str, arguments: list[str]) -> None:
    assert (REPOSITORY / script).is_file(), f'{script} is not there'
    assert script in SCRIPTS, f'no rule for {script}'
    SCRIPTS[script](arguments)


def command_module(name: str) -> ModuleType:
    return importlib.import_module(f'seginpaint_mm.commands.{name}')


def train(arguments: list[str]) -> None:
    """One or two iterations and a validation of two images, in one epoch.

    The checkpoint also gets the name that it has after the config's own number of epochs: later
    commands name it.
    """
    args = command_module('train').parse_args(arguments)
    cfg = load_config(args.config, args.cfg_options)
    name = Path(args.config).stem
    if name in ONLY_BUILT:
        build(cfg, 'train')
        return
    work_dir = Path(args.work_dir or f'work_dirs/{name}')
    same = (Path.cwd(), name, *(word for word in arguments if word != args.config))
    if same in _trained:
        return
    _trained.add(same)
    for path in (cfg.model.get('part_checkpoints') or {}).values():
        _train_missing(Path(path).parent)
    options = _small_options(cfg, training=True)
    options += [f'pretrained={BACKBONE}'] if '://' in (cfg.get('pretrained') or '') else []
    run_here('train', *arguments, '--cfg-options', *options)
    last = work_dir / f'epoch_{cfg.train_cfg.max_epochs}.pth'
    if not last.exists():
        last.hardlink_to(work_dir / 'epoch_1.pth')


def test(arguments: list[str]) -> None:
    """All of a tiny test set. A checkpoint that no command trains has random weights."""
    args = command_module('test').parse_args(arguments)
    cfg = load_config(args.config, args.cfg_options)
    if Path(args.config).stem in ONLY_BUILT:
        build(cfg, 'test')
        return
    if args.checkpoint == 'CHECKPOINT':
        write_random_weights(cfg, 'CHECKPOINT')
    for path in (cfg.model.get('part_checkpoints') or {}).values():
        _train_planned(Path(path))
    run_here('test', *arguments, '--cfg-options', *_small_options(cfg))


def export(arguments: list[str]) -> None:
    """The model is built, and has the part; only TorchScript, without weights, is written."""
    args = command_module('export').parse_args(arguments)
    folder = Path(args.config)
    name = folder.name if folder.parts[0] == 'work_dirs' else args.config
    cfg = load_config(name, {})
    with DefaultScope.overwrite_default_scope('seginpaint_mm'):
        command_module('export').find_part(MODELS.build(cfg.model), args.part)
    if args.out.endswith('.pt'):
        command_module('export').main([name, args.out, '--no-check'])


def serve(arguments: list[str]) -> None:
    """Only parsed: it would not end; tests/test_app asks a real server."""
    command_module('serve').make_parser().parse_args(arguments)


def infer(arguments: list[str]) -> None:
    """As it stands, but a small network that finds objects stands in for the object removers.

    After one batch of training theirs would find nothing. It finds persons and cars in arbitrary
    places, so a click may hit none of them, which ends with a report. Telea stands in for the
    inpainters whose weights are downloaded.
    """
    args = command_module('infer').parse_args(arguments)
    if args.inpainter is not None:
        words = ['telea' if word in WEIGHTS else word for word in arguments]
        run_here('infer', *words, *([] if args.masks else ['--instances', FINDER]))
        return
    removes = args.task == 'remove' or any((args.classes, args.all_of, args.click, args.box))
    for name in {args.config, args.instances, args.before} - {None, *REMOVERS}:
        _train_missing(Path(name))
    words = [FINDER if word in REMOVERS else word for word in arguments]
    if removes and not args.config:
        words += ['--config', FINDER]
    try:
        run_here('infer', *words)
    except SystemExit as stopped:
        if not (args.click and stopped.code == 1):
            raise


def torchrun(arguments: list[str]) -> None:
    """Each process after the other, in this one: none waits for another."""
    number = int(arguments[arguments.index('--nproc_per_node') + 1])
    start = arguments.index('-m')
    assert arguments[start + 1 : start + 3] == ['seginpaint_mm', 'infer']
    for rank in range(number):
        with mock.patch.dict(os.environ, RANK=str(rank), WORLD_SIZE=str(number)):
            infer(arguments[start + 3 :])


def sbatch(arguments: list[str]) -> None:
    """Each task of the array after the other."""
    array = next(word for word in arguments if word.startswith('--array=1-'))
    line = arguments[arguments.index('--wrap') + 1]
    for number in range(1, int(array.removeprefix('--array=1-')) + 1):
        words = shlex.split(line.replace('$SLURM_ARRAY_TASK_ID', str(number)))
        check(Command(tuple(words)))


def run_onnx(arguments: list[str]) -> None:
    """The photo is there; test_deployment/test_without_torch.py runs it on a small network."""
    assert len(arguments) == 3
    assert Path(arguments[1]).is_file()


def ray_data(arguments: list[str]) -> None:
    """The folder is there; tests/test_tools/test_ray_data.py runs it where Ray is installed."""
    assert Path(arguments[0]).is_dir()


def _train_missing(work_dir: Path) -> None:
    """Train what a document supposes to be trained: the config that the work dir is named after."""
    if work_dir.parent == Path('work_dirs') and not work_dir.exists():
        train([work_dir.name])


def _train_planned(checkpoint: Path) -> None:
    """Train what a table of the same document would have trained."""
    if checkpoint in _planned and not checkpoint.exists():
        trained = Path('work_dirs', _planned[checkpoint])
        _train_missing(trained)
        checkpoint.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(trained / checkpoint.name, checkpoint)


def table(arguments: list[str]) -> None:
    """Trains nothing: every run is planned, and its config is read with its options and checked.

    A training that a command before has done leaves its checkpoint where the table's would.
    """
    tool = load_tool('analysis_tools/table')
    args = tool.parse_args(arguments)
    spec = load_spec(args.table)
    spec = dataclasses.replace(spec, seeds=(args.seeds or spec.seeds)[:1])
    for name, *options in args.row_options:
        spec = with_row_options(spec, name, tool.parse_options(options))
    if args.share_parts:
        spec = share_parts(spec)
    runs = plan(spec, Path(args.runs or 'runs'), args.cfg_options, amp=args.amp)
    assert runs
    for run in runs.values():
        assert run.cfg.model
        if not run.is_test:
            _planned[run.checkpoint()] = Path(run.config).stem
        trained = Path('work_dirs', Path(run.config).stem)
        if not run.is_test and (checkpoint := trained / run.checkpoint().name).is_file():
            run.folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(checkpoint, run.checkpoint())


def render(arguments: list[str]) -> None:
    """A scene of each split that is asked for, in a folder of its own."""
    run_here('dataset_converters/street', *_elsewhere(_small(arguments)), '--workers', '1')


def make_pairs(arguments: list[str]) -> None:
    """A block of pairs, in a folder of its own."""
    out, *options = _elsewhere(_small(arguments))
    run_here('dataset_converters/make_pairs', out, '--workers', '1', *options)


def paper_runs(arguments: list[str]) -> None:
    """Only listed: tests/test_tables/test_packing.py trains."""
    run_here(
        'analysis_tools/paper_runs', *arguments, *([] if '--list' in arguments else ['--list'])
    )


def figure(arguments: list[str]) -> None:
    """Drawn of one image where no model is named; else read, as tests/test_figures draws them."""
    args = load_tool('analysis_tools/figure').parse_args(arguments)
    if not any(column.config for column in load_figure(args.figure).columns()):
        run_here('analysis_tools/figure', *arguments, '--images', '0')


def benchmark(arguments: list[str]) -> None:
    """Only parsed: a measurement takes minutes; tests/test_tools/test_benchmark.py runs it."""
    load_tool('analysis_tools/benchmark').parse_args(arguments)


def only_parsed(name: str) -> Rule:
    """For data and weights that are not to be had: tests run the tool on small ones."""
    return lambda arguments: load_tool(name).parse_args(arguments)


def as_it_stands(name: str) -> Rule:
    return lambda arguments: run_here(name, *arguments)


def doctor(arguments: list[str]) -> None:
    """Only that it is there: what it finds depends on the machine."""
    assert not arguments


def list_configs(arguments: list[str]) -> None:
    assert not command_module('list').main(arguments)


def init(arguments: list[str]) -> None:
    """Without the steps of training that it times, as tests/test_commands/test_init.py does."""
    with mock.patch('seginpaint_mm.commands.init.step_seconds', return_value=1.0):
        command_module('init').main(arguments)


def check_data(arguments: list[str]) -> None:
    command_module('check').main([*arguments, '--workers', '1'])


def fetch(arguments: list[str]) -> None:
    """Fetches nothing: the names are known. tests/test_zoo fetches from a local server."""
    for name in command_module('fetch').make_parser().parse_args(arguments).names:
        assert find_weights(name)


def demo(arguments: list[str]) -> None:
    """Trains its network for one batch only; tests/test_commands/test_demo.py runs all of it."""
    assert not arguments
    train(['configs/mpi/pspnet_r18_street.py', '--work-dir', 'work_dirs/demo/training'])


def make(arguments: list[str]) -> None:
    """What make would run is printed: the target is known. ``demo`` leaves its network."""
    done = subprocess.run(
        ['make', '--dry-run', '--directory', str(REPOSITORY), *arguments],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    if arguments == ['demo']:
        demo([])


def pip(arguments: list[str]) -> None:
    """Installs nothing: extras of this package are known, and files of requirements are there."""
    assert arguments[0] == 'install', arguments
    known = _extras()
    names = iter(arguments[1:])
    for name in names:
        if name in ('-r', '-c', '--requirement', '--constraint'):
            assert (REPOSITORY / next(names)).is_file()
        elif not name.startswith('-') and 'seginpaint_mm' in name:
            extras = set(Requirement(_package(name)).extras)
            assert extras <= known, f'{name}: there is no extra {extras - known}'


def nothing(arguments: list[str]) -> None:
    """Not run: it changes what is outside of this folder, or fetches something."""


def _package(name: str) -> str:
    """``seginpaint_mm[onedl]`` of the name of a wheel, a folder or a requirement."""
    extras = name[name.index('[') :] if '[' in name else ''
    return f'seginpaint_mm{extras}'


def build(cfg: Config, split: str) -> None:
    """The model without weights, and the first sample of the data."""
    with DefaultScope.overwrite_default_scope('seginpaint_mm'):
        with torch.device('meta'):
            MODELS.build(cfg.model)
        assert DATASETS.build(cfg[f'{split}_dataloader'].dataset)[0]


def write_random_weights(cfg: Config, path: str) -> None:
    with DefaultScope.overwrite_default_scope('seginpaint_mm'):
        torch.save(dict(state_dict=MODELS.build(cfg.model).state_dict()), path)


def _small(arguments: list[str]) -> list[str]:
    small = list(arguments)
    for place, word in enumerate(arguments[:-1]):
        small[place + 1] = SMALL.get(word, small[place + 1])
    return small


def _elsewhere(arguments: list[str]) -> list[str]:
    """Put ``OUT``, the first argument, into a new folder."""
    return [f'{tempfile.mkdtemp(dir=".")}/{arguments[0]}', *arguments[1:]]


def _small_options(cfg: Config, *, training: bool = False) -> list[str]:
    options = {}
    for split in ('train', 'val', 'test'):
        loader = cfg.get(f'{split}_dataloader')
        if not loader:
            continue
        name = f'{split}_dataloader'
        options |= {f'{name}.num_workers': 0, f'{name}.persistent_workers': False}
        options |= _small_images(f'{name}.dataset.pipeline', loader.dataset.get('pipeline', []))
        if loader.dataset.type == 'PairsDataset':
            options[f'{name}.dataset.indices'] = 2
        if split == 'train':
            options[f'{name}.batch_size'] = 2
            if loader.sampler.type == 'PartialEpochSampler':
                options[f'{name}.sampler.samples_per_epoch'] = 2
        if training and not loader.dataset.get('indices'):
            options[f'{name}.dataset.indices'] = 2
    if training:
        options |= {'train_cfg.max_epochs': 1, 'train_cfg.val_begin': 1}
    if not has_bfloat16_units():  # in software it would take most of the time
        loops = [loop for loop in ('val_cfg', 'test_cfg') if (cfg.get(loop) or {}).get('fp16')]
        options |= {f'{loop}.fp16': False for loop in loops}
    return [f'{key}={value}' for key, value in options.items()]


def _small_images(key: str, steps: list[dict]) -> dict[str, str]:
    """Resize to 64x128 instead, or cut out less."""
    crops = [place for place, step in enumerate(steps) if step['type'] == 'mmseg.RandomCrop']
    if crops:
        return {f'{key}.{place}.crop_size': '(64,64)' for place in crops}
    if any('Crop' in step['type'] for step in steps):
        return {}
    scales = {True: '(4096,64)', False: '(128,64)'}
    return {
        f'{key}.{place}.scale': scales[step.get('keep_ratio', False)]
        for place, step in enumerate(steps)
        if step['type'] == 'mmseg.Resize' and 'scale' in step
    }


def _check_launcher(program: str, arguments: list[str]) -> None:
    """The script is sound, and what it starts is parsed; its processes are tested elsewhere."""
    subprocess.run(['bash', '-n', str(REPOSITORY / program)], check=True)
    config, number, *rest = arguments
    assert int(number) > 0
    load_config(config, command_module('train').parse_args([config, *rest]).cfg_options)


def _extras() -> set[str]:
    """The extras of the package, from setup.py and pyproject.toml."""
    folder = Path.cwd()
    os.chdir(REPOSITORY)
    try:
        distribution = distutils.core.run_setup('setup.py', stop_after='init')
        distribution.parse_config_files()
    finally:
        os.chdir(folder)
    return set(distribution.extras_require)


LAUNCHERS = ('tools/dist_train.sh',)
OWN_COMMANDS: dict[str, Rule] = {
    'check': check_data,
    'init': init,
    'train': train,
    'test': test,
    'infer': infer,
    'demo': demo,
    'export': export,
    'fetch': fetch,
    'serve': serve,
    'doctor': doctor,
    'street': render,
    'list': list_configs,
}
SCRIPTS: dict[str, Rule] = {
    **{
        f'tools/{name}.py': OWN_COMMANDS[name]
        for name in ('train', 'test', 'infer', 'demo', 'doctor')
    },
    'tools/examples/run_onnx.py': run_onnx,
    'tools/examples/ray_data.py': ray_data,
    'tools/join_parts.py': as_it_stands('join_parts'),
    'tools/model_converters/mpi.py': only_parsed('model_converters/mpi'),
    **{
        f'tools/model_converters/{name}.py': as_it_stands(f'model_converters/{name}')
        for name in ('half_precision', 'unfold_batch_norm')
    },
    'tools/analysis_tools/table.py': table,
    'tools/analysis_tools/paper_runs.py': paper_runs,
    'tools/analysis_tools/figure.py': figure,
    'tools/analysis_tools/benchmark.py': benchmark,
    'tools/analysis_tools/browse_dataset.py': as_it_stands('analysis_tools/browse_dataset'),
    'tools/analysis_tools/print_config.py': as_it_stands('analysis_tools/print_config'),
    'tools/analysis_tools/plot_confidence_error.py': as_it_stands(
        'analysis_tools/plot_confidence_error'
    ),
    'tools/dataset_converters/street.py': render,
    'tools/dataset_converters/make_pairs.py': make_pairs,
    **{
        f'tools/dataset_converters/{name}.py': only_parsed(f'dataset_converters/{name}')
        for name in ('label_tools', 'pascal3d', 'predict_visible_masks')
    },
}
MODULES: dict[str, Rule] = {'pip': pip, 'venv': nothing, 'build': nothing, 'twine': nothing}
PROGRAMS: dict[str, Rule] = {
    'make': make,
    'pip': pip,
    'git': nothing,
    'cd': nothing,
    'torchrun': torchrun,
    'sbatch': sbatch,
}
