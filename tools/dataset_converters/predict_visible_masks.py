"""Let any instance model find the visible masks of a data set in DYCE's layout:
``python tools/dataset_converters/predict_visible_masks.py CONFIG CHECKPOINT DATA --split test``.

Each object of annotations/SPLIT.txt gets the found mask that has the largest IoU with its true
visible mask (SeGAN, Section 5.2), in multipath_masks/, and an empty one where none overlaps it.
annotations/SPLIT_multipath.txt then lists them, for DYCEDataset(predicted_masks=True). With --real
the lists are SPLIT_real.txt and SPLIT_multipath_real.txt. CONFIG is mmdet's or one of ours.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # runs without being installed

import seginpaint_mm  # noqa: F401  sets how threads wait, before torch is imported

# isort: split
import numpy as np
from tqdm import tqdm

from seginpaint_mm.apis import find_instance_model
from seginpaint_mm.apis.inputs import find_inputs
from seginpaint_mm.apis.mask_sources import MaskSource, VisibleObjects
from seginpaint_mm.cli import one_sentence_errors
from seginpaint_mm.datasets import DYCEDataset
from seginpaint_mm.datasets.mask_reading import read_mask
from seginpaint_mm.datasets.splits import read_text_list
from seginpaint_mm.engine.processes import limit_threads
from seginpaint_mm.errors import UserError
from seginpaint_mm.geometry.masks import crop_to_box
from seginpaint_mm.utils.files import write_image, write_text

_PREDICTED = 'multipath'  # folder for those of real images
# Folders of the images, the true visible masks and the predicted ones, and the word that names the
# true mask; for the lists of rendered and of real images.
_LAYOUTS = {
    False: ('Images', 'modal', 'multipath_masks', 1),
    True: ('realImage', 'gt_modal_real', 'realimage_modal', 3),
}


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='of a model that finds instances')
    parser.add_argument('checkpoint', help='its checkpoint, a file or an address (URL)')
    parser.add_argument('data_root', help="folder in DYCE's layout")
    parser.add_argument('--split', default='test', help='default: %(default)s')
    parser.add_argument('--real', action='store_true', help='the real-image variant')
    parser.add_argument('--min-score', type=float, help='of what is found (default: 0.5)')
    parser.add_argument('--device', help='default: a GPU where there is one')
    parser.add_argument('--debug', action='store_true', help='show tracebacks')
    return parser.parse_args(argv)


def best_mask(found: VisibleObjects, visible: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the found mask with the largest IoU with a visible one, bool (H, W), and that IoU.

    Where none overlaps it, the mask is empty and the IoU 0.
    """
    box, inside = crop_to_box(visible)
    overlaps = found.masks.overlaps(box, inside) if len(found) else np.zeros(1)
    best = int(overlaps.argmax())
    if overlaps[best] == 0:
        return np.zeros_like(visible), 0.0
    return found.masks[best], float(overlaps[best])


def list_line(words: list[str], name: str, mask: np.ndarray) -> str:
    """Name the predicted mask, and its box in 1000ths where the line has a box."""
    words = [words[0], name, *words[2:]]
    (left, top, right, bottom), _ = crop_to_box(mask)
    if right and all(map(_is_number, words[3:7])):
        height, width = mask.shape
        shares = (left / width, top / height, right / width, bottom / height)
        words[3:7] = [f'{1000 * share:.1f}' for share in shares]
    return ' '.join(words)


def _is_number(word: str) -> bool:
    return word.replace('.', '', 1).isdigit()


def predict(source: MaskSource, root: Path, split: str, real: bool) -> tuple[Path, list[float]]:
    """Write the masks and, when all are there, the list.

    Returns:
        The list, and the IoU of each object's mask.

    Raises:
        OSError, ValueError: when a file is missing, wrong, or cannot be written.
        UserError: when the lists name visible masks otherwise than ``DYCEDataset`` expects.
    """
    images, true_masks, predicted, column = _LAYOUTS[real]
    path = root / f'annotations/{split}{"_real" * real}.txt'
    lines = [line.split() for line in read_text_list(path, 'list of objects', '').splitlines()]
    DYCEDataset(str(root), split, real=real, leave_out=())  # its sentences say what is wrong
    written, overlaps, seen = [], [], None
    for words in tqdm([words for words in lines if words], unit='object', disable=None):
        if not real and words[2].replace('amodal', 'modal') != words[1]:
            raise UserError(
                f'{path}: {words[1]} should be called {words[2].replace("amodal", "modal")}, after '
                f'its full mask {words[2]}: a list of predicted masks does not name the true ones.'
            )
        if seen is None or seen[0] != words[0]:
            (scene,) = find_inputs(root / images / words[0])
            image = scene.read()
            seen = (words[0], image.shape[:2], source.objects(scene, image))
        mask_path = root / true_masks / words[column]
        visible = read_mask(mask_path, size=seen[1], img_path=words[0])
        mask, overlap = best_mask(seen[2], visible)
        name = f'{_PREDICTED}/{words[column]}' if real else words[column]
        write_image((root / predicted / name).with_suffix('.png'), mask.astype(np.uint8) * 255)
        written.append(list_line(words, str(Path(name).with_suffix('.png')), mask))
        overlaps.append(overlap)
    path = root / f'annotations/{split}_multipath{"_real" * real}.txt'
    write_text(path, '\n'.join(written) + '\n')
    return path, overlaps


@one_sentence_errors
def main(argv: list[str] | None = None) -> None:
    """Write the masks and the list, and report how good the masks are."""
    args = parse_args(argv)
    limit_threads()
    source = find_instance_model(args.config, args.checkpoint, args.device, args.min_score)
    path, overlaps = predict(source, Path(args.data_root), args.split, args.real)
    missed = sum(overlap == 0 for overlap in overlaps)
    print(
        f'{path}: {len(overlaps)} objects, mean IoU with the visible masks '
        f'{100 * np.mean(overlaps):.1f} %; {missed} were not found and have empty masks.'
    )


if __name__ == '__main__':
    main()
