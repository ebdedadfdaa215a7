"""COCOA: COCO's pictures with regions outlined as they are, also where something hides them."""

import json
from collections.abc import Callable, Iterator, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import ClassVar

from pycocotools import mask as coco_masks

from seginpaint_mm.datasets.instance_dataset import OBJECT_METAINFO, InstanceDataset
from seginpaint_mm.datasets.scene_dataset import IMAGE_SUFFIXES
from seginpaint_mm.registry import DATASETS

_HOW_TO_GET = (
    'Put COCOA there (https://github.com/Wakeupbuddy/amodalAPI links to its annotations, the '
    'pictures are those of COCO 2014), or your own annotations in its form.'
)


@DATASETS.register_module()
class COCOADataset(InstanceDataset):
    """Regions of COCOA with their full outline, what can be seen of them, and their depth order.

    A sample is an annotated picture. It holds ``objects``, which :class:`LoadAmodalObjects` reads:
    the regions of which anything can be seen, front first (``depth`` 0, 1, ...). The depth order is
    the regions' ``order`` or, where they have none, any that ``depth_constraint`` allows, whose
    ``'1-3,2-3'`` says that regions 1 and 2 (counted from 1) are in front of region 3. Appearances
    are not known. The names that the annotators wrote are kept as ``tag``; there are no classes.

    Args:
        data_root: Folder of the data set.
        ann_file: JSON of all annotations, e.g. ``'annotations/COCO_amodal_val2014.json'``; None
            where each picture has its own JSON beside it, NAME.json for NAME.jpg.
        image_folder: Folder of the pictures below ``data_root``, e.g. ``'val2014'``.
        stuff: Take the regions that are stuff (``isStuff``: grass, sky, ...) as well.
        pipeline: Transforms.
        indices: Take only the first n samples, or those with these indices.
        test_mode: Let a sample that fails in the pipeline be an error, not another sample.
        lazy_init: Look at the files only when the first sample is needed.

    Raises:
        FileNotFoundError: when there are no annotations.
        ValueError: when they are not COCOA's, or their depth order is cyclic.
    """

    METAINFO: ClassVar[dict] = OBJECT_METAINFO

    def __init__(
        self,
        data_root: str,
        *,
        ann_file: str | None = None,
        image_folder: str = '',
        stuff: bool = True,
        pipeline: Sequence[dict | Callable] = (),
        indices: int | Sequence[int] | None = None,
        test_mode: bool = False,
        lazy_init: bool = False,
    ) -> None:
        self.json_name = ann_file
        self.image_folder = Path(data_root, image_folder)
        self.stuff = stuff
        super().__init__(
            data_root,
            pipeline=pipeline,
            indices=indices,
            test_mode=test_mode,
            lazy_init=lazy_init,
        )

    def find_samples(self) -> list[dict]:
        """Find the samples: in the order of the JSON, or by name."""
        samples = []
        for path, image, annotation in self._annotations():
            try:
                objects = self._objects(annotation)
            except CycleError as error:
                cycle = ' is in front of '.join(map(str, error.args[1]))
                raise ValueError(
                    f'{path}: the depth order of {image} is cyclic, region {cycle}: mend its '
                    f'depth_constraint.'
                ) from None
            except (LookupError, TypeError, ValueError, AttributeError) as error:
                raise _not_cocoa(path, error) from error
            if objects:
                samples.append(
                    dict(
                        img_path=str(image),
                        amodal_format='cocoa',
                        annotation_path=str(path),
                        objects=objects,
                    )
                )
        if not samples:
            raise FileNotFoundError(
                f'{self.data_root}: no annotation has a region that can be seen. {_HOW_TO_GET}'
            )
        return samples

    def _annotations(self) -> Iterator[tuple[Path, Path, dict]]:
        """The file, the picture and the annotation of each picture."""
        root = Path(self.data_root)
        if self.json_name is None:
            for path in sorted(root.glob('*.json')):
                yield path, _picture_beside(path, self.image_folder), _read(path)
            return
        path = root / self.json_name
        content = _read(path)
        try:
            names = {image['id']: image['file_name'] for image in content.get('images', ())}
            for item in content['annotations']:
                name = names.get(item['image_id']) or item['url'].rsplit('/', 1)[-1]
                yield path, self.image_folder / name, item
        except (KeyError, TypeError, AttributeError) as error:
            raise _not_cocoa(path, error) from error

    def _objects(self, annotation: dict) -> list[dict]:
        regions = [
            dict(
                order=number,
                full=_polygons(region['segmentation']),
                visible=region.get('visible_mask') or _polygons(region['segmentation']),
                tag=region.get('name', '').strip(),
                is_stuff=bool(region.get('isStuff', 0)),
            )
            for number, region in enumerate(annotation['regions'], start=1)
        ]
        ranks = _ranks(annotation)
        regions.sort(key=lambda region: ranks[region['order']])
        seen = [region for region in regions if _is_seen(region) and self._is_wanted(region)]
        return [dict(region, depth=depth) for depth, region in enumerate(seen)]

    def _is_wanted(self, region: dict) -> bool:
        return self.stuff or not region['is_stuff']


def _ranks(annotation: dict) -> dict[int, int]:
    """Number of a region, counted from 1 -> its place in the depth order, the smaller the nearer.

    Raises:
        CycleError: when the depth constraints are cyclic; its second argument is the cycle.
    """
    regions = annotation['regions']
    if all('order' in region for region in regions):
        return {number: int(region['order']) for number, region in enumerate(regions, start=1)}
    sorter = TopologicalSorter(dict.fromkeys(range(1, len(regions) + 1), ()))
    for pair in filter(None, annotation['depth_constraint'].split(',')):
        front, back = map(int, pair.split('-'))
        sorter.add(back, front)
    return {number: rank for rank, number in enumerate(sorter.static_order())}


def _polygons(segmentation: list) -> list[list[float]]:
    """COCOA writes one polygon, COCO a list of them."""
    return segmentation if isinstance(segmentation[0], list) else [segmentation]


def _is_seen(region: dict) -> bool:
    """Whether anything of the region is seen; its run lengths may be empty."""
    visible = region['visible']
    if isinstance(visible, list):
        return True
    if isinstance(visible['counts'], list):
        return sum(visible['counts'][1::2]) > 0
    return int(coco_masks.area(visible)) > 0


def _picture_beside(path: Path, folder: Path) -> Path:
    for suffix in IMAGE_SUFFIXES:
        if (image := folder / f'{path.stem}{suffix}').is_file():
            return image
    raise FileNotFoundError(
        f'{path}: the picture that belongs to it is missing, expected '
        f'{folder / path.stem}{{{",".join(IMAGE_SUFFIXES)}}}.'
    )


def _read(path: Path) -> dict:
    if not path.is_file():
        raise FileNotFoundError(f'{path}: there is no such file. {_HOW_TO_GET}')
    try:
        return json.loads(path.read_text(encoding='utf-8'))
    except ValueError as error:
        raise _not_cocoa(path, error) from error


def _not_cocoa(path: Path, error: Exception) -> ValueError:
    return ValueError(
        f"{path}: this is not COCOA's JSON, with regions of segmentation and order "
        f'({type(error).__name__}: {error}): give that file.'
    )
