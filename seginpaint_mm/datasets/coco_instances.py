"""COCO's JSON with the objects of chosen categories."""

from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from mmseg.utils import voc_palette
from pycocotools.coco import COCO

from seginpaint_mm.datasets.instance_dataset import InstanceDataset
from seginpaint_mm.registry import DATASETS

_HOW_TO_GET = (
    'Either put COCO there (https://cocodataset.org/#download), or your own pictures with '
    'annotations in its JSON, which most annotation tools export.'
)


@DATASETS.register_module()
class CocoInstanceDataset(InstanceDataset):
    """The objects of chosen categories of COCO; everything else is class 0, background.

    Where objects overlap, which COCO allows, the smaller is in front. Crowds (``iscrowd``), which
    COCO outlines roughly, lie behind all objects and are void; nothing else is, which samples tell
    by ``void_is_crowd``.

    Args:
        data_root: Folder that holds the files.
        ann_file: JSON of instances, e.g. ``'annotations/instances_train2017.json'``.
        image_folder: The folder of its images, e.g. ``'train2017'``.
        classes: Names of the categories; their classes are 1, 2, ... in this order. None takes
            all, by their ids.
        keep_empty: Keep the pictures that show none of them, not even a crowd.
        pipeline: Transforms.
        indices: Take only the first n samples, or those with these indices.
        test_mode: Let a sample that fails in the pipeline be an error, not another sample.
        lazy_init: Look at the files only when the first sample is needed.

    Raises:
        FileNotFoundError: when the JSON is not there.
        ValueError: when it is not COCO's, lacks a value, has no such category, or nothing is kept.
    """

    def __init__(
        self,
        data_root: str,
        *,
        ann_file: str,
        image_folder: str,
        classes: Sequence[str] | None,
        keep_empty: bool = True,
        pipeline: Sequence[dict | Callable] = (),
        indices: int | Sequence[int] | None = None,
        test_mode: bool = False,
        lazy_init: bool = False,
    ) -> None:
        self.json_path = Path(data_root, ann_file)
        self.image_folder = image_folder
        self.keep_empty = keep_empty
        super().__init__(
            data_root,
            metainfo=None if classes is None else _metainfo(classes),
            pipeline=pipeline,
            indices=indices,
            test_mode=test_mode,
            lazy_init=lazy_init,
        )

    def find_samples(self) -> list[dict]:
        """Find the samples, sorted by the id of the image."""
        index = _read_index(self.json_path)
        if 'classes' not in self.metainfo:
            names = [self._category_name(index.cats[number]) for number in sorted(index.cats)]
            self._metainfo.update(_metainfo(names))
        class_of = self._categories(index)
        samples = []
        for number in sorted(index.imgs):
            chosen = index.loadAnns(index.getAnnIds(imgIds=[number], catIds=list(class_of)))
            if chosen or self.keep_empty:
                samples.append(self._sample(index.imgs[number], chosen, class_of))
        if not samples:
            raise ValueError(
                f'{self.json_path}: no picture shows any of {self.metainfo["classes"][1:]}: choose '
                f'other classes, or keep_empty=True.'
            )
        return samples

    def _categories(self, index: COCO) -> dict[int, int]:
        """Class of each category that was chosen."""
        ids = {self._category_name(item): number for number, item in index.cats.items()}
        names = self.metainfo['classes'][1:]
        unknown = [name for name in names if name not in ids]
        if unknown:
            raise ValueError(
                f'{self.json_path}: there is no category {unknown[0]!r}; there are '
                f'{", ".join(sorted(ids))}.'
            )
        return {ids[name]: number for number, name in enumerate(names, start=1)}

    def _category_name(self, category: dict) -> str:
        return self._value(category, 'name', f'category {category["id"]}')

    def _sample(self, image: dict, chosen: list[dict], class_of: dict[int, int]) -> dict:
        file_name, height, width = (
            self._value(image, key, f'image {image["id"]}')
            for key in ('file_name', 'height', 'width')
        )
        return dict(
            img_path=str(Path(self.data_root, self.image_folder, file_name)),
            instance_format='coco',
            instance_path=str(self.json_path),
            annotated_size=(height, width),
            void_is_crowd=True,
            annotations=[
                dict(
                    id=item['id'],
                    segmentation=self._value(item, 'segmentation', f'annotation {item["id"]}'),
                    class_id=class_of[item['category_id']],
                    is_crowd=bool(item.get('iscrowd', 0)),
                )
                for item in chosen
            ],
        )

    def _value(self, item: dict, key: str, name: str) -> object:
        if key not in item:
            raise ValueError(
                f'{self.json_path}: {name} has no {key!r}: add it, or leave {name} out.'
            )
        return item[key]


def _metainfo(classes: Sequence[str]) -> dict:
    colours = voc_palette()[1:]
    return dict(
        classes=('background', *classes),
        palette=[[0, 0, 0], *(colours[k % len(colours)] for k in range(len(classes)))],
        thing_ids=tuple(range(1, len(classes) + 1)),
    )


def _read_index(path: Path) -> COCO:
    if not path.is_file():
        raise FileNotFoundError(f'{path}: there is no such file. {_HOW_TO_GET}')
    try:
        with redirect_stdout(StringIO()):  # it tells how long it took
            index = COCO(path)
        if not (index.cats and index.imgs):
            raise ValueError('no categories or no images')
    except (ValueError, KeyError, TypeError, AssertionError) as error:
        raise ValueError(
            f"{path}: this is not COCO's JSON of instances, with images, annotations and "
            f'categories ({error}): give that file as ann_file.'
        ) from error
    return index
