"""The tasks of an inference, by the kind of model."""

from torch import nn

from seginpaint_mm.apis.tasks.completion import CompletionTask
from seginpaint_mm.apis.tasks.filling import FillingTask
from seginpaint_mm.apis.tasks.layering import LayersTask
from seginpaint_mm.apis.tasks.prediction import PredictionTask
from seginpaint_mm.apis.tasks.removing import RemovingTask
from seginpaint_mm.apis.tasks.task import InferenceTask
from seginpaint_mm.errors import UserError

__all__ = ['TASKS', 'InferenceTask', 'find_task']

_SPECIAL: dict[str, type[InferenceTask]] = {
    'complete': CompletionTask,
    'fill': FillingTask,
    'remove': RemovingTask,
    'layers': LayersTask,
}
# Of those that a model can do the first is taken, unless the user names another.
TASKS = {**_SPECIAL, 'predict': PredictionTask}


def find_task(name: str | None, model: nn.Module) -> type[InferenceTask]:
    """The task of that name, or the one that the model is for.

    Raises:
        UserError: when there is no such task, or the model cannot do it.
    """
    fitting = [known for known, task in _SPECIAL.items() if task.fits(model)] or ['predict']
    if name is None:
        return TASKS[fitting[0]]
    if name not in fitting:
        raise UserError(
            f'A {type(model).__name__} is for {", ".join(fitting)}, not for {name!r}: give '
            f'another config, or that task.'
        )
    return TASKS[name]
