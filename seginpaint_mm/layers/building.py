"""Build the layers of a scene from its objects, and the parts that a config names."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from seginpaint_mm.cli import read_config
from seginpaint_mm.errors import ConfigError
from seginpaint_mm.geometry.depth_order import DepthOrder
from seginpaint_mm.geometry.masks import (
    Box,
    CroppedMasks,
    box_around,
    common_box,
    crop_to_box,
    grow_box,
)
from seginpaint_mm.layers.scene import Layer, LayeredObject, LayeredScene
from seginpaint_mm.utils.config_files import find_config

# Part -> its keys -> the option of infer.py that each stands for.
_OPTIONS = {
    'instances': dict(config='instances', checkpoint='instances_checkpoint', min_score='min_score'),
    'completion': dict(config='config', checkpoint='checkpoint'),
    'depth_order': dict(
        threshold='depth_threshold', occluders='occluders', occluder_growth='occluder_growth'
    ),
    'inpainter': dict(config='inpainter', checkpoint='inpainter_checkpoint'),
    'layout': dict(config='layout', checkpoint='layout_checkpoint'),
    'layers': dict(rim='rim', feather='layer_feather', formats='formats'),
}


def use_parts(args: argparse.Namespace) -> None:
    """Let a config stand for the options of ``infer.py`` that are not given, and for the task.

    The config holds ``parts``, a dict of parts -> dict of their keys: ``instances`` (``config``,
    ``checkpoint``, ``min_score``), ``completion`` (``config``, ``checkpoint``), ``depth_order``
    (``threshold``, ``occluders``, ``occluder_growth``), ``inpainter`` and ``layout`` (``config``,
    ``checkpoint``), ``layers`` (``rim``, ``feather``, ``formats``). A part that is left out, or
    None, has its default.

    Args:
        args: Of ``infer.py``; ``parts`` is the name of the config, ``_base_/scenes/street`` or a
            file. An option that is given goes before the config; ``--masks`` before ``instances``.

    Raises:
        ConfigError: when the config is missing, or names an unknown part or key.
    """
    path = find_config(Path(args.parts))
    parts = read_config(path).get('parts')
    if not isinstance(parts, dict):
        raise ConfigError(f'{path}: a config for --parts holds a dict called parts.')
    _check(path, parts, _OPTIONS, 'parts')
    args.task = args.task or 'layers'
    for part, options in _OPTIONS.items():
        values = parts.get(part) or {}
        _check(path, values, options, f'parts.{part}')
        is_given = getattr(args, options.get('config', ''), None) is not None
        if is_given or (part == 'instances' and args.masks):
            continue
        for key, option in options.items():
            if values.get(key) is not None and not getattr(args, option):
                setattr(args, option, values[key])


def _check(path: Path, values: dict, known: dict, where: str) -> None:
    unknown = [key for key in values if key not in known]
    if unknown:
        raise ConfigError(
            f'{path}: {where} has no {unknown[0]!r}, only {", ".join(known)}: mend the name.'
        )


FIRST = 1  # number of the first object
_SIDES = ('left', 'top', 'right', 'bottom')
_BAND = 512  # rows of which distances are computed at once: 8 bytes a pixel
_BEYOND = 3  # rows more than a distance, for the steps that OpenCV takes


def with_rim(masks: CroppedMasks, rim: int) -> CroppedMasks:
    """Grow masks into what no mask holds; each pixel goes to the nearest mask.

    Args:
        masks: Of n objects, of an image (H, W).
        rim: Greatest distance in pixels.

    Returns:
        CroppedMasks: The masks themselves for ``rim=0``.
    """
    owners = np.zeros(masks.size, np.uint16)
    for number in range(len(masks) - 1, -1, -1):  # where several overlap, the first
        owners[masks.window(number)][masks.crop(number)] = number + 1
    if not rim or not owners.any() or owners.all():
        return masks
    near = np.zeros_like(owners)
    for top in range(0, len(owners), _BAND):
        first = max(top - rim - _BEYOND, 0)
        found = _nearest(owners[first : top + _BAND + rim + _BEYOND], rim)
        near[top : top + _BAND] = found[top - first :][:_BAND]

    def pieces() -> Iterator[tuple[Box, np.ndarray]]:
        for number, tight in enumerate(masks.boxes):
            box = grow_box(tight, rim, masks.size) if tight[2] else tight
            left, top, right, bottom = box
            rim_here = near[top:bottom, left:right] == number + 1
            yield box, masks.read(number, box) | rim_here

    return CroppedMasks.of_crops(pieces(), masks.size)


def _nearest(owners: np.ndarray, rim: int) -> np.ndarray:
    """The owner, (h, w), that is nearest to each free pixel at most ``rim`` away; 0 elsewhere."""
    taken = owners > 0
    if not taken.any() or taken.all():
        return np.zeros_like(owners)
    distances, labels = cv2.distanceTransformWithLabels(
        (~taken).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    by_label = np.zeros(int(labels.max()) + 1, owners.dtype)
    by_label[labels[taken]] = owners[taken]
    return np.where((distances > 0) & (distances <= rim), by_label[labels], 0)


def layered_scene(
    photo: np.ndarray,
    background: np.ndarray,
    masks: Sequence[np.ndarray] | CroppedMasks,
    full_masks: Sequence[np.ndarray] | CroppedMasks,
    paintings: Sequence[Layer | None],
    order: DepthOrder,
    names: Sequence[str],
    feather: int = 0,
) -> LayeredScene:
    """Take a photo apart.

    Args:
        photo: RGB uint8 (H, W, 3).
        background: RGB uint8 (H, W, 3), the photo without the objects.
        masks: n masks bool (H, W), what is seen of the objects; none is empty. Like the next, best
            as :class:`CroppedMasks`, lest all are in memory.
        full_masks: n masks bool (H, W), all of them; in the ``order``'s places, see
            :func:`cut_hidden`.
        paintings: n layers that hold the objects as a whole; None of what nobody painted, which
            then shows what is seen.
        order: Of the objects.
        names: What each object is, '' where that is not known.
        feather: See :class:`Layering`.

    Returns:
        LayeredScene: Without ``feather`` its :meth:`~LayeredScene.flatten` is the photo wherever
        the background is, if it is so outside the masks.
    """
    seen_masks, full_masks = (_packed(given, photo.shape[:2]) for given in (masks, full_masks))
    areas = [full_masks.area(number) for number in range(len(full_masks))]
    depths = {number: depth for depth, number in enumerate(order.order)}
    objects = []
    for number in order.order:
        name = f'{names[number] or "object"} {number + FIRST}'
        box, seen_box = full_masks.boxes[number], seen_masks.boxes[number]
        window = box_around(box, seen_box)
        left, top, right, bottom = window
        visible, full = (masks.read(number, window) for masks in (seen_masks, full_masks))
        alpha = _alpha(full, window, photo.shape[:2], feather)
        seen = _part(name, photo[top:bottom, left:right], visible, alpha, window)
        hidden_mask, painting = full & ~visible, paintings[number]
        hidden = None
        if painting is not None and hidden_mask.any():
            canvas = _on_canvas(painting, window)
            hidden = _part(f'{name} (hidden part)', canvas, hidden_mask, alpha, window)
        share = np.count_nonzero(hidden_mask) / areas[number]
        hidden_by = [
            dict(
                object=item.front + FIRST,
                pixels=item.pixels,
                percent=round(100 * item.pixels / areas[number], 2),
            )
            for item in order.occlusions()
            if item.back == number
        ]
        details = dict(
            object=number + FIRST,
            name=names[number],
            depth=depths[number],
            layer=order.layers[number],
            bbox=list(box),
            hidden_percent=round(100 * share, 2),
            hidden_by=hidden_by,
            cut_off_by_frame=_touched_sides(seen_box, photo.shape[:2]),
        )
        objects.append(LayeredObject(number + FIRST, seen, hidden, details))
    return LayeredScene(background, tuple(objects))


def _packed(masks: Sequence[np.ndarray] | CroppedMasks, size: tuple[int, int]) -> CroppedMasks:
    if isinstance(masks, CroppedMasks):
        return masks
    return CroppedMasks.pack((np.asarray(mask) for mask in masks), size)


def _on_canvas(painting: Layer, window: Box) -> np.ndarray:
    """The colours of a layer in a window, (h, w, 3); black beside it."""
    left, top, right, bottom = window
    canvas = np.zeros((bottom - top, right - left, 3), np.uint8)
    common = common_box(painting.box, window)
    if common is not None:
        x1, y1, x2, y2 = common
        part = painting.image[y1 - painting.top : y2 - painting.top, x1 - painting.left :]
        canvas[y1 - top : y2 - top, x1 - left : x2 - left] = part[:, : x2 - x1, :3]
    return canvas


def _part(
    name: str, colours: np.ndarray, mask: np.ndarray, alpha: np.ndarray, window: Box
) -> Layer:
    """A layer of what a mask shows, cropped to the mask; all are of a window of the scene."""
    (left, top, right, bottom), inside = crop_to_box(mask)
    shown = np.s_[top:bottom, left:right]
    image = np.dstack([colours[shown], alpha[shown]])
    image[~inside] = 0
    return Layer(name, image, left + window[0], top + window[1])


def _alpha(full: np.ndarray, window: Box, size: tuple[int, int], feather: int) -> np.ndarray:
    """Opacity uint8 (h, w) of an object: 255, less towards its edge, but not at the frame.

    Args:
        full: bool (h, w), the object in a window that holds all of it.
        window: In the scene.
        size: (height, width) of the scene.
        feather: See :class:`Layering`.
    """
    if not feather:
        return np.where(full, np.uint8(255), np.uint8(0))
    width = feather + 2
    wide = grow_box(window, width, size)
    before = (window[1] - wide[1], window[0] - wide[0])
    after = (wide[3] - window[3], wide[2] - window[2])
    padded = np.pad(full.astype(np.uint8), tuple(zip(before, after, strict=True)))
    padded = np.pad(padded, width, mode='edge')
    distance = cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_5)
    rows, columns = (
        slice(width + start, width + start + side)
        for start, side in zip(before, full.shape, strict=True)
    )
    inside = distance[rows, columns]  # 1 at the edge itself
    return np.clip(255 * inside / (feather + 1), 0, 255).round().astype(np.uint8)


def _touched_sides(box: Box, size: tuple[int, int]) -> list[str]:
    left, top, right, bottom = box
    touched = (left == 0 < right, top == 0 < bottom, right == size[1], bottom == size[0])
    return [side for side, is_touched in zip(_SIDES, touched, strict=True) if is_touched]
