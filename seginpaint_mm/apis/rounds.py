"""One input on its way through a model: rounds of views, and what the model makes of them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from seginpaint_mm.apis.inputs import SceneInput
from seginpaint_mm.apis.mask_sources import VisibleObjects
from seginpaint_mm.apis.tasks import InferenceTask
from seginpaint_mm.apis.tasks.task import Rounds
from seginpaint_mm.structures import SceneSample


@dataclass
class Prepared:
    """An input on its way through the model."""

    scene: SceneInput
    image: np.ndarray
    objects: VisibleObjects | None
    task: InferenceTask
    rounds: Rounds | None = None
    views: list[dict] | None = None  # of the next round; None where there is none
    sample: SceneSample | None = None  # then

    @property
    def size(self) -> tuple[int, ...]:
        return size_of(self.views[0]) if self.views else ()

    def begin(self, pipeline: Callable[[dict], dict]) -> None:
        """Prepare the first round, also once more."""
        picture = _pipeline_input(self.scene, self.image)
        self.rounds = self.task.rounds(picture, self.image, self.objects)
        self.go_on(None, pipeline)

    def go_on(self, samples: list[SceneSample] | None, pipeline: Callable[[dict], dict]) -> None:
        """Give what the model made of the views, and prepare the next ones."""
        try:
            views = self.rounds.send(samples)
        except StopIteration as end:
            self.views, self.sample = None, end.value
        else:
            self.views = [pipeline(view) for view in views]


def _pipeline_input(scene: SceneInput, image: np.ndarray) -> dict:
    shape = image.shape[:2]
    return dict(img=image, img_path=scene.origin, img_shape=shape, ori_shape=shape)


def size_of(view: dict) -> tuple[int, ...]:
    """Channels, height and width of a view's input."""
    return tuple(view['inputs'].shape)
