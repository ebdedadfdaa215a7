"""Objects that were outlined in a label tool: YOLO's text files, Labelme's JSON, CVAT's XML.

All become COCO's JSON of instances (:func:`coco_json_of`), which every method here reads. What
has no area (points, lines, and boxes, unless they are asked for) is left out and counted.
"""

import base64
import binascii
import io
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

import numpy as np
import pycocotools.mask as rle
import yaml
from PIL import Image

from seginpaint_mm.datasets.coco_json import Entry, read_json
from seginpaint_mm.datasets.scene_dataset import list_images

_ORIENTATION, _LYING = 274, (5, 6, 7, 8)  # EXIF: these values swap width and height
_LABELME_AREAS = ('polygon', 'rectangle', 'circle', 'mask')
_BOX = 4  # numbers in a line of YOLO that gives a box


@dataclass
class OutlinedImage:
    """An image and its outlined objects.

    Attributes:
        file_name: Below the folder of the images, with ``/``.
        size: (width, height), upright.
        objects: Each a label and its mask in pycocotools' run lengths.
        left_out: How many outlines have no area, by kind.
    """

    file_name: str
    size: tuple[int, int]
    objects: list[tuple[str, dict]] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    def add(self, label: str, mask: np.ndarray) -> None:
        """Add an object by its mask, (H, W)."""
        if not mask.any():
            self.left_out[f'outline of {label} without a pixel'] += 1
            return
        self.objects.append((label, rle.encode(np.asfortranarray(mask.astype(np.uint8)))))


def read_yolo(
    labels: Path, images: Path, names: Sequence[str], *, boxes: bool = False
) -> Iterator[OutlinedImage]:
    """Read text files with a line ``CLASS X1 Y1 X2 Y2 ...`` per object, as shares of the size.

    Args:
        labels: Folder of ``SUB/NAME.txt`` for the image ``SUB/NAME.*``; an image without one has
            no objects.
        images: Folder of the images.
        names: Of the classes 0, 1, ...
        boxes: Take lines ``CLASS X Y WIDTH HEIGHT`` as rectangles.

    Raises:
        FileNotFoundError: there are no images or labels.
        ValueError: a line cannot be read, names no class, or belongs to no image.
    """
    _require_folder(labels, 'the text files of YOLO')
    texts = {
        path.relative_to(labels).with_suffix('')
        for path in labels.rglob('*.txt')
        if path.name != 'classes.txt'
    }
    if not texts:
        raise FileNotFoundError(f'{labels}: there is no text file: name the folder of the labels.')
    found = list_images(images, '**/*', 'Name the folder of the images.')
    without = texts - {path.relative_to(images).with_suffix('') for path in found}
    if without:
        raise ValueError(
            f'{labels / min(without)}.txt: {images} holds no image of that name: name the folder '
            f'whose images these labels belong to.'
        )
    for path in found:
        place = path.relative_to(images)
        image = OutlinedImage(place.as_posix(), _upright_size(path))
        text = labels / place.with_suffix('.txt')
        if text.is_file():
            _add_yolo_lines(image, text, names, boxes)
        yield image


def _add_yolo_lines(image: OutlinedImage, path: Path, names: Sequence[str], boxes: bool) -> None:
    for number, line in enumerate(path.read_text('utf-8-sig').splitlines(), start=1):
        words = line.split()
        if not words:
            continue
        try:
            index, *numbers = int(words[0]), *map(float, words[1:])
        except ValueError:
            raise ValueError(f'{path}: line {number} is no class and numbers: mend it.') from None
        if not 0 <= index < len(names):
            raise ValueError(
                f'{path}: line {number} has class {index}, but {len(names)} classes are named: '
                f'give data.yaml, or all names by --classes.'
            )
        if len(numbers) == _BOX and not boxes:
            image.left_out['box'] += 1
            continue
        if len(numbers) == _BOX:
            x, y, width, height = numbers
            left, top, right, bottom = x - width / 2, y - height / 2, x + width / 2, y + height / 2
            numbers = [left, top, right, top, right, bottom, left, bottom]
        if len(numbers) < 6 or len(numbers) % 2 or not np.isfinite(numbers).all():
            raise ValueError(
                f'{path}: line {number} has {len(numbers)} numbers after its class: an outline has '
                f'an even number of them, 6 or more, x and y in turn.'
            )
        if min(numbers) < -0.5 or max(numbers) > 1.5:
            raise ValueError(
                f'{path}: line {number} has {max(numbers, key=abs):g}: coordinates are shares of '
                f"the image's width and height, from 0 to 1."
            )
        points = np.array(numbers).reshape(-1, 2) * image.size
        image.add(names[index], _polygon(image.size, points))


def yolo_names(path: Path) -> list[str]:
    """The classes of a ``data.yaml``, in the order of their numbers.

    Raises:
        FileNotFoundError, ValueError: when there is no such file, or it names no classes.
    """
    if not path.is_file():
        raise FileNotFoundError(f'{path}: there is no such file; give the names by --classes.')
    try:
        content = yaml.safe_load(path.read_text('utf-8'))
    except yaml.YAMLError as error:
        raise ValueError(f'{path}: this is not YAML ({error}).') from error
    names = content.get('names') if isinstance(content, dict) else None
    if isinstance(names, dict) and set(names) == set(range(len(names))):
        names = [names[number] for number in range(len(names))]
    if not isinstance(names, list) or not names:
        raise ValueError(f'{path}: it has no list of names; give them by --classes.')
    return [str(name) for name in names]


def read_labelme(labels: Path, images: Path, *, boxes: bool = False) -> Iterator[OutlinedImage]:
    """Read a folder of Labelme's JSON; shapes of one ``group_id`` and label are one object.

    Args:
        labels: Folder of JSON files, in it or in sub-folders.
        images: Folder of the images; ``imagePath`` is looked for beside the JSON, then here.
        boxes: Take rectangles as objects.

    Raises:
        FileNotFoundError: there is no JSON file, or an image is missing.
        ValueError: a file is not Labelme's, or its size is not its image's.
    """
    _require_folder(labels, "Labelme's JSON files")
    paths = sorted(labels.rglob('*.json'))
    if not paths:
        raise FileNotFoundError(f'{labels}: there is no JSON file: name the folder of the labels.')
    for path in paths:
        content = read_json(path, what="Labelme's JSON", how_to_get='')
        whole = Entry(content, 'the file', path)
        file = _labelme_image(whole.text('imagePath'), path, images)
        image = OutlinedImage(file.relative_to(images).as_posix(), _upright_size(file))
        for key, side in zip(('imageWidth', 'imageHeight'), image.size, strict=True):
            if whole.item.get(key) not in (None, side):
                raise ValueError(
                    f'{path}: {key} is {whole.item[key]}, but {file} has {side} pixels: label the '
                    f'image again, or take that which was labelled.'
                )
        parts: dict[tuple, np.ndarray] = {}
        for number, shape in enumerate(whole.entries('shapes', 'shape', by_place=True)):
            kind = shape.item.get('shape_type') or 'polygon'
            if kind not in _LABELME_AREAS or (kind == 'rectangle' and not boxes):
                image.left_out[kind] += 1
                continue
            label, group = shape.text('label'), shape.item.get('group_id')
            key = (label, number if group is None else f'group {group}')
            mask = _labelme_mask(shape, kind, image.size)
            parts[key] = mask | parts[key] if key in parts else mask
        for (label, _), mask in parts.items():
            image.add(label, mask)
        yield image


def _labelme_image(text: str, path: Path, images: Path) -> Path:
    name = PurePosixPath(text.replace('\\', '/'))
    for file in (path.parent / name, images / path.parent.name / name.name, images / name.name):
        if file.is_file() and file.resolve().is_relative_to(images.resolve()):
            return images / file.resolve().relative_to(images.resolve())
    raise FileNotFoundError(
        f'{path}: its image {text!r} is neither beside it nor in {images}: name the folder of the '
        f'images by --images.'
    )


def _labelme_mask(shape: Entry, kind: str, size: tuple[int, int]) -> np.ndarray:
    try:
        points = np.array(shape.value('points'), float).reshape(-1, 2)
    except (TypeError, ValueError):
        raise shape.error('has points that are no pairs of numbers: mend or delete it') from None
    if kind == 'polygon':
        return _polygon(size, points)
    if len(points) != 2:
        raise shape.error(f'is a {kind} with {len(points)} points instead of 2')
    if kind == 'circle':
        radius = float(np.linalg.norm(points[1] - points[0]))
        turn = np.linspace(0, 2 * np.pi, 64, endpoint=False)
        return _polygon(size, points[0] + radius * np.stack([np.cos(turn), np.sin(turn)], 1))
    low, high = points.min(0), points.max(0)
    if kind == 'rectangle':
        return _polygon(size, np.array([low, (high[0], low[1]), high, (low[0], high[1])]))
    try:
        stored = base64.b64decode(shape.text('mask'), validate=True)
        with Image.open(io.BytesIO(stored)) as picture:
            inside = np.array(picture.convert('L')) > 0
    except (binascii.Error, OSError) as error:
        raise shape.error(f'has a mask that is no PNG ({error})') from error
    return _placed(inside, int(low[0]), int(low[1]), size)


def read_cvat(path: Path, *, boxes: bool = False) -> tuple[list[str], list[OutlinedImage]]:
    """Read CVAT's XML, "for images" or "for video" 1.1, or the ZIP file of its export.

    Outlines of one ``group_id`` (not 0) and label are one object. A track is an object in each
    frame in which it can be seen; its images are ``frame_000000.png`` ...

    Returns:
        The labels in the order of the task, and the images.

    Raises:
        FileNotFoundError: when there is no such file.
        ValueError: when it is not CVAT's XML, or a shape cannot be read.
    """
    if not path.is_file():
        raise FileNotFoundError(f'{path}: there is no such file: give annotations.xml of CVAT.')
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                root = ElementTree.fromstring(archive.read('annotations.xml'))
        else:
            root = ElementTree.parse(path).getroot()
    except (ElementTree.ParseError, KeyError) as error:
        raise ValueError(f'{path}: this is not an export of CVAT ({error}).') from error
    if root.tag != 'annotations':
        raise ValueError(f'{path}: this is not an export of CVAT (it begins with <{root.tag}>).')
    names = [node.text or '' for node in root.findall('./meta//labels/label/name')]
    shapes: dict[tuple[str, tuple[int, int]], list] = {}
    for node in root.findall('image'):
        size = int(_attribute(node, 'width', path)), int(_attribute(node, 'height', path))
        shapes[_attribute(node, 'name', path), size] = list(node)
    tracks = root.findall('track')
    if tracks:
        for name, size, found in _frames(root, tracks, path):
            shapes[name, size] = found
    images = []
    for (name, size), nodes in shapes.items():
        image = OutlinedImage(name.replace('\\', '/'), size)
        _add_cvat_shapes(image, nodes, path, boxes)
        images.append(image)
    return list(dict.fromkeys(names)), images


def _frames(
    root: ElementTree.Element, tracks: Iterable[ElementTree.Element], path: Path
) -> Iterator[tuple[str, tuple[int, int], list[ElementTree.Element]]]:
    width, height = (root.findtext(f'./meta//original_size/{key}') for key in ('width', 'height'))
    if width is None or height is None:
        raise ValueError(f'{path}: it has tracks, but no original_size: export it again.')
    by_frame = defaultdict(list)
    for track in tracks:
        for shape in track:
            if shape.get('outside') != '1':
                shape.set('label', _attribute(track, 'label', path))
                by_frame[int(_attribute(shape, 'frame', path))].append(shape)
    for frame, shapes in sorted(by_frame.items()):
        yield f'frame_{frame:06d}.png', (int(width), int(height)), shapes


def _add_cvat_shapes(
    image: OutlinedImage, nodes: Sequence[ElementTree.Element], path: Path, boxes: bool
) -> None:
    parts: dict[tuple, np.ndarray] = {}
    for number, node in enumerate(nodes):
        if node.tag == 'tag':
            continue  # of the whole image
        if node.tag not in ('polygon', 'mask', 'ellipse') and not (node.tag == 'box' and boxes):
            image.left_out[node.tag] += 1
            continue
        group = node.get('group_id') or '0'
        key = (_attribute(node, 'label', path), number if group == '0' else f'group {group}')
        try:
            mask = _cvat_mask(node, image.size, path)
        except (ValueError, IndexError) as error:
            raise ValueError(
                f'{path}: a {node.tag} in {image.file_name} cannot be read ({error}).'
            ) from error
        parts[key] = mask | parts[key] if key in parts else mask
    for (label, _), mask in parts.items():
        image.add(label, mask)


def _cvat_mask(node: ElementTree.Element, size: tuple[int, int], path: Path) -> np.ndarray:
    def number(key: str) -> float:
        return float(_attribute(node, key, path))

    if node.tag == 'polygon':
        pairs = _attribute(node, 'points', path).split(';')
        return _polygon(size, np.array([[float(v) for v in pair.split(',')] for pair in pairs]))
    if node.tag == 'ellipse':
        turn = np.linspace(0, 2 * np.pi, 128, endpoint=False)
        x = number('cx') + number('rx') * np.cos(turn)
        return _polygon(size, np.stack([x, number('cy') + number('ry') * np.sin(turn)], 1))
    if node.tag == 'box':
        left, top, right, bottom = (number(key) for key in ('xtl', 'ytl', 'xbr', 'ybr'))
        corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
        return _polygon(size, np.array(corners))
    # Runs of 0 and 1 in turn, row by row, within the box.
    width, height = int(number('width')), int(number('height'))
    runs = [int(run) for run in _attribute(node, 'rle', path).split(',')]
    values = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    if len(values) != width * height:
        raise ValueError(f'its runs cover {len(values)} pixels, its box {width * height}')
    inside = values.reshape(height, width)
    return _placed(inside, int(number('left')), int(number('top')), size)


def _attribute(node: ElementTree.Element, key: str, path: Path) -> str:
    value = node.get(key)
    if value is None:
        raise ValueError(f'{path}: a <{node.tag}> has no {key!r}: export it again.')
    return value


def _polygon(size: tuple[int, int], points: np.ndarray) -> np.ndarray:
    """Mask, bool (H, W), of the pixels whose centre is in an outline (n, 2) of x and y.

    COCO's own: unlike drawing functions it puts no line of a pixel around the area.
    """
    width, height = size
    if len(points) < 3:
        return np.zeros((height, width), bool)
    (encoded,) = rle.frPyObjects([points.ravel().tolist()], height, width)
    return rle.decode(encoded).astype(bool)


def _placed(inside: np.ndarray, left: int, top: int, size: tuple[int, int]) -> np.ndarray:
    """Lay a small mask onto one of the image's size; what is outside is cut off."""
    mask = np.zeros(size[::-1], bool)
    x, y = max(0, left), max(0, top)
    part = inside[y - top : size[1] - top, x - left : size[0] - left]
    mask[y : y + part.shape[0], x : x + part.shape[1]] = part
    return mask


def _upright_size(path: Path) -> tuple[int, int]:
    try:
        with Image.open(path) as image:
            lies = image.getexif().get(_ORIENTATION) in _LYING
            return image.size[::-1] if lies else image.size
    except OSError as error:
        raise ValueError(f'{path}: this is not an image, or a damaged one ({error}).') from error


def _require_folder(folder: Path, what: str) -> None:
    if not folder.is_dir():
        raise FileNotFoundError(f'{folder}: there is no such folder: name that with {what}.')


def coco_json_of(images: Iterable[OutlinedImage], names: Sequence[str]) -> dict:
    """COCO's JSON of instances.

    Args:
        images: Of one of the readers.
        names: The categories, in order; labels that are none of them follow, by their names.
    """
    images = sorted(images, key=lambda image: image.file_name)
    labels = {label for image in images for label, _ in image.objects}
    order = list(dict.fromkeys([*names, *sorted(labels - set(names))]))
    categories = [dict(id=number, name=name) for number, name in enumerate(order, start=1)]
    ids = {category['name']: category['id'] for category in categories}
    annotations = []
    for number, image in enumerate(images, start=1):
        for label, mask in image.objects:
            annotations.append(
                dict(
                    id=len(annotations) + 1,
                    image_id=number,
                    category_id=ids[label],
                    segmentation=dict(size=list(mask['size']), counts=mask['counts'].decode()),
                    area=int(rle.area(mask)),
                    bbox=rle.toBbox(mask).tolist(),
                    iscrowd=0,
                )
            )
    return dict(
        images=[
            dict(id=k, file_name=image.file_name, width=image.size[0], height=image.size[1])
            for k, image in enumerate(images, start=1)
        ],
        annotations=annotations,
        categories=categories,
    )
