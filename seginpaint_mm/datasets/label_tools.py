"""Objects that were outlined in a label tool: YOLO's text files, Labelme's JSON, CVAT's XML.

All become COCO's JSON of instances (:func:`coco_json_of`), which every method here reads. What
has no area (points, lines, and boxes, unless they are asked for) is left out and counted.
"""

import base64
import io
import math
import os
import unicodedata
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

import numpy as np
import yaml
from PIL import Image

from seginpaint_mm.datasets.coco_json import Entry, read_json, shown
from seginpaint_mm.datasets.coco_masks import is_number
from seginpaint_mm.datasets.image_reading import MOST_PIXELS
from seginpaint_mm.datasets.outlines import (
    OutlinedImage,
    corners_of,
    ellipse,
    files_of,
    fill_outline,
    place_mask,
    require_folder,
    turn,
    upright_size,
)
from seginpaint_mm.datasets.scene_dataset import list_images
from seginpaint_mm.datasets.splits import read_text_list

_LABELME_AREAS = ('polygon', 'rectangle', 'circle', 'mask')
_BOX = 4  # numbers in a line of YOLO that gives a box
_TEXTS = 'text file of outlines'
_CVAT_XML = 'annotations.xml'


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
    _check_names(names, 'The classes')
    require_folder(labels, 'the text files of YOLO')
    texts: dict[str, Path] = {}
    for path in files_of(labels, '.txt'):
        if path.name == 'classes.txt':
            continue
        other = texts.setdefault(_stem(path, labels), path)
        if other != path:
            raise ValueError(f'{other} and {path.name} belong to one image: keep one of them.')
    if not texts:
        raise FileNotFoundError(f'{labels}: there is no text file: name the folder of the labels.')
    found = list_images(images, '**/*', 'Name the folder of the images.')
    without = {*texts} - {_stem(path, images) for path in found}
    if without:
        raise ValueError(
            f'{texts[min(without)]}: {images} holds no image of that name: name the folder '
            f'whose images these labels belong to.'
        )
    for path in found:
        place = path.relative_to(images)
        image = OutlinedImage(place.as_posix(), upright_size(path))
        text = texts.get(_stem(path, images))
        if text is not None:
            _add_yolo_lines(image, text, names, boxes)
        yield image


def _stem(path: Path, folder: Path) -> str:
    """The name below a folder, without suffix, in one of Unicode's forms: macOS has another."""
    return unicodedata.normalize('NFC', str(path.relative_to(folder).with_suffix('')))


def _add_yolo_lines(image: OutlinedImage, path: Path, names: Sequence[str], boxes: bool) -> None:
    for number, line in enumerate(read_text_list(path, _TEXTS, '').splitlines(), start=1):
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
        if not all(map(math.isfinite, numbers)):
            raise ValueError(f'{path}: line {number} has a coordinate that is no finite number.')
        if len(numbers) < 6 or len(numbers) % 2:
            raise ValueError(
                f'{path}: line {number} has {len(numbers)} numbers after its class: an outline has '
                f'an even number of them, 6 or more, x and y in turn.'
            )
        if min(numbers) < -0.5 or max(numbers) > 1.5:
            raise ValueError(
                f'{path}: line {number} has {max(numbers, key=abs):g}: coordinates are shares of '
                f"the image's width and height, from 0 to 1."
            )
        points = (np.array(numbers).reshape(-1, 2) * image.size).tolist()
        image.add(names[index], fill_outline(image.size, points, path, f'line {number}'))


def yolo_names(path: Path) -> list[str]:
    """The classes of a ``data.yaml``, in the order of their numbers.

    Raises:
        FileNotFoundError, ValueError: when there is no such file, or it names no classes.
    """
    text = read_text_list(path, 'data.yaml', 'Give the names by --classes.')
    try:
        content = yaml.load(text, _UniqueKeys)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ValueError(f'{path}: this is not YAML ({type(error).__name__}: {error}).') from error
    if isinstance(content, dict) and 'kpt_shape' in content:
        raise ValueError(
            f'{path}: its kpt_shape says that the labels are boxes and key points, not outlines: '
            f'give labels for segmentation, or the classes by --classes where it stands by mistake.'
        )
    names = content.get('names') if isinstance(content, dict) else None
    if isinstance(names, dict) and set(names) == set(range(len(names))):
        names = [names[number] for number in range(len(names))]
    if not isinstance(names, list) or not names:
        raise ValueError(
            f'{path}: it has no list of names, nor such of the numbers 0, 1, ...: give them '
            f'by --classes.'
        )
    _check_names(names, f'{path}: names')
    return names


class _UniqueKeys(yaml.SafeLoader):
    """PyYAML's, which would take the last of several equal keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        mapping = super().construct_mapping(node, deep)
        if len(mapping) < len(node.value):
            raise ValueError(f'a key stands twice, line {node.start_mark.line + 1}')
        return mapping


def _check_names(names: Sequence[object], what: str) -> None:
    for number, name in enumerate(names):
        if not isinstance(name, str) or not name.strip():
            raise ValueError(f'{what}: that of class {number} is {shown(name)}: write a text.')
        if name in names[:number]:
            raise ValueError(f'{what}: {name!r} stands twice: give each class a name of its own.')


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
    require_folder(labels, "Labelme's JSON files")
    paths = files_of(labels, '.json')
    if not paths:
        raise FileNotFoundError(f'{labels}: there is no JSON file: name the folder of the labels.')
    for path in paths:
        content = read_json(path, what="Labelme's JSON", how_to_get='')
        whole = Entry(content, 'the file', path)
        file = _labelme_image(whole.text('imagePath'), path, images)
        image = OutlinedImage(file.relative_to(images).as_posix(), upright_size(file))
        for key, side in zip(('imageWidth', 'imageHeight'), image.size, strict=True):
            if whole.item.get(key) is None:
                continue
            written = whole.whole(key, lowest=1, highest=MOST_PIXELS)
            if written != side:
                raise ValueError(
                    f'{path}: {key} is {written}, but {file} has {side} pixels: label the '
                    f'image again, or take that which was labelled.'
                )
        parts: dict[tuple, np.ndarray] = {}
        for number, shape in enumerate(whole.entries('shapes', 'shape', by_place=True)):
            kind = 'polygon' if not shape.item.get('shape_type') else shape.text('shape_type')
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
        if not os.path.isfile(file):  # Path.is_file raises where a name is too long
            continue
        # a link in the folder of the images is one of them, wherever it points to
        for absolute in (os.path.abspath, os.path.realpath):
            below = os.path.relpath(absolute(file), absolute(images))
            if not below.startswith(os.pardir):
                return images / below
    raise FileNotFoundError(
        f'{path}: its image {shown(text)} is neither beside it nor in {images}: name the folder of '
        f'the images by --images.'
    )


def _labelme_mask(shape: Entry, kind: str, size: tuple[int, int]) -> np.ndarray:
    points = shape.value('points')
    if not isinstance(points, list) or not all(map(_is_point, points)):
        raise shape.error('has points that are no pairs of numbers: mend or delete it')
    if kind == 'polygon':
        return fill_outline(size, points, shape.path, shape.name)
    if len(points) != 2:
        raise shape.error(f'is a {kind} with {len(points)} points instead of 2')
    if kind == 'circle':
        radius = math.dist(*points)
        return fill_outline(size, ellipse(points[0], (radius, radius), 64), shape.path, shape.name)
    (left, right), (top, bottom) = map(sorted, zip(*points, strict=True))
    if kind == 'rectangle':
        corners = corners_of(left, top, right, bottom)
        return fill_outline(size, corners, shape.path, shape.name)
    try:
        with Image.open(io.BytesIO(base64.b64decode(shape.text('mask'), validate=True))) as picture:
            if picture.width * picture.height > size[0] * size[1]:
                raise ValueError(f'it has {picture.width}x{picture.height} pixels')
            inside = np.array(picture.convert('L')) > 0
    except Exception as error:  # Pillow lets through whatever its parsers stumble over
        raise shape.error(
            f'has a mask that is no PNG which fits into its image ({error}): mend or delete it'
        ) from error
    return place_mask(inside, int(left), int(top), size)


def _is_point(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(is_number, value))


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
    root = _cvat_root(path)
    names = [node.text or '' for node in root.findall('./meta//labels/label/name')]
    found = [
        (
            _attribute(node, 'name', path),
            _cvat_size(node.get('width'), node.get('height'), path),
            node,
        )
        for node in root.findall('image')
    ]
    tracks = root.findall('track')
    images = []
    for name, size, nodes in [*found, *(_frames(root, tracks, path) if tracks else ())]:
        image = OutlinedImage(name.replace('\\', '/'), size)
        _add_cvat_shapes(image, list(nodes), path, boxes)
        images.append(image)
    return list(dict.fromkeys(names)), images


def _cvat_root(path: Path) -> ElementTree.Element:
    if not path.is_file():
        raise FileNotFoundError(f'{path}: there is no such file: give annotations.xml of CVAT.')
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                if archive.namelist().count(_CVAT_XML) > 1:
                    raise ValueError(f'it holds {_CVAT_XML} twice')
                root = ElementTree.fromstring(archive.read(_CVAT_XML))
        else:
            root = ElementTree.parse(path).getroot()
    except (OSError, MemoryError):
        raise
    except Exception as error:  # of encrypted or damaged archives and unknown encodings, too
        raise ValueError(f'{path}: this is not an export of CVAT ({error}).') from error
    if root.tag != 'annotations':
        raise ValueError(f'{path}: this is not an export of CVAT (it begins with <{root.tag}>).')
    return root


def _cvat_size(width: str | None, height: str | None, path: Path) -> tuple[int, int]:
    size = _whole(width), _whole(height)
    if not all(size) or size[0] * size[1] > MOST_PIXELS:
        raise ValueError(
            f'{path}: an image is {shown(width)} x {shown(height)} pixels: its width and height '
            f'are whole numbers from 1 on, with at most {MOST_PIXELS} pixels in all.'
        )
    return size


def _whole(text: str | None) -> int:
    """A whole number of at most ten digits; 0 of anything else."""
    return int(text) if text and text.isdecimal() and len(text) <= 10 else 0


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
                frame = _attribute(shape, 'frame', path)
                if not frame.isdecimal() or len(frame) > 10:
                    raise ValueError(f'{path}: a frame has the number {shown(frame)}.')
                by_frame[int(frame)].append(shape)
    size = _cvat_size(width, height, path)
    for frame, shapes in sorted(by_frame.items()):
        yield f'frame_{frame:06d}.png', size, shapes


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
            mask = _cvat_mask(node, image.size, path, image.file_name)
        except (ValueError, OverflowError) as error:
            if str(error).startswith(str(path)):
                raise
            raise ValueError(
                f'{path}: a {node.tag} in {image.file_name} cannot be read ({error}).'
            ) from error
        parts[key] = mask | parts[key] if key in parts else mask
    for (label, _), mask in parts.items():
        image.add(label, mask)


def _cvat_mask(
    node: ElementTree.Element, size: tuple[int, int], path: Path, name: str
) -> np.ndarray:
    def number(key: str) -> float:
        value = float(_attribute(node, key, path))
        if not math.isfinite(value):
            raise ValueError(f'{key} is {value}')
        return value

    of = f'the {node.tag} in {name}'
    if node.tag == 'polygon':
        pairs = _attribute(node, 'points', path).split(';')
        return fill_outline(size, [[float(v) for v in pair.split(',')] for pair in pairs], path, of)
    angle = math.radians(float(node.get('rotation') or 0))
    if node.tag == 'ellipse':
        centre, radii = [number('cx'), number('cy')], (number('rx'), number('ry'))
        return fill_outline(size, turn(ellipse(centre, radii, 128), angle), path, of)
    if node.tag == 'box':
        corners = corners_of(*(number(key) for key in ('xtl', 'ytl', 'xbr', 'ybr')))
        return fill_outline(size, turn(corners, angle), path, of)
    # Runs of 0 and 1 in turn, row by row, within the box.
    width, height = int(number('width')), int(number('height'))
    runs = [int(run) for run in _attribute(node, 'rle', path).split(',')]
    if min(width, height, *runs) < 0 or width * height > size[0] * size[1]:
        raise ValueError(f'its box is {width}x{height} pixels, or a run is negative')
    if sum(runs) != width * height:
        raise ValueError(f'its runs cover {sum(runs)} pixels, its box {width * height}')
    inside = np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(height, width)
    return place_mask(inside, int(number('left')), int(number('top')), size)


def _attribute(node: ElementTree.Element, key: str, path: Path) -> str:
    value = node.get(key)
    if value is None:
        raise ValueError(f'{path}: a <{node.tag}> has no {key!r}: export it again.')
    return value
