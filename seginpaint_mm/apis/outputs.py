"""The output folder of an inference: images, the task's files, and a summary."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from seginpaint_mm.apis.inputs import SceneInput
from seginpaint_mm.apis.journal import Journal, Share, Totals
from seginpaint_mm.apis.tasks import InferenceTask
from seginpaint_mm.errors import UserError
from seginpaint_mm.structures import SceneSample
from seginpaint_mm.utils.files import write_image


class ResultFolder:
    """Writes results as they come, each file whole or not at all.

    - ``vis/<name>.png``: the image for people, where one is drawn;
    - ``pred/...``: what the task writes, see :mod:`tasks`;
    - ``predictions.json``: inputs, files, what they hold, and what failed;
    - ``progress/``: the same while it is made; it lies there after a process was killed.

    Args:
        folder: Is made if absent; files of the same names are replaced.
        task: Writes the predictions.
        share: Which of the inputs are done here, and whether those that are done are left out;
            None for all of them.

    Attributes:
        totals: What ``predictions.json`` holds; None before the end, and where a process that
            shares the inputs with others was stopped.
        done_before: Inputs of this process that are left out, as their results lie there.

    Raises:
        UserError: when ``folder`` is no path.
    """

    def __init__(self, folder: str | Path, task: InferenceTask, share: Share | None = None) -> None:
        if not isinstance(folder, (str, Path)):
            raise UserError(f'out_dir is the path of a folder, not {type(folder).__name__}.')
        self.folder = Path(folder)
        self.task = task
        self.image_folders = (self.folder / 'vis', self.folder / 'pred')
        self.totals: Totals | None = None
        self.done_before = 0
        self._share = share or Share()
        self._journal = Journal(self.folder, self._share)

    def begin(self, scenes: Sequence[SceneInput]) -> list[SceneInput]:
        """Return the inputs that are to be done here.

        Raises:
            UserError: see :meth:`Journal.begin`.
        """
        pending = self._journal.begin(scenes)
        self.done_before = len(self._share.of(scenes)) - len(pending)
        return pending

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
        entry = {'name': scene.name, 'input': scene.origin, 'height': height, 'width': width}
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
        self._journal.add(scene, entry)

    def add_failure(self, scene: SceneInput, reason: str) -> None:
        """Record an input that could not be processed."""
        self._journal.add(scene, {'input': scene.origin, 'reason': reason})

    def close(self, has_ended: bool = True) -> None:
        """Write ``predictions.json``.

        Args:
            has_ended: Whether all inputs of this process have been done.

        Raises:
            OSError: when it cannot be written.
        """
        self.totals = self._journal.close(self.task.summary(), has_ended)
