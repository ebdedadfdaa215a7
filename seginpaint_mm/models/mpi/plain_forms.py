"""The networks as the paper's equations read, for comparisons."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from unittest import mock

from seginpaint_mm.models.mpi.max_pool_inpainting_reference import max_pool_inpainting_reference
from seginpaint_mm.models.mpi.mixed_pyramid import mixed_pyramid_plain
from seginpaint_mm.models.mpi.upsampled_conv import upsampled_conv_plain

# Module, the function it calls, and what that stands for.
FORMS = (
    ('mpi_neck', 'max_pool_inpainting', max_pool_inpainting_reference),
    ('mixed_pyramid', 'mixed_pyramid', mixed_pyramid_plain),
    ('upsampled_conv', 'upsampled_conv', upsampled_conv_plain),
)


@contextmanager
def plain_forms() -> Iterator[None]:
    """Let every model in this process compute the plain way: the loop, double then convolve, ..."""
    with ExitStack() as stack:
        for module, name, plain in FORMS:
            module = import_module(f'seginpaint_mm.models.mpi.{module}')
            stack.enter_context(mock.patch.object(module, name, plain))
        yield
