"""mmagic's inpainting and GAN parts, without its diffusion stack.

mmagic 1.2 rejects mmcv >= 2.2 when imported, uses a name that numpy 2 has dropped, and imports all
of its editors at once, some of which need the diffusers and transformers of 2023. Importing
*this* module makes the parts that need none of that available under mmagic's own scope::

    custom_imports = dict(imports=['seginpaint_mm.interop.mmagic'])
    generator = dict(type='DeepFillEncoderDecoder', _scope_='mmagic')
    discriminator = dict(type='mmagic.PatchDiscriminator', in_channels=3)

(``_scope_`` is for parts that build further parts of mmagic inside themselves.) A plain import is
tried first, so where mmagic works as a whole, all of it is there. Otherwise a part that needs the
diffusion stack is refused with one sentence, in a config as in an import.
"""

import functools
import importlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import ModuleType

import mmcv
import numpy as np
from mmengine.utils import digit_version
from torch import Tensor, nn

from seginpaint_mm.errors import MissingLibrary

EDITORS = ('aotgan', 'deepfillv1', 'deepfillv2', 'global_local', 'pconv', 'pix2pix')
DIFFUSION_PARTS = (
    'AnimateDiff',
    'AttentionInjection',
    'ControlStableDiffusion',
    'DiscoDiffusion',
    'DreamBooth',
    'FastComposer',
    'StableDiffusion',
    'StableDiffusionInpaint',
    'StableDiffusionXL',
    'TextualInversion',
    'ViCo',
)
_EDITORS_PACKAGE = 'mmagic.models.editors'
_LAST_ACCEPTED_MMCV = '2.1.0'
_DIFFUSERS_MODULES = ('models', 'models.attention', 'pipelines', 'schedulers')


def register_mmagic() -> None:
    """Register mmagic's models: all of them where it imports, else those without diffusion.

    May be called any number of times. ``sys.modules``, ``mmcv`` and ``numpy`` are left as they
    were, but for mmagic's own modules.

    Raises:
        MissingLibrary: when mmagic is not installed.
    """
    if importlib.util.find_spec('mmagic') is None:
        raise MissingLibrary(
            'mmagic is not installed: run seginpaint doctor --fix, '
            'or pip install --no-deps "mmagic>=1.2,<1.3".',
            name='mmagic',
        )
    try:
        importlib.import_module('mmagic.models')
    except Exception:  # a failed assertion, a missing module, a name that numpy has dropped, ...
        _import_without_diffusion()
    _mend_initialisation()
    _mend_contextual_attention()


def _import_without_diffusion() -> None:
    with ExitStack() as stack:
        if digit_version(mmcv.__version__) > digit_version(_LAST_ACCEPTED_MMCV):
            stack.enter_context(_attribute(mmcv, '__version__', _LAST_ACCEPTED_MMCV))
        stack.enter_context(_attribute(np, 'bool8', np.bool_))
        stack.enter_context(_diffusers_placeholders())
        editors = _open_editors_package()
        models = importlib.import_module('mmagic.models')
        models.editors = editors
        for name in EDITORS:
            editor = importlib.import_module(f'{_EDITORS_PACKAGE}.{name}')
            vars(editors).update({part: getattr(editor, part) for part in editor.__all__})
    _register_refusals()


@contextmanager
def _attribute(owner: ModuleType, name: str, value: object) -> Iterator[None]:
    """Set ``owner.name`` for the duration of the ``with`` block."""
    before = vars(owner).get(name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if before is None:
            delattr(owner, name)
        else:
            setattr(owner, name, before)


@contextmanager
def _diffusers_placeholders() -> Iterator[None]:
    """Stand in, as modules without models, for what mmagic's basic layers import of diffusers."""
    names = ('diffusers', *(f'diffusers.{part}' for part in _DIFFUSERS_MODULES))
    before = {name: sys.modules[name] for name in names if name in sys.modules}
    placeholders = {name: ModuleType(name) for name in names}
    for part in _DIFFUSERS_MODULES:
        setattr(placeholders['diffusers'], part, placeholders[f'diffusers.{part}'])
    placeholders['diffusers.models.attention'].BasicTransformerBlock = type('Absent', (), {})
    sys.modules.update(placeholders)
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]
        sys.modules.update(before)


def _open_editors_package() -> ModuleType:
    """Put mmagic's package of editors into ``sys.modules`` without running its ``__init__``.

    Its sub-packages can then be imported one by one. It stays: without it Python would run the
    failing ``__init__`` when another editor is imported.
    """
    mmagic = importlib.import_module('mmagic')
    package = ModuleType(_EDITORS_PACKAGE, 'The editors of mmagic that were imported one by one.')
    package.__path__ = [str(Path(mmagic.__file__).parent / 'models' / 'editors')]
    package.__getattr__ = _refuse_attribute
    sys.modules[_EDITORS_PACKAGE] = package
    return package


def _refusal(part: str) -> ImportError:
    return ImportError(
        f'mmagic.{part} needs the diffusion stack of mmagic (diffusers and transformers of 2023), '
        f'which does not work in this environment; {__name__} offers the other parts.'
    )


def _refuse_attribute(name: str) -> object:
    if name in DIFFUSION_PARTS:
        raise _refusal(name)
    raise AttributeError(f'{name!r} is not among the editors of mmagic that {__name__} imports.')


def _mend_initialisation() -> None:
    """Let mmagic's networks be parts of other modules.

    Its initialisation writes into the log that MMEngine keeps of a whole model's, and fails there
    (an unbound variable); it is run without that log.
    """
    original = importlib.import_module('mmagic.models.utils').generation_init_weights
    if hasattr(original, '__wrapped__'):
        return

    @functools.wraps(original)
    def generation_init_weights(
        module: nn.Module, init_type: str = 'normal', init_gain: float = 0.02
    ) -> None:
        logged = [m for m in module.modules() if hasattr(m, '_params_init_info')]
        logs = [m.__dict__.pop('_params_init_info') for m in logged]
        original(module, init_type, init_gain)
        for m, log in zip(logged, logs, strict=True):
            m._params_init_info = log

    for name, module in list(sys.modules.items()):
        if name.startswith('mmagic.') and vars(module).get(original.__name__) is original:
            setattr(module, original.__name__, generation_init_weights)


def _mend_contextual_attention() -> None:
    """Let DeepFill be trained in bfloat16, whose convolutions put channels last.

    Its attention takes views that such features do not allow.
    """
    name = 'mmagic.models.editors.deepfillv1.contextual_attention'
    attention = importlib.import_module(name).ContextualAttentionModule
    original = attention.forward
    if hasattr(original, '__wrapped__'):
        return

    @functools.wraps(original)
    def forward(
        self: nn.Module, x: Tensor, context: Tensor, mask: Tensor | None = None
    ) -> Tensor | tuple[Tensor, Tensor]:
        return original(self, x.contiguous(), context.contiguous(), mask)

    attention.forward = forward


def _register_refusals() -> None:
    """Let a config that names a diffusion model fail with the reason, not with "not registered"."""
    registry = importlib.import_module('mmagic.registry').MODELS

    def refusing(part: str) -> type:
        def refuse(self: object, *args: object, **kwargs: object) -> None:
            raise _refusal(part)

        return type(part, (), {'__init__': refuse, '__module__': __name__})

    for part in DIFFUSION_PARTS:
        registry.register_module(name=part, module=refusing(part), force=True)


register_mmagic()
