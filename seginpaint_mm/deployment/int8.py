"""Convolutions of an ONNX file in 8 bits, calibrated on a user's images."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np

from seginpaint_mm.datasets.image_reading import read_colour
from seginpaint_mm.deployment.export import NOTE
from seginpaint_mm.deployment.runtime import Exported, onnx_runtime, read_note
from seginpaint_mm.errors import UserError
from seginpaint_mm.utils.files import write_bytes

_MOST_IMAGES = 64  # more change the ranges of activations little
_LONGEST = 1024  # pixels: images are calibrated, not shown


def quantise(path: Path, images: Sequence[Path], target: Path) -> None:
    """Write an exported ONNX file again, as one whose convolutions compute in 8 bits.

    Weights have a scale per output channel; activations the range that they have on the images.
    The first convolution and the last ones, which cost little and most of the accuracy, and all
    else, max-pooling as inpainting included, stay as they are.

    Args:
        path: A file of :func:`export_graph` that takes uint8 images and nothing else.
        images: Like those it will see; 64 at most are used, evenly chosen.
        target: The new file; it may be ``path``.

    Raises:
        UserError: when the file takes something else.
        MissingLibrary: when onnxruntime is not installed.
    """
    onnx_runtime()  # which says how to install it
    import onnx
    from onnxruntime import quantization

    note = read_note(path)
    check_takes_images(note)

    class Reader(quantization.CalibrationDataReader):
        """Gives ONNX Runtime one image at a time."""

        def __init__(self) -> None:
            self.arrays = calibration_arrays(images, note)

        def get_next(self) -> dict[str, np.ndarray] | None:
            array = next(self.arrays, None)
            return None if array is None else dict(image=array)

    with TemporaryDirectory(dir=target.parent) as folder:
        out = Path(folder, path.name)
        level = logging.root.level
        logging.root.setLevel(logging.ERROR)  # it advises a step that networks of any size refuse
        try:
            quantization.quantize_static(
                str(path),
                str(out),
                Reader(),
                quant_format=quantization.QuantFormat.QDQ,
                op_types_to_quantize=['Conv'],
                nodes_to_exclude=first_and_last(onnx.load(path).graph),
                per_channel=True,
                weight_type=quantization.QuantType.QInt8,
            )
        finally:
            logging.root.setLevel(level)
        model = onnx.load(out)
        kept = [entry for entry in model.metadata_props if entry.key != NOTE]
        del model.metadata_props[:]
        model.metadata_props.extend(kept)
        texts = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
        model.metadata_props.add(key=NOTE, value=texts[NOTE])
        write_bytes(target, model.SerializeToString())


def first_and_last(graph: Any) -> list[str]:
    """Names of the convolutions that no other comes before, or none after.

    Args:
        graph: An ``onnx.GraphProto``, whose nodes are in the order of their computation.
    """
    before: dict[str, set[str]] = {}  # value -> the convolutions nearest before it
    found, followed = [], set()
    for node in graph.node:
        near = set().union(*(before.get(name, set()) for name in _inputs(node)))
        if node.op_type == 'Conv':
            followed |= near
            if not near:
                found.append(node.name)
            near = {node.name}
        before.update(dict.fromkeys(node.output, near))
    names = [node.name for node in graph.node if node.op_type == 'Conv']
    return found + [name for name in names if name not in followed and name not in found]


def _inputs(node: Any) -> list[str]:
    """Names of the values that a node takes, by loops and branches in it, too."""
    inner = [each for attribute in node.attribute for each in attribute.g.node]
    return [*node.input, *(name for each in inner for name in _inputs(each))]


def check_takes_images(note: dict) -> None:
    """See that a file, of which ``note`` tells, takes uint8 images and nothing else.

    Raises:
        UserError: where it does not.
    """
    if list(note['inputs']) != ['image'] or not note['normalises']:
        raise UserError(
            f'--int8 is for networks that take uint8 images alone; this one takes '
            f'{", ".join(note["inputs"])}'
            + ('.' if note['normalises'] else ', normalised: leave --input out.')
        )


def calibration_arrays(images: Sequence[Path], note: dict) -> Iterator[np.ndarray]:
    """Images as the file takes them, uint8 1,3,H,W, RGB.

    They are made smaller where they are large, and cut to multiples of the file's divisor.

    Args:
        images: At most 64 are read, evenly chosen.
        note: The file's, see :func:`read_note`.
    """
    places = np.unique(np.linspace(0, len(images) - 1, _MOST_IMAGES).astype(int))
    for image in (images[place] for place in places):
        pixels = read_colour(image)
        height, width = pixels.shape[:2]
        factor = min(1.0, _LONGEST / max(height, width))
        if note['size']:
            height, width = note['size']
        else:
            step, least = note['divisor'], max(note['least'], note['divisor'])
            height, width = (
                max(-(-least // step) * step, int(side * factor) // step * step)
                for side in (height, width)
            )
        if pixels.shape[:2] != (height, width):
            pixels = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
        yield np.ascontiguousarray(pixels[None, :, :, ::-1].transpose(0, 3, 1, 2))


def changes(exact: Exported, quantised: Exported, images: Sequence[Path], note: dict) -> list[str]:
    """Say how far the 8 bits change what comes out on the images, a sentence an output.

    Of whole numbers, such as classes, it is the share that differs.
    """
    found: dict[str, list[float]] = {}
    for array in calibration_arrays(images, note):
        wanted, made = exact(dict(image=array)), quantised(dict(image=array))
        for name, values in wanted.items():
            is_float = values.dtype.kind == 'f'
            apart = np.abs(values - made[name]) if is_float else values != made[name]
            what = 'mean difference' if is_float else 'share that differs'
            found.setdefault(f'{name}: {what}', []).append(float(apart.mean()))
    return [f'{text} {np.mean(values):.2g}' for text, values in found.items()]
