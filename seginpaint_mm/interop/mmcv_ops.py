"""Provide ``mmcv._ext`` from torchvision where mmcv was installed without compiled operators.

``mmcv.ops`` imports its compiled operators from ``mmcv._ext``. An installation without them fails
at that import, and mmdet with it. The finder below answers the import with operators of
torchvision and PyTorch (the package ``mmcv_kernels``); it stands last in ``sys.meta_path``, so
compiled operators, where there are any, are used untouched.

``import seginpaint_mm`` installs it, and so it is in processes that :mod:`multiprocessing` or
``torch.multiprocessing`` starts from there, whatever these import first.
"""

import importlib
import importlib.machinery
import multiprocessing
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

NAME = 'mmcv._ext'
COMPILE = 'OPS=compiled make setup'
VERSION = 'none (operators from torchvision)'  # instead of a compiler's, in reports
# The operators of each module of mmcv_kernels. These import torch, so they wait until they are
# needed.
OPERATORS = {
    'attention': ('ms_deform_attn_forward', 'ms_deform_attn_backward'),
    'deform_conv': (
        'deform_conv_forward',
        'deform_conv_backward_input',
        'deform_conv_backward_parameters',
        'modulated_deform_conv_forward',
        'modulated_deform_conv_backward',
    ),
    'focal_loss': (
        'sigmoid_focal_loss_forward',
        'sigmoid_focal_loss_backward',
        'softmax_focal_loss_forward',
        'softmax_focal_loss_backward',
    ),
    'pooling': ('roi_align_forward', 'roi_align_backward', 'roi_pool_forward', 'roi_pool_backward'),
    'windows': (
        'carafe_forward',
        'carafe_backward',
        'carafe_naive_forward',
        'carafe_naive_backward',
        'masked_im2col_forward',
        'masked_col2im_forward',
        'psamask_forward',
        'psamask_backward',
    ),
    'suppression': ('bbox_overlaps', 'nms', 'nms_match', 'softnms'),
}
HOMES = {name: home for home, names in OPERATORS.items() for name in names}


class OperatorFinder:
    """Answer ``import mmcv._ext`` when no other finder did."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> Any:
        if name != NAME:
            return None
        return importlib.machinery.ModuleSpec(name, OperatorFinder)

    @staticmethod
    def create_module(spec: Any) -> ModuleType:
        return Operators(spec.name)

    @staticmethod
    def exec_module(module: ModuleType) -> None:
        pass


class Operators(ModuleType):
    """Stand in for the compiled module.

    Its attributes are the operators of :data:`OPERATORS`, and for any other name a function that
    raises: ``mmcv.ops`` asks for all names when it is imported, and most are never called.
    """

    def __getattr__(self, name: str) -> Callable:
        if name.startswith('__'):
            raise AttributeError(name)
        if name in ('get_compiler_version', 'get_compiling_cuda_version'):
            operator = _version
        elif name in HOMES:
            home = importlib.import_module(f'seginpaint_mm.interop.mmcv_kernels.{HOMES[name]}')
            operator = getattr(home, name)
        else:
            operator = _missing(name)
        setattr(self, name, operator)
        return operator


def install() -> None:
    """Make ``mmcv._ext`` importable, here and in child processes; again, it changes nothing."""
    if not any(finder is OperatorFinder for finder in sys.meta_path):
        sys.meta_path.append(OperatorFinder)
    # A child that is not forked unpickles this before what it works on, and so imports this
    # module before mmcv.
    multiprocessing.current_process()._config[NAME] = install


def in_use() -> str:
    """Return ``'compiled'`` or ``'from torchvision'``: the operators that mmcv has here.

    Raises:
        ImportError: when mmcv is not installed, or its compiled operators do not load.
    """
    module = importlib.import_module(NAME)
    return 'from torchvision' if isinstance(module, Operators) else 'compiled'


def _version() -> str:
    return VERSION


def _missing(name: str) -> Callable:
    def missing(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError(
            f'mmcv was installed without its compiled operator {name}, and torchvision has none: '
            f'compile it with "{COMPILE}".'
        )

    return missing
