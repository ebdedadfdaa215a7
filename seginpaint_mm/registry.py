"""Child registries of MMEngine's, scope ``seginpaint_mm``: the plugin points of the toolkit.

A component registered here is built from a config by its bare name when
``default_scope = 'seginpaint_mm'``; parts of the other libraries are named with
their prefix, e.g. ``mmseg.PSPHead``.
"""

from mmengine.registry import DATA_SAMPLERS as MMENGINE_DATA_SAMPLERS
from mmengine.registry import DATASETS as MMENGINE_DATASETS
from mmengine.registry import EVALUATOR as MMENGINE_EVALUATOR
from mmengine.registry import HOOKS as MMENGINE_HOOKS
from mmengine.registry import LOG_PROCESSORS as MMENGINE_LOG_PROCESSORS
from mmengine.registry import LOOPS as MMENGINE_LOOPS
from mmengine.registry import METRICS as MMENGINE_METRICS
from mmengine.registry import MODELS as MMENGINE_MODELS
from mmengine.registry import OPTIM_WRAPPER_CONSTRUCTORS as MMENGINE_OPTIM_WRAPPER_CONSTRUCTORS
from mmengine.registry import OPTIM_WRAPPERS as MMENGINE_OPTIM_WRAPPERS
from mmengine.registry import OPTIMIZERS as MMENGINE_OPTIMIZERS
from mmengine.registry import PARAM_SCHEDULERS as MMENGINE_PARAM_SCHEDULERS
from mmengine.registry import TRANSFORMS as MMENGINE_TRANSFORMS
from mmengine.registry import VISBACKENDS as MMENGINE_VISBACKENDS
from mmengine.registry import VISUALIZERS as MMENGINE_VISUALIZERS
from mmengine.registry import WEIGHT_INITIALIZERS as MMENGINE_WEIGHT_INITIALIZERS
from mmengine.registry import Registry

from seginpaint_mm.interop.mmengine import silence_debug_messages

silence_debug_messages()  # before anything imports mmdet or mmseg

SCOPE = 'seginpaint_mm'


def _child(name: str, parent: Registry, location: str) -> Registry:
    return Registry(name, parent=parent, scope=SCOPE, locations=[f'{SCOPE}.{location}'])


MODELS = _child('model', MMENGINE_MODELS, 'models')
DATASETS = _child('dataset', MMENGINE_DATASETS, 'datasets')
DATA_SAMPLERS = _child('data sampler', MMENGINE_DATA_SAMPLERS, 'datasets')
TRANSFORMS = _child('transform', MMENGINE_TRANSFORMS, 'datasets')
METRICS = _child('metric', MMENGINE_METRICS, 'evaluation')
HOOKS = _child('hook', MMENGINE_HOOKS, 'engine')
VISUALIZERS = _child('visualizer', MMENGINE_VISUALIZERS, 'visualization')
OPTIM_WRAPPERS = _child('optim_wrapper', MMENGINE_OPTIM_WRAPPERS, 'engine')
OPTIM_WRAPPER_CONSTRUCTORS = _child(
    'optimizer wrapper constructor', MMENGINE_OPTIM_WRAPPER_CONSTRUCTORS, 'engine'
)

# Nothing of ours is in these: without them MMEngine warns, for every part it builds, that the
# scope has no such registry.
UNUSED = (
    _child('evaluator', MMENGINE_EVALUATOR, 'evaluation'),
    _child('log_processor', MMENGINE_LOG_PROCESSORS, 'engine'),
    _child('loop', MMENGINE_LOOPS, 'engine'),
    _child('optimizer', MMENGINE_OPTIMIZERS, 'engine'),
    _child('parameter scheduler', MMENGINE_PARAM_SCHEDULERS, 'engine'),
    _child('vis_backend', MMENGINE_VISBACKENDS, 'visualization'),
    _child('weight initializer', MMENGINE_WEIGHT_INITIALIZERS, 'models'),
)
