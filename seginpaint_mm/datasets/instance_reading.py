"""Reading which pixel is of which class and of which object, one small reader for each format."""

from collections.abc import Callable

import numpy as np

from seginpaint_mm.datasets.class_tables import CLASS_TABLES
from seginpaint_mm.datasets.image_reading import read_labels, read_map

_FIRST_OBJECT = 1000  # Cityscapes: smaller instance ids are stuff, or crowds of one class
Size = tuple[int, int]
Maps = tuple[np.ndarray, np.ndarray]


def read_cityscapes(sample: dict, size: Size) -> Maps:
    """``label_path`` through ``label_table``, and the ids from 1000 on of ``instance_path``.

    What has a smaller instance id but the class of a thing is a crowd: of the class, of no object.
    """
    path = sample['label_path']
    labels = read_labels(path, size=size, img_path=sample['img_path'])
    objects = read_map(sample['instance_path'], size=size, img_path=sample['img_path'])
    classes = CLASS_TABLES[sample['label_table']].classes(labels, path)
    return classes, np.where(objects >= _FIRST_OBJECT, objects, 0)


# Value of a sample's ``instance_format``: reads the sample, given its picture's (height, width).
# A reader gives the classes uint8 (H, W), 255 = void, and the objects, unsigned (H, W), 0 = none,
# any other number = an object; it raises FileNotFoundError and ValueError that name the file.
INSTANCE_READERS: dict[str, Callable[[dict, Size], Maps]] = {
    'cityscapes': read_cityscapes,
}
