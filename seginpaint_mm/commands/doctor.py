"""Check what is installed and whether it works together: ``seginpaint doctor``.

One line per check, with the command that repairs it. The exit status is 1 when something is
broken, else 0; notes are about optional parts. Needs nothing but Python itself.
"""

import argparse
import importlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from seginpaint_mm.commands import command_line
from seginpaint_mm.utils import installation
from seginpaint_mm.utils.installation import (
    FAMILIES,
    ROOT,
    WITHOUT_OPERATORS,
    environment,
    fresh_environment_command,
    install_command,
    installed_distributions,
    made_by_make,
    pip_command,
    setup_command,
)

PYTHON_VERSIONS = ((3, 10), (3, 11), (3, 12), (3, 13))
OPENCV_DISTRIBUTIONS = (
    'opencv-python',
    'opencv-python-headless',
    'opencv-contrib-python',
    'opencv-contrib-python-headless',
)
# Distributions that are installed again when what a set-up step brought does not import.
REINSTALLED = {'torch': ('torch', 'torchvision')}
MMAGIC = 'mmagic>=1.2,<1.3'  # as in requirements/mmagic.txt


class Broken(Exception):
    """What is wrong, and the command that mends it."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(problem)
        self.fix = fix


@dataclass
class Note:
    """Works, but something optional is missing or could be better; ``fix`` says how."""

    text: str
    fix: str


Check = Callable[[], 'str | Note']


def first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f'{type(error).__name__}: {lines[0] if lines else "no message"}'


def load(module: str, redo: str) -> ModuleType:
    """Import ``module``; whatever goes wrong is mended by doing the set-up step ``redo`` again."""
    try:
        return importlib.import_module(module)
    except Exception as error:
        problem = (
            'not installed' if missing(error, module) else f'does not import ({first_line(error)})'
        )
        fix = setup_command(redo)
        names = REINSTALLED.get(redo, ())
        if not installation.made_by_make() and not missing(error, module) and names:
            fix = pip_command('install', '--force-reinstall', *names)
        raise Broken(problem, fix) from error


def missing(error: BaseException, module: str) -> bool:
    return isinstance(error, ModuleNotFoundError) and error.name == module.split('.')[0]


def check_python() -> str | Note:
    version = platform.python_version()
    if sys.version_info[:2] not in PYTHON_VERSIONS:
        raise Broken(
            f'{version}, but 3.10 to 3.13 is needed',
            'make setup PYTHON=/path/to/python3.11',
        )
    if not installation.made_by_make():
        return f'{version} in {sys.prefix}'
    if Path(sys.prefix).parent != ROOT:
        return Note(f'{version} in {sys.prefix}, not what `make setup` made', setup_command())
    return f'{version} in {environment()}'


def check_processor() -> str:
    return importlib.import_module('seginpaint_mm.utils.processor').describe()


def check_torch() -> str | Note:
    torch = load('torch', redo='torch')
    if torch.cuda.is_available():
        return f'{torch.__version__}, CUDA {torch.version.cuda} on {torch.cuda.get_device_name()}'
    text = f'{torch.__version__}, CPU with {torch.get_num_threads()} threads'
    if not machine_has_gpu():
        return text
    if torch.version.cuda is None:
        return Note(
            f'{text}; it was built without CUDA, but there is a GPU',
            f'{sys.executable} -m pip uninstall -y torch torchvision && '
            + setup_command('"torch mmcv"'),
        )
    return Note(
        f'{text}; there is a GPU, but not one that CUDA {torch.version.cuda} can use',
        'nvidia-smi   (its driver must know that CUDA version: update the driver)',
    )


def machine_has_gpu() -> bool:
    if shutil.which('nvidia-smi') is None:
        return False
    return subprocess.run(['nvidia-smi', '-L'], capture_output=True).returncode == 0


def does_not_fit(library: ModuleType, torch: ModuleType, error: BaseException) -> Broken:
    versions = f'{library.__version__} does not fit torch {torch.__version__}'
    return Broken(f'{versions}: {first_line(error)}', setup_command('torch'))


def check_torchvision() -> str:
    torchvision = load('torchvision', redo='torch')
    torch = load('torch', redo='torch')
    try:
        torchvision.ops.nms(torch.tensor([[0.0, 0, 1, 1]]), torch.tensor([1.0]), 0.5)
    except Exception as error:
        raise does_not_fit(torchvision, torch, error) from error
    return torchvision.__version__


def check_numpy() -> str:
    numpy = load('numpy', redo='torch')
    torch = load('torch', redo='torch')
    try:
        torch.from_numpy(numpy.zeros(1)).numpy()
    except Exception as error:
        raise does_not_fit(numpy, torch, error) from error
    return numpy.__version__


def check_opencv() -> str | Note:
    installed = [name for name in OPENCV_DISTRIBUTIONS if installation.distribution_version(name)]
    versions = {installation.distribution_version(name) for name in installed}
    only_one = pip_command('uninstall', '-y', *(installed or ['opencv-python'])) + ' && '
    if installation.made_by_make():
        only_one += setup_command('torch')
    else:  # the headless one needs no libGL
        only_one += pip_command(
            'install', f'opencv-python-headless=={max(versions, default="4.*")}'
        )
    try:
        cv2 = importlib.import_module('cv2')
    except Exception as error:
        problem = 'not installed' if missing(error, 'cv2') else first_line(error)
        raise Broken(problem, only_one if installed else setup_command('torch')) from error
    if len(versions) > 1:  # of the same version they are the same files; imaug asks for both
        return Note(
            f'{cv2.__version__} from {" and ".join(installed)}, which overwrite each other',
            only_one,
        )
    return f'{cv2.__version__} ({", ".join(installed) or "not from pip"})'


def check_family() -> str:
    families = {module: installation.installed_families(module) for module in FAMILIES}
    doubled = [module for module, found in families.items() if len(found) > 1]
    if doubled:
        raise Broken(
            f'both families are installed for {", ".join(doubled)}, and overwrite each other',
            fresh_environment_command(),
        )
    found = {family for names in families.values() for family in names}
    if len(found) > 1:
        mixture = ', '.join(
            FAMILIES[module][names[0]] for module, names in families.items() if names
        )
        raise Broken(f'mixed families: {mixture}', fresh_environment_command())
    for name, other in WITHOUT_OPERATORS.items():
        if installation.distribution_version(name) and installation.distribution_version(other):
            raise Broken(
                f'{name} and {other} are both installed, and overwrite each other',
                setup_command('mmcv') if made_by_make() else replace_command(name, other),
            )
    if not found:
        raise Broken(
            'none of mmengine, mmcv, mmdet, mmseg is installed',
            setup_command('libraries'),
        )
    return {'onedl': 'onedl (the maintained one)', 'openmmlab': 'openmmlab (the original)'}[
        found.pop()
    ]


def library_check(module: str) -> Check:
    redo = 'mmcv' if module == 'mmcv' else 'libraries'

    def check() -> str:
        version = load(module, redo).__version__
        families = installation.installed_families(module)
        names = [name for family in families for name in installed_distributions(module, family)]
        return f'{version} ({", ".join(names) or "not from pip"})'

    return check


def check_mmcv_ops() -> str | Note:
    torch = load('torch', redo='torch')
    load('mmcv._ext', redo='mmcv')
    origin = load('seginpaint_mm.interop.mmcv_ops', redo='package').in_use()
    boxes = torch.tensor([[0.0, 0, 10, 10], [0.0, 0, 10, 9], [20.0, 20, 30, 30]])
    devices = ['cpu', 'cuda'] if torch.cuda.is_available() else ['cpu']
    for device in devices:
        try:
            kept = kept_by_nms(boxes.to(device))
        except Exception as error:
            if device == 'cuda' and origin == 'compiled':
                return Note('compiled for the CPU, not for the GPU', other_operators_command())
            raise Broken(
                f'{origin}: fail on {device} ({first_line(error)})',
                setup_command('mmcv'),
            ) from error
        if kept != [0, 2]:
            raise Broken(
                f'{origin}: nms on {device} kept boxes {kept} instead of [0, 2]',
                setup_command('mmcv'),
            )
    return f'{origin}, work on {" and ".join(devices)}'


def other_operators_command() -> str:
    """Take torchvision's operators, which have kernels for the GPU, instead of compiled ones."""
    if made_by_make():
        return f'OPS=torchvision {setup_command()}'
    families = installation.installed_families('mmcv')
    names = [name for family in families for name in installed_distributions('mmcv', family)]
    return replace_command(*names)


def replace_command(*names: str) -> str:
    return f'{pip_command("uninstall", "-y", *names)} && {install_command()}'


def kept_by_nms(boxes: object) -> list[int]:
    nms = importlib.import_module('mmcv.ops').nms
    scores = boxes.new_tensor([0.9, 0.8, 0.7])
    return nms(boxes, scores, 0.5)[1].tolist()


def check_mmagic() -> str | Note:
    if installation.distribution_version('mmagic') is None:
        return Note(
            'not installed (optional: only configs with parts of mmagic need it)',
            pip_command('install', '--no-deps', MMAGIC),
        )
    load('seginpaint_mm.interop.mmagic', redo='libraries')
    return f'{installation.distribution_version("mmagic")}, inpainting and GAN parts'


def check_seginpaint() -> str:
    package = load('seginpaint_mm', redo='package')
    load('seginpaint_mm.models', redo='package')
    return f'{package.__version__} in {os.path.dirname(package.__file__)}'


def check_tensorboard() -> str | Note:
    version = installation.distribution_version('tensorboard')
    if version is not None:
        return version
    pip = pip_command('install', 'tensorboard')
    return Note(
        'not installed (optional)',
        setup_command('libraries') if installation.made_by_make() else pip,
    )


CHECKS: dict[str, Check] = {
    'Python': check_python,
    'processor': check_processor,
    'torch': check_torch,
    'torchvision': check_torchvision,
    'NumPy': check_numpy,
    'OpenCV': check_opencv,
    'family': check_family,
    **{module: library_check(module) for module in FAMILIES},
    'mmcv operators': check_mmcv_ops,
    'mmagic': check_mmagic,
    'seginpaint_mm': check_seginpaint,
    'TensorBoard': check_tensorboard,
}


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        '--fix',
        action='store_true',
        help='run the pip commands that repair the installation, after asking',
    )
    parser.add_argument('--yes', action='store_true', help='with --fix: run them without asking')
    return parser


def report(name: str, check: Check) -> Broken | Note | None:
    """Print the line of one check; return what can be mended, None where all is well."""
    try:
        finding = check()
    except Broken as broken:
        print(f'BROKEN  {name:<15} {broken}\n        to mend it:     {broken.fix}')
        return broken
    if isinstance(finding, Note):
        print(f'note    {name:<15} {finding.text}\n        to improve it:  {finding.fix}')
        return finding
    print(f'ok      {name:<15} {finding}')
    return None


def run_fixes(findings: Sequence[Broken | Note], ask: Callable[[str], bool]) -> int:
    """Run those commands of the findings that only call pip, then check again; return the status.

    What changes more than this environment's packages is left to the user.
    """
    fixes = dict.fromkeys(finding.fix for finding in findings)
    ours = [fix for fix in fixes if fix.startswith(pip_command()) and 'make ' not in fix]
    if not ours:
        print('There is nothing that --fix can mend.')
    for fix in ours:
        if not ask(fix):
            print(f'left out: {fix}')
        elif subprocess.run(fix, shell=True, check=False).returncode:
            print(f'This command failed: {fix}')
            return 1
    return subprocess.run(command_line('doctor'), check=False).returncode


def ask_user(fix: str) -> bool:
    try:
        return input(f'Run {fix} ? [y/N] ').strip().lower() in ('y', 'yes')
    except EOFError:  # nobody is there to answer
        print('(no answer: --yes runs it without asking)')
        return False


def main(argv: Sequence[str] | None = None) -> int:
    args = make_parser().parse_args(argv)
    findings = [report(name, check) for name, check in CHECKS.items()]
    broken = sum(isinstance(finding, Broken) for finding in findings)
    print(f'{broken} of {len(CHECKS)} checks failed' if broken else 'everything works together')
    if args.fix:
        sys.stdout.flush()
        left = [finding for finding in findings if finding is not None]
        return run_fixes(left, (lambda fix: True) if args.yes else ask_user)
    return 1 if broken else 0
