"""``InferenceTask``: the steps that differ between kinds of models."""

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
from torch import nn

from seginpaint_mm.apis.inputs import SceneInput
from seginpaint_mm.apis.mask_sources import MaskSource, VisibleObjects
from seginpaint_mm.apis.removal import Filling, Removal
from seginpaint_mm.errors import UserError
from seginpaint_mm.models.abilities import objection_to, task_of
from seginpaint_mm.structures import SceneSample

Rounds = Generator[Iterable[dict], list[SceneSample], SceneSample]


class InferenceTask(ABC):
    """Prepares an image for a model, and finishes its predictions.

    Args:
        model: It fits, see :meth:`fits`.
        dataset_meta: ``classes``, ``palette`` and perhaps ``thing_ids`` of the model's data set.

    Raises:
        UserError: when the model says that it cannot be given users' images.
    """

    model_tasks: ClassVar[tuple[str, ...]]  # what models say that can do this, see `task_of`
    needs_masks: ClassVar[bool]  # by the user or by another model
    mask_meaning: ClassVar[str] = 'what can be seen of objects'

    def __init__(self, model: nn.Module, dataset_meta: Mapping) -> None:
        objection = objection_to(model)
        if objection is not None:
            raise UserError(objection)
        self.model = model
        self.dataset_meta = dataset_meta

    @classmethod
    def fits(cls, model: nn.Module) -> bool:
        """Return whether a model says that it can do this."""
        return task_of(model) in cls.model_tasks

    def pipeline(self, steps: list[dict]) -> list[dict]:
        """What to do with images, of the steps of the model's tests that load no file."""
        return steps

    def source(
        self,
        given: MaskSource | None,
        removal: Removal | None,
        filling: Filling | None = None,
    ) -> MaskSource | None:
        """Where what is marked in images comes from.

        Args:
            given: By the user, perhaps as another model.
            removal: What is to be removed.
            filling: How holes are filled.

        Raises:
            UserError: when something is given that must not be, or the other way round.
        """
        kind = type(self.model).__name__
        if removal is not None:
            raise UserError(
                f'This {kind} does not remove objects: give --task remove, or a model that '
                f'removes objects.'
            )
        if filling is not None:
            raise UserError(
                f'This {kind} fills no marked holes: leave out how (--whole-up-to), or '
                f'give --task fill and a model that fills holes.'
            )
        if self.needs_masks != (given is not None):
            raise UserError(
                f'A {kind} needs masks of {self.mask_meaning}: give --masks or --instances.'
                if self.needs_masks
                else f'A {kind} takes images alone: leave the masks out.'
            )
        return given

    @abstractmethod
    def rounds(self, picture: dict, image: np.ndarray, objects: VisibleObjects | None) -> Rounds:
        """Run a model on an image, once or several times.

        Args:
            picture: The dictionary of the image alone, for the pipeline.
            image: The image as it came, BGR uint8 (H, W, 3).
            objects: What is marked in it.

        Yields:
            What the model sees next: dictionaries for the pipeline. The model's samples of them, on
            the CPU and in that order, are sent back.

        Returns:
            SceneSample: A new one at the size of the image, with metainfo and predictions only; a
            ``remark`` in the metainfo is what a user should know, one sentence.

        Raises:
            ValueError: before the model has seen anything, when it cannot take the image.
        """

    @abstractmethod
    def write(
        self,
        folder: Path,
        scene: SceneInput,
        image: np.ndarray,
        sample: SceneSample,
        draw: bool = True,
    ) -> dict:
        """Write files below ``folder/pred``, and tell what they hold, for the summary.

        Args:
            folder: Of the results.
            scene: The input.
            image: The image as it came, BGR uint8 (H, W, 3).
            sample: What :meth:`rounds` gave.
            draw: Also files that are only drawn for people.

        Raises:
            OSError: when a file cannot be written.
        """

    def summary(self) -> dict:
        """What to tell once of all inputs."""
        return {}


class OneRoundTask(InferenceTask):
    """A task in which the model sees an image once."""

    def rounds(self, picture: dict, image: np.ndarray, objects: VisibleObjects | None) -> Rounds:
        samples = yield self.views(picture, objects)
        return self.finish(samples, image, objects)

    def views(self, picture: dict, objects: VisibleObjects | None) -> list[dict]:
        """What the model sees of an image: dictionaries for the pipeline.

        Args:
            picture: The dictionary of the image alone.
            objects: What is marked in it.

        Raises:
            ValueError: when the model cannot take it.
        """
        return [picture]

    @abstractmethod
    def finish(
        self, samples: Sequence[SceneSample], image: np.ndarray, objects: VisibleObjects | None
    ) -> SceneSample:
        """Bring predictions, on the CPU, to the size of the image.

        Args:
            samples: Of the model, one a view.
            image: The image as it came, BGR uint8 (H, W, 3).
            objects: What was marked in it.

        Returns:
            SceneSample: See :meth:`rounds`.
        """
