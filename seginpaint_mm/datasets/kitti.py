"""KITTI semantics with the hand-made labels behind objects of the MPI paper."""

from pathlib import Path

from typing_extensions import Unpack

from seginpaint_mm.datasets.image_dataset import ImageOptions
from seginpaint_mm.datasets.scene_dataset import (
    SceneDataset,
    check_hidden_truth,
    list_images,
    require_file,
)
from seginpaint_mm.registry import DATASETS

_HOW_TO_GET = (
    'Either put the official KITTI semantics data there (training/image_2/ and training/semantic/ '
    'from https://www.cvlibs.net/datasets/kitti/eval_semantics.php), or render a stand-in: '
    'seginpaint street {root} --layout kitti --num-train 0 --num-val 200'
)


@DATASETS.register_module()
class KITTISceneDataset(SceneDataset):
    """The 200 labelled images of KITTI semantics, an unseen domain for testing (Table II).

    Files: ``training/image_2/NAME.png``, ``training/semantic/NAME.png`` (Cityscapes labelIds)
    and, as hidden truth, ``gt_manual/test/NAME.png``.

    Args:
        data_root: Folder that holds these.
        hidden_truth: ``'manual'`` keeps only the images that have a map in ``gt_manual``;
            ``'none'`` keeps all and knows nothing behind objects.
        common: ``pipeline``, ``indices``, ...; see :class:`ImageDataset`.

    Raises:
        ValueError: when ``hidden_truth`` is neither.
        FileNotFoundError: when the data, or an image's labels, are not there.
    """

    def __init__(
        self,
        data_root: str,
        *,
        hidden_truth: str = 'none',
        **common: Unpack[ImageOptions],
    ) -> None:
        self.hidden_truth = check_hidden_truth(hidden_truth)
        super().__init__(data_root, **common)

    def load_data_list(self) -> list[dict]:
        """Find the samples, sorted by name."""
        root = Path(self.data_root)
        how_to_get = _HOW_TO_GET.format(root=self.data_root)
        images = list_images(root / 'training/image_2', '*', how_to_get)
        if self.hidden_truth == 'manual':
            images = self._with_truth(images)
        return [self._sample(root, path) for path in images]

    def _with_truth(self, images: list[Path]) -> list[Path]:
        kept = [path for path in images if self._truth_path(path).is_file()]
        if not kept:
            raise FileNotFoundError(
                f'{self._truth_path(images[0]).parent}: there is no map for any of the '
                f"{len(images)} images: add the maps (NAME.png), or set hidden_truth='none'."
            )
        return kept

    def _truth_path(self, image: Path) -> Path:
        return Path(self.data_root, 'gt_manual/test', f'{image.stem}.png')

    def _sample(self, root: Path, image: Path) -> dict:
        labels = root / 'training/semantic' / f'{image.stem}.png'
        manual = self.hidden_truth == 'manual'
        return dict(
            img_path=str(image),
            label_path=require_file(labels, image),
            label_table='cityscapes_ids',
            background_path=str(self._truth_path(image)) if manual else None,
            instance_path=None,
        )
