"""``InferenceTask``: what differs between inferences with different kinds of models."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np
from torch import nn

from seginpaint_mm.apis.given_masks import VisibleObjects
from seginpaint_mm.apis.inputs import SceneInput
from seginpaint_mm.structures import SceneSample


class InferenceTask(ABC):
    """Prepares a picture for a model, and finishes what the model made of it.

    Args:
        model: It fits, see :meth:`fits`.
        dataset_meta: ``classes``, ``palette`` and perhaps ``thing_ids`` of the model's data set.
    """

    needs_masks: ClassVar[bool]  # by the user or by another model
    mask_meaning: ClassVar[str] = 'what can be seen of objects'

    def __init__(self, model: nn.Module, dataset_meta: Mapping) -> None:
        self.dataset_meta = dataset_meta

    @classmethod
    @abstractmethod
    def fits(cls, model: nn.Module) -> bool:
        """Whether a model can do this."""

    def pipeline(self, steps: list[dict]) -> list[dict]:
        """What to do with pictures, of the steps of the model's tests that load no file."""
        return steps

    def pipeline_keys(self, objects: VisibleObjects | None) -> dict:
        """What the pipeline's dictionary holds beside the picture."""
        return {}

    @abstractmethod
    def finish(
        self, sample: SceneSample, image: np.ndarray, objects: VisibleObjects | None
    ) -> SceneSample:
        """Bring predictions, on the CPU, to the size of the picture.

        Args:
            sample: Of the model.
            image: The picture as it came, BGR uint8 (H, W, 3).
            objects: What was marked in it.

        Returns:
            SceneSample: A new one, with metainfo and predictions only.
        """

    @abstractmethod
    def write(
        self, folder: Path, scene: SceneInput, image: np.ndarray, sample: SceneSample
    ) -> dict:
        """Write files below ``folder/pred``, and tell what they hold, for the summary.

        Raises:
            OSError: when a file cannot be written.
        """

    def summary(self) -> dict:
        """What to tell once of all inputs."""
        return {}
