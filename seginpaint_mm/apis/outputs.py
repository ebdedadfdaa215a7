"""The folder that an inference leaves behind: pictures, maps and a summary."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmengine.structures import InstanceData

from seginpaint_mm.apis.inputs import SceneInput
from seginpaint_mm.apis.instance_results import describe_instances, instance_ids
from seginpaint_mm.files import write_image, write_json
from seginpaint_mm.structures import SceneSample, predicted_maps


class ResultFolder:
    """Writes results as they come, each file whole or not at all.

    - ``vis/<name>.png``: the picture for people;
    - ``pred/background/<name>.png``: uint8 class ids, also behind the foreground;
    - ``pred/foreground/<name>.png``: uint8, 1 = foreground;
    - ``pred/sem_seg/<name>.png``: uint8 class ids, those of mmseg's segmentors;
    - ``pred/instances/<name>.png``: **uint16**, k = the k-th of the instances in
      ``predictions.json``, 0 = none; where several overlap, the most confident;
    - ``predictions.json``: inputs, files, shares of the classes, the instances, and what failed.

    Args:
        folder: Is made if absent; files of the same names are replaced.
        classes: Names of the classes.
        thing_ids: Those of the classes that have instances.
    """

    def __init__(
        self, folder: str | Path, classes: Sequence[str], thing_ids: Sequence[int] = ()
    ) -> None:
        self.folder = Path(folder)
        self.image_folders = (self.folder / 'vis', self.folder / 'pred')
        self.classes = classes
        self.things = [classes[thing] for thing in thing_ids]
        self._entries: list[dict] = []
        self._failures: list[dict] = []

    def add(self, scene: SceneInput, sample: SceneSample, picture: np.ndarray) -> None:
        """Write one scene.

        Args:
            scene: The input.
            sample: Its predictions, at the input's size.
            picture: RGB uint8 (H, W, 3).

        Raises:
            OSError: when a file cannot be written.
        """
        maps = {name.removeprefix('pred_'): _ids(sample, name) for name in predicted_maps(sample)}
        files = {'picture': f'vis/{scene.name}.png'}
        files |= {kind: f'pred/{kind}/{scene.name}.png' for kind in maps}
        write_image(self.folder / files['picture'], picture[..., ::-1])
        for kind, ids in maps.items():
            write_image(self.folder / files[kind], ids)
        entry = {'input': scene.origin, **files, **self._shares(maps)}
        if 'pred_instances' in sample:
            entry |= self._write_instances(scene.name, sample.pred_instances)
        self._entries.append(entry)

    def add_failure(self, scene: SceneInput, reason: str) -> None:
        """Remember an input that could not be processed."""
        self._failures.append({'input': scene.origin, 'reason': reason})

    def close(self) -> None:
        """Write ``predictions.json``.

        Raises:
            OSError: when it cannot be written.
        """
        summary = {
            'classes': list(self.classes),
            'predictions': self._entries,
            'failures': self._failures,
        }
        write_json(self.folder / 'predictions.json', summary)

    def _write_instances(self, name: str, instances: InstanceData) -> dict:
        file = f'pred/instances/{name}.png'
        write_image(self.folder / file, instance_ids(instances))
        return {'instance_ids': file, 'instances': describe_instances(instances, self.things)}

    def _shares(self, maps: dict[str, np.ndarray]) -> dict:
        """Size of the image, and the shares in percent of foreground and of each class."""
        height, width = next(iter(maps.values())).shape
        shares: dict = {'height': height, 'width': width}
        if 'foreground' in maps:
            shares['foreground_percent'] = _percent(maps['foreground'] > 0)
        for kind in ('background', 'sem_seg'):
            if kind in maps:
                shares[f'{kind}_percent'] = {
                    name: _percent(maps[kind] == index) for index, name in enumerate(self.classes)
                }
        return shares


def _ids(sample: SceneSample, name: str) -> np.ndarray:
    return sample.get(name).data.squeeze(0).cpu().numpy().astype(np.uint8)


def _percent(mask: np.ndarray) -> float:
    return round(100 * float(mask.mean()), 3)
