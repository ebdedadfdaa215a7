"""``FinishedModel``: the common base of models without training."""

from abc import abstractmethod
from collections.abc import Sequence

from mmengine.model import BaseModel
from torch import Tensor

from seginpaint_mm.structures import SceneSample


class FinishedModel(BaseModel):
    """Predicts, and does nothing else; ``tools/test.py`` runs it without a checkpoint."""

    @abstractmethod
    def predict(self, inputs: Tensor, data_samples: Sequence[SceneSample]) -> list[SceneSample]:
        """Add predictions to the samples of normalised images, N,3,H,W."""

    def forward(
        self,
        inputs: Tensor,
        data_samples: Sequence[SceneSample] | None = None,
        mode: str = 'predict',
    ) -> list[SceneSample]:
        """Predict; only mode ``'predict'``.

        Raises:
            ValueError: for another mode, as nothing is learnt here.
        """
        if mode != 'predict':
            raise ValueError(f"{type(self).__name__} learns nothing: its mode is 'predict'.")
        return self.predict(inputs, data_samples)
