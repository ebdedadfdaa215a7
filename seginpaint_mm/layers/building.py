"""Build the layers of a scene from its objects, and the parts that a config names."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from seginpaint_mm.cli import read_config
from seginpaint_mm.errors import ConfigError
from seginpaint_mm.geometry.depth_order import DepthOrder
from seginpaint_mm.geometry.masks import CroppedMasks, crop_to_box
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


def with_rim(masks: CroppedMasks, rim: int) -> CroppedMasks:
    """Grow masks into what no mask holds; each pixel goes to the nearest mask.

    Args:
        masks: Of n objects, of an image (H, W).
        rim: Greatest distance in pixels.

    Returns:
        CroppedMasks: The masks themselves for ``rim=0``.
    """
    taken = masks.union()
    if not rim or not taken.any() or taken.all():
        return masks
    distances, labels = cv2.distanceTransformWithLabels(
        (~taken).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    owners = np.zeros(masks.size, np.int32)
    for number in range(len(masks) - 1, -1, -1):  # where several overlap, the first
        owners[masks.window(number)][masks.crop(number)] = number + 1
    by_label = np.zeros(int(labels.max()) + 1, np.int32)
    by_label[labels[taken]] = owners[taken]
    near = np.where((distances > 0) & (distances <= rim), by_label[labels], 0)
    return CroppedMasks.pack(
        (mask | (near == number) for number, mask in enumerate(masks, start=1)), masks.size
    )


def layered_scene(
    photo: np.ndarray,
    background: np.ndarray,
    masks: Sequence[np.ndarray],
    full_masks: Sequence[np.ndarray],
    paintings: Sequence[Layer | None],
    order: DepthOrder,
    names: Sequence[str],
    feather: int = 0,
) -> LayeredScene:
    """Take a photo apart.

    Args:
        photo: RGB uint8 (H, W, 3).
        background: RGB uint8 (H, W, 3), the photo without the objects.
        masks: n masks bool (H, W), what is seen of the objects; none is empty.
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
    areas = [int(np.count_nonzero(mask)) for mask in full_masks]
    depths = {number: depth for depth, number in enumerate(order.order)}
    objects = []
    for number in order.order:
        name = f'{names[number] or "object"} {number + FIRST}'
        visible, full = np.asarray(masks[number]), np.asarray(full_masks[number])
        alpha = _alpha(full, feather)
        seen = _part(name, photo, visible, alpha)
        hidden_mask, painting = full & ~visible, paintings[number]
        hidden = None
        if painting is not None and hidden_mask.any():
            canvas = np.zeros_like(photo)
            left, top, right, bottom = painting.box
            canvas[top:bottom, left:right] = painting.image[..., :3]
            hidden = _part(f'{name} (hidden part)', canvas, hidden_mask, alpha)
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
            bbox=list(crop_to_box(full)[0]),
            hidden_percent=round(100 * share, 2),
            hidden_by=hidden_by,
            cut_off_by_frame=_touched_sides(visible),
        )
        objects.append(LayeredObject(number + FIRST, seen, hidden, details))
    return LayeredScene(background, tuple(objects))


def _part(name: str, colours: np.ndarray, mask: np.ndarray, alpha: np.ndarray) -> Layer:
    """A layer of what a mask shows, cropped to the mask."""
    (left, top, right, bottom), inside = crop_to_box(mask)
    window = np.s_[top:bottom, left:right]
    image = np.dstack([colours[window], alpha[window]])
    image[~inside] = 0
    return Layer(name, image, left, top)


def _alpha(full: np.ndarray, feather: int) -> np.ndarray:
    """Opacity uint8 (H, W) of an object: 255, less towards its edge, but not at the frame."""
    if not feather:
        return np.where(full, np.uint8(255), np.uint8(0))
    width = feather + 2
    padded = np.pad(full.astype(np.uint8), width, mode='edge')
    distance = cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_5)
    inside = distance[width:-width, width:-width]  # 1 at the edge itself
    return np.clip(255 * inside / (feather + 1), 0, 255).round().astype(np.uint8)


def _touched_sides(mask: np.ndarray) -> list[str]:
    edges = (mask[:, 0], mask[0], mask[:, -1], mask[-1])
    return [side for side, edge in zip(_SIDES, edges, strict=True) if edge.any()]
