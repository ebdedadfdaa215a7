"""Write rendered streets in the layout of DYCE."""

import numpy as np

from seginpaint_mm.street import labels
from seginpaint_mm.street.render import StreetObject, StreetScene
from seginpaint_mm.street.writers.voc import scene_name
from seginpaint_mm.street.writers.writer import Layout, rough_mask

_TAGS = {
    labels.PERSON: 'person',
    labels.RIDER: 'bicycle rider',  # tags may hold spaces
    labels.CAR: 'car',
    labels.TRUCK: 'truck',
    labels.BUS: 'bus',
    labels.BICYCLE: 'bicycle',
}
_SMALLEST = 1 / 2000  # of the image that can be seen of an object: 66 pixels of 256x512
_LEAST_SEEN = 0.1  # of the object's full mask
_UNITS = 1000  # DYCE's boxes are as of an image of 1000x1000
_LISTS = {'': 'modal', '_multipath': 'multipath_masks'}  # suffix of a list: folder of its masks


class DYCELayout(Layout):
    """`Images`, `modal`, `amodal`, `multipath_masks`, `FullObj` and `annotations/SPLIT*.txt`.

    Each object has a line in a list: its image, visible and full mask, the box of the visible
    mask, its tag, and its full appearance, which is black where the object is not. The lists
    `SPLIT_multipath.txt` name masks as a network might see them, see `rough_mask`, instead of the
    exact visible ones. An object has no line if less than 1/2000 of the image, or of itself a
    tenth, can be seen. Lines of a scene are in depth order, the front one first; each scene's are
    also kept alone, in `annotations/scenes`.
    """

    def files(self, split: str, sequence: int, number: int) -> dict[str, str]:
        """Path below the data root of the image and the lines; the objects' files lie beside."""
        scene = scene_name(sequence, number)
        lines = {list_: f'annotations/scenes/{scene}{list_}.txt' for list_ in _LISTS}
        return {'image': f'Images/{scene}.png', **lines}

    def contents(self, scene: StreetScene) -> dict[str, np.ndarray]:
        """The image alone: what else there is needs its name, see `scene_files`."""
        return {'image': scene.image}

    def scene_files(
        self, scene: StreetScene, split: str, sequence: int, number: int
    ) -> dict[str, np.ndarray | bytes]:
        """The image, four images an object, and last, when those are there, the lines."""
        name, size = scene_name(sequence, number), scene.image.shape[:2]
        pictures = super().scene_files(scene, split, sequence, number)
        lines = dict.fromkeys(_LISTS, '')
        objects = [item for item in scene.objects if _is_listed(item)]
        for order, item in enumerate(objects):
            paths = _paths(f'{name}_{order:02d}')
            masks = {'modal': item.visible_mask, 'multipath_masks': rough_mask(item.visible_mask)}
            for folder, mask in (*masks.items(), ('amodal', item.full_mask)):
                pictures[f'{folder}/{paths[folder]}'] = np.where(mask, np.uint8(255), np.uint8(0))
            pictures[f'FullObj/{paths["FullObj"]}'] = _appearance(item, size)
            for suffix, folder in _LISTS.items():
                words = [f'{name}.png', paths[folder], paths['amodal'], *_box(masks[folder])]
                words += [_TAGS[item.label], paths['FullObj']]
                lines[suffix] += ' '.join(map(str, words)) + '\n'
        files = self.files(split, sequence, number)
        return pictures | {files[suffix]: text.encode() for suffix, text in lines.items()}

    def joined_lists(self, split: str) -> dict[str, str]:
        """The lists of the split's objects."""
        return {f'annotations/{split}{suffix}.txt': suffix for suffix in _LISTS}


def _is_listed(item: StreetObject) -> bool:
    seen = np.count_nonzero(item.visible_mask)
    return seen >= max(
        _SMALLEST * item.visible_mask.size, _LEAST_SEEN * np.count_nonzero(item.full_mask)
    )


def _paths(stem: str) -> dict[str, str]:
    """Folder -> file. The true visible mask's name is the full one's, `modal` for `amodal`."""
    return {
        'modal': f'{stem}_modal.png',
        'multipath_masks': f'{stem}_multipath.png',
        'amodal': f'{stem}_amodal.png',
        'FullObj': f'{stem}_full.png',
    }


def _appearance(item: StreetObject, size: tuple[int, int]) -> np.ndarray:
    """The object alone, whole, over black: uint8 (H, W, 3), B, G, R."""
    picture = np.zeros((*size, 3), np.uint8)
    left, top, right, bottom = item.bbox
    picture[top:bottom, left:right] = item.rgba[..., :3]
    picture[~item.full_mask] = 0
    return picture


def _box(mask: np.ndarray) -> tuple[int, int, int, int]:
    """(left, top, right, bottom), right and bottom exclusive, rounded outwards to 1/1000."""
    sides = [np.flatnonzero(mask.any(axis=axis)) for axis in (0, 1)]
    starts = [int(seen[0]) * _UNITS // mask.shape[1 - k] for k, seen in enumerate(sides)]
    stops = [-(-(int(seen[-1]) + 1) * _UNITS // mask.shape[1 - k]) for k, seen in enumerate(sides)]
    return *starts, *stops
