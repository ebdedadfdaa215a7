"""Run an exported mpi network with NumPy and ONNX Runtime alone; nothing of this package is used.

    python tools/examples/run_onnx.py street.onnx photo.jpg out

Writes out/background.png (class numbers, also behind objects, drawn in the classes' colours),
out/foreground.png (255 = foreground), and prints the share of each class.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image, ImageOps


def prepare(image: np.ndarray, note: dict) -> np.ndarray:
    """Return RGB uint8 (H, W, 3) as the network takes it: 1,3,H,W, padded with its edge."""
    height, width = image.shape[:2]
    divisor, least = note['divisor'], note['least']
    tall, wide = (-(-max(side, least) // divisor) * divisor for side in (height, width))
    if note['size'] and note['size'] != [tall, wide]:
        raise SystemExit(f'The network takes images of {note["size"]} (height, width) alone.')
    padded = np.pad(image, ((0, tall - height), (0, wide - width), (0, 0)), mode='edge')
    planes = padded.transpose(2, 0, 1)[None]
    if note['normalises']:
        return np.ascontiguousarray(planes)
    mean, std = (np.float32(note[key]).reshape(3, 1, 1) for key in ('mean', 'std'))
    return (planes.astype(np.float32) - mean) / std


def run(session: onnxruntime.InferenceSession, image: np.ndarray) -> dict[str, np.ndarray]:
    """Return maps (H, W): ``background`` int64 and, if it is predicted, ``foreground`` bool."""
    note = json.loads(session.get_modelmeta().custom_metadata_map['seginpaint'])
    made = session.run(note['outputs'], {'image': prepare(image, note)})
    height, width = image.shape[:2]
    named = zip(note['outputs'], made, strict=True)
    maps = {name: value[0, 0, :height, :width] for name, value in named}
    found = {'background': maps['background']}
    if 'foreground_prob' in maps:
        found['foreground'] = maps['foreground_prob'] > 0.5
    return found


def main(model: str, photo: str, out: str) -> None:
    session = onnxruntime.InferenceSession(model, providers=['CPUExecutionProvider'])
    note = json.loads(session.get_modelmeta().custom_metadata_map['seginpaint'])
    with Image.open(photo) as file:
        image = np.asarray(ImageOps.exif_transpose(file).convert('RGB'))
    found = run(session, image)
    Path(out).mkdir(parents=True, exist_ok=True)
    classes = Image.fromarray(found['background'].astype(np.uint8), 'P')
    classes.putpalette(np.uint8(note['palette']).tobytes())
    classes.save(f'{out}/background.png')
    if 'foreground' in found:
        Image.fromarray(found['foreground'].astype(np.uint8) * 255).save(f'{out}/foreground.png')
    for number, name in enumerate(note['classes']):
        print(f'{name}: {(found["background"] == number).mean():.1%}')


if __name__ == '__main__':
    main(*sys.argv[1:])
