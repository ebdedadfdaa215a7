"""``SceneResult``: the result of one input."""

from dataclasses import dataclass

import numpy as np

from seginpaint_mm.apis.inputs import SceneInput
from seginpaint_mm.structures import SceneSample


@dataclass(frozen=True)
class SceneResult:
    """The result of one input: a sample and its image, or the reason why there is none.

    Attributes:
        scene: The input.
        sample: Predictions at the input's size, on the CPU.
        picture: RGB uint8 (H, W, 3), see :class:`SceneVisualizer`; None where none is drawn.
        failure: One sentence; then ``sample`` and ``picture`` are None.
        remark: What a user should know though it was done, one sentence.
    """

    scene: SceneInput
    sample: SceneSample | None = None
    picture: np.ndarray | None = None
    failure: str | None = None
    remark: str | None = None
