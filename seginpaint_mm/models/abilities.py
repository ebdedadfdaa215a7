"""A model's abilities with a user's images; tools read these and know no class by name.

``task`` is a class attribute of the model: ``'fill'`` (an inpainter, which also paints the place of
what is removed), ``'remove'`` (an inpainter with something that finds the objects), ``'complete'``
(amodal: completes objects of which the visible part is given) or ``'predict'``, which is also what
a model without it does. The two methods of :class:`UserImages` are optional: a model from outside
this package need not inherit anything.
"""

from typing import ClassVar

from torch import nn

from seginpaint_mm.errors import ConfigError

MODEL_TASKS = ('fill', 'remove', 'complete', 'predict')


class UserImages:
    """Defaults of what a model says about the images that users give it."""

    task: ClassVar[str]
    seen_size: int | None = None  # greatest side at which it sees images, in pixels; None for any

    def check_size(self, height: int, width: int) -> None:
        """Accept images of any height and width in pixels.

        Raises:
            ValueError: in models that cannot take this size, one sentence.
        """

    def objection(self) -> str | None:
        """Return why the model, as it is built, cannot be given users' images; None if it can."""
        return None


class Inpainter(UserImages):
    """Fills the holes that it is given.

    Its ``predict`` reads ``hole`` of each sample, uint8 or bool (1, h, w), 1 = to be filled, and
    adds ``pred_image``, uint8 (3, h, w), RGB. What it paints outside the hole is ignored. Other
    ``pred_...`` maps of the image's size, such as ``pred_sem_seg``, are kept as well.

    One with ``takes_segmentation`` is guided by the classes that a sample may have,
    ``given_sem_seg``, int64 (1, h, w), 255 = not known.
    """

    task: ClassVar[str] = 'fill'

    @property
    def takes_segmentation(self) -> bool:
        """Whether classes that a user gives guide it."""
        return False


class ObjectCompleter(UserImages):
    """Completes the n objects of a sample, of which ``gt_instances.input_masks`` are visible.

    Its ``predict`` adds ``pred_instances``, in the order given: ``masks`` and ``full_masks`` bool
    (n, h, w), visible and complete; ``grown_boxes`` float (n, 4), where each was completed, x1, y1,
    x2, y2 in pixels; ``full_probs`` float (n, M, M) in [0, 1], 1 = object, in those boxes;
    ``labels`` int64 (n,), ``scores`` float (n,) in [0, 1]; and perhaps ``painted`` uint8
    (n, 3 or 4, S, S), RGB in those boxes.
    """

    task: ClassVar[str] = 'complete'


def task_of(model: nn.Module) -> str:
    """Return one of :data:`MODEL_TASKS`.

    Raises:
        ConfigError: when the model names another.
    """
    task = getattr(model, 'task', 'predict')
    if task not in MODEL_TASKS:
        raise ConfigError(
            f'{type(model).__name__}.task is {task!r}: use {", ".join(map(repr, MODEL_TASKS))}.'
        )
    return task


def objection_to(model: nn.Module) -> str | None:
    """Return why a model cannot be given users' images, one sentence; None if it can."""
    return model.objection() if hasattr(model, 'objection') else None


def takes_segmentation(model: nn.Module) -> bool:
    """Return whether classes that a user gives guide a model."""
    return bool(getattr(model, 'takes_segmentation', False))


def check_size(model: nn.Module, size: tuple[int, int]) -> None:
    """Refuse images of a (height, width) that a model cannot take.

    Raises:
        ValueError: one sentence.
    """
    if hasattr(model, 'check_size'):
        model.check_size(*size)
