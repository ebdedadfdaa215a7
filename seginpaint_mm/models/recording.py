"""Whether operators are recorded, not only run: each kind of graph takes other operators."""

import torch


def is_exported() -> bool:
    """Return whether ``torch.export`` records, for files that run without this package."""
    is_exporting = getattr(torch.compiler, 'is_exporting', None)  # of torch 2.7 and later
    return torch.compiler.is_compiling() if is_exporting is None else is_exporting()


def is_compiled() -> bool:
    """Return whether ``torch.compile`` records, for this process."""
    return torch.compiler.is_compiling() and not is_exported()


def is_traced() -> bool:
    """Return whether ``torch.jit.trace`` records."""
    return torch.jit.is_tracing()


def leaves_python() -> bool:
    """Return whether a graph is made for files: it is for images of all sizes."""
    return is_exported() or is_traced()


def is_recorded() -> bool:
    """Return whether a graph is made, of any kind: what looks at values is left out of it."""
    return torch.compiler.is_compiling() or leaves_python()
