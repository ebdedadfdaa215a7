"""The commands of ``seginpaint`` and of ``tools/``: each module here has ``main(argv)``.

This file imports the standard library alone, so that the doctor runs where nothing else is
installed, and a command's libraries are imported when it is run.
"""

import importlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from seginpaint_mm.errors import MissingLibrary

COMMANDS = {
    'train': 'train a model from a config',
    'test': 'test a trained model',
    'infer': 'run a trained model on images',
    'init': 'write a config for a folder of your images and labels',
    'check': 'check the images and labels of a config before training',
    'export': 'write a network as ONNX, torch.export or TorchScript',
    'serve': 'open a local page for removing objects',
    'fetch': 'download public weights ahead of time',
    'demo': 'render streets, train a small network on them, test it and draw images',
    'street': 'render the Street data set',
    'list': 'list the configs and what each needs',
    'doctor': 'check what is installed and whether it works together',
    'completion': 'print what makes a shell complete commands, options and configs',
}


def command(name: str) -> Callable[[Sequence[str] | None], int | None]:
    """Return a command's ``main``; its module is imported when that is called."""

    def main(argv: Sequence[str] | None = None) -> int | None:
        try:
            module = importlib.import_module(f'{__name__}.{name}')
        except MissingLibrary as error:
            print(f'error: {error}', file=sys.stderr)
            return 2
        return module.main(argv)

    return main


def command_line(name: str, *arguments: str | Path) -> list[str]:
    """Return the command line of a command, for a process of its own.

    It works from any working directory, also where the package is not installed.
    """
    script = Path(__file__).resolve().parents[1] / '__main__.py'
    return [sys.executable, str(script), name, *map(str, arguments)]
