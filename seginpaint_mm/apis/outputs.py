"""The output folder of an inference: images, the task's files, and a summary."""

from pathlib import Path

import numpy as np

from seginpaint_mm.apis.inputs import SceneInput
from seginpaint_mm.apis.tasks import InferenceTask
from seginpaint_mm.errors import UserError
from seginpaint_mm.structures import SceneSample
from seginpaint_mm.utils.files import write_image, write_json


class ResultFolder:
    """Writes results as they come, each file whole or not at all.

    - ``vis/<name>.png``: the image for people, where one is drawn;
    - ``pred/...``: what the task writes, see :mod:`tasks`;
    - ``predictions.json``: inputs, files, what they hold, and what failed.

    Args:
        folder: Is made if absent; files of the same names are replaced.
        task: Writes the predictions.

    Raises:
        UserError: when ``folder`` is no path.
    """

    def __init__(self, folder: str | Path, task: InferenceTask) -> None:
        if not isinstance(folder, (str, Path)):
            raise UserError(f'out_dir is the path of a folder, not {type(folder).__name__}.')
        self.folder = Path(folder)
        self.task = task
        self.image_folders = (self.folder / 'vis', self.folder / 'pred')
        self._entries: list[dict] = []
        self._failures: list[dict] = []

    def add(
        self,
        scene: SceneInput,
        image: np.ndarray,
        sample: SceneSample,
        picture: np.ndarray | None,
    ) -> None:
        """Write one scene.

        Args:
            scene: The input.
            image: What was read of it, BGR uint8 (H, W, 3).
            sample: Its predictions, at that size.
            picture: RGB uint8, for people; None for no such files. Those of an earlier call for
                the same input are removed.

        Raises:
            OSError: when a file cannot be written.
        """
        height, width = image.shape[:2]
        entry = {'input': scene.origin, 'height': height, 'width': width}
        draw = picture is not None
        entry |= self.task.write(self.folder, scene, image, sample, draw)
        if sample.get('remark') is not None:
            entry['remark'] = sample.remark
        file = f'vis/{scene.name}.png'
        if draw:
            entry['picture'] = file
            write_image(self.folder / file, picture[..., ::-1])
        else:
            (self.folder / file).unlink(missing_ok=True)
        self._entries.append(entry)

    def add_failure(self, scene: SceneInput, reason: str) -> None:
        """Record an input that could not be processed."""
        self._failures.append({'input': scene.origin, 'reason': reason})

    def close(self) -> None:
        """Write ``predictions.json``.

        Raises:
            OSError: when it cannot be written.
        """
        results = {'predictions': self._entries, 'failures': self._failures}
        write_json(self.folder / 'predictions.json', self.task.summary() | results)
