"""COCO's panoptic segments: things and stuff."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from mmseg.utils import voc_palette

from seginpaint_mm.datasets.instance_dataset import InstanceDataset
from seginpaint_mm.registry import DATASETS

_HOW_TO_GET = "Put COCO's panoptic annotations there (https://cocodataset.org/#download)."


@DATASETS.register_module()
class CocoPanopticInstanceDataset(InstanceDataset):
    """The segments of COCO's panoptic task: every category is a class, in the order of the JSON.

    Categories with ``isthing`` have objects. Crowds (``iscrowd``) are of their class, of no
    object; pixels of no segment are void.

    Args:
        data_root: Folder that holds the files.
        ann_file: JSON, e.g. ``'annotations/panoptic_train2017.json'``.
        image_folder: The folder of the pictures, e.g. ``'train2017'``.
        segment_folder: The folder of the PNGs, e.g. ``'annotations/panoptic_train2017'``.
        pipeline: Transforms.
        indices: Take only the first n samples, or those with these indices.
        test_mode: Let a sample that fails in the pipeline be an error, not another sample.
        lazy_init: Look at the files only when the first sample is needed.

    Raises:
        FileNotFoundError: when the JSON is not there.
        ValueError: when it is not COCO's.
    """

    def __init__(
        self,
        data_root: str,
        *,
        ann_file: str,
        image_folder: str,
        segment_folder: str,
        pipeline: Sequence[dict | Callable] = (),
        indices: int | Sequence[int] | None = None,
        test_mode: bool = False,
        lazy_init: bool = False,
    ) -> None:
        self.json_path = Path(data_root, ann_file)
        self.image_folder = image_folder
        self.segment_folder = segment_folder
        super().__init__(
            data_root,
            pipeline=pipeline,
            indices=indices,
            test_mode=test_mode,
            lazy_init=lazy_init,
        )

    def find_samples(self) -> list[dict]:
        """Find the samples, sorted by the id of the image."""
        if not self.json_path.is_file():
            raise FileNotFoundError(f'{self.json_path}: there is no such file. {_HOW_TO_GET}')
        try:
            content = json.loads(self.json_path.read_text())
            categories = content['categories']
            class_of = {item['id']: number for number, item in enumerate(categories)}
            self._metainfo.update(_metainfo(categories))
            image_of = {image['id']: image['file_name'] for image in content['images']}
            annotations = sorted(content['annotations'], key=lambda item: item['image_id'])
            return [self._sample(item, image_of, class_of) for item in annotations]
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f"{self.json_path}: this is not COCO's JSON of panoptic segments, with images, "
                f'annotations with segments_info, and categories with isthing ({error!r}): give '
                f'that file as ann_file.'
            ) from error

    def _sample(self, item: dict, image_of: dict[int, str], class_of: dict[int, int]) -> dict:
        root = Path(self.data_root)
        return dict(
            img_path=str(root / self.image_folder / image_of[item['image_id']]),
            instance_format='coco_panoptic',
            instance_path=str(root / self.segment_folder / item['file_name']),
            segments=[
                dict(
                    id=segment['id'],
                    class_id=class_of[segment['category_id']],
                    is_crowd=bool(segment['iscrowd']),
                )
                for segment in item['segments_info']
            ],
        )


def _metainfo(categories: list[dict]) -> dict:
    colours = voc_palette()
    return dict(
        classes=tuple(item['name'] for item in categories),
        palette=[
            list(item.get('color', colours[k % len(colours)])) for k, item in enumerate(categories)
        ],
        thing_ids=tuple(number for number, item in enumerate(categories) if item['isthing']),
    )
