"""Label images with any mmseg model: ``python tools/dataset_converters/predict_labels.py CONFIG
CHECKPOINT IMAGES OUT``.

Writes ``OUT/SUB/NAME.png``, uint8 class ids, for ``IMAGES/SUB/NAME.*`` (SGE-Net's Table 5). Run
again, it goes on where it was interrupted.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # runs without being installed

import seginpaint_mm  # noqa: F401  sets how threads wait, before torch is imported

# isort: split
import numpy as np
import torch
from mmcv.transforms import Compose
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import DefaultScope
from torch import nn
from tqdm import tqdm

from seginpaint_mm.apis.inputs import SceneInput, find_inputs
from seginpaint_mm.apis.model_loading import dataset_meta, find_model, inference_pipeline
from seginpaint_mm.checkpoint import check_checkpoint_fits, load_checkpoint_safely
from seginpaint_mm.cli import locate_errors, one_sentence_errors
from seginpaint_mm.errors import UserError
from seginpaint_mm.registry import MODELS, TRANSFORMS
from seginpaint_mm.utils.files import check_writable, write_image, write_json

_RECORD = 'predicted_labels.json'
_VOID = 255


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config file of a segmentor')
    parser.add_argument('checkpoint', help='its checkpoint')
    parser.add_argument('images', help='folder of images; its sub-folders are searched too')
    parser.add_argument('out', help='folder for the label maps')
    parser.add_argument(
        '--class-map',
        metavar='JSON',
        help='file of {"name of a class of the model": id to write}; classes that are not in it '
        'become --others',
    )
    parser.add_argument(
        '--others', type=int, default=_VOID, metavar='ID', help='default: 255, of no class'
    )
    parser.add_argument('--device', help='default: a GPU where there is one')
    parser.add_argument('--debug', action='store_true', help='show tracebacks')
    return parser.parse_args(argv)


def read_class_map(path: str | None, classes: list[str], others: int) -> np.ndarray:
    """Id to write for each class of the model, uint8 (K,); the classes themselves without a file.

    Raises:
        UserError: when the file is none, names a class that the model has not, or an id is not from
            0 to 255.
    """
    if path is None:
        return np.arange(len(classes), dtype=np.uint8)
    try:
        ids = json.loads(Path(path).read_text(encoding='utf-8'))
    except (OSError, ValueError) as error:
        raise UserError(f'--class-map {path} cannot be read: {error}.') from error
    if not isinstance(ids, dict):
        raise UserError(f'--class-map {path} must hold {{"name of a class": id, ...}}.')
    unknown = [name for name in ids if name not in classes]
    if unknown:
        raise UserError(
            f'--class-map {path} names {unknown[0]!r}, which is no class of the model: '
            f'{", ".join(classes)}.'
        )
    for name, number in {**ids, '--others': others}.items():
        if type(number) is not int or not 0 <= number <= _VOID:
            raise UserError(f'--class-map {path}: the id of {name} must be 0 to 255, not {number}.')
    return np.array([ids.get(name, others) for name in classes], np.uint8)


def class_names(cfg: Config, checkpoint: dict) -> list[str]:
    """The model's classes: those that its training noted, or those of its config's data set."""
    noted = checkpoint.get('meta', {}).get('dataset_meta') or {}
    return list(noted.get('classes') or dataset_meta(cfg)['classes'])


def load_model(cfg: Config, checkpoint: dict, name: str, device: str | None) -> nn.Module:
    """The segmentor in evaluation mode.

    Raises:
        CheckpointError: when the checkpoint is another model's.
    """
    scope = cfg.get('default_scope', 'mmseg')
    with locate_errors(cfg), DefaultScope.overwrite_default_scope(scope):
        model = MODELS.build(cfg.model)
    state = check_checkpoint_fits(model, checkpoint, name)
    model.load_state_dict(state, strict=False)  # batch counters may be absent
    device = device or ('cuda' if torch.cuda.is_available() else 'cpu')
    return model.to(device).eval()


def build_pipeline(cfg: Config) -> Compose:
    """The test pipeline without the steps that load files."""
    with DefaultScope.overwrite_default_scope(cfg.get('default_scope', 'mmseg')):
        return Compose([TRANSFORMS.build(step) for step in inference_pipeline(cfg)])


@torch.no_grad()
def predict(model: nn.Module, pipeline: Compose, scene: SceneInput) -> np.ndarray:
    """Classes of an image, int64 (H, W), at its own size.

    Raises:
        OSError, ValueError: when it cannot be read.
        UserError: when the model predicts no classes, or not at the image's size.
    """
    image = scene.read()
    size = image.shape[:2]
    data = pipeline(dict(img=image, img_path=scene.origin, img_shape=size, ori_shape=size))
    (sample,) = model.test_step(pseudo_collate([data]))
    if 'pred_sem_seg' not in sample:
        raise UserError(f'{type(model).__name__} predicts no pred_sem_seg: give a segmentor.')
    classes = sample.pred_sem_seg.data[0].cpu().numpy()
    if classes.shape != size:
        raise UserError(
            f'{scene.origin}: the model predicts {classes.shape}, the image is {size} (height, '
            f'width): remove what crops from its test pipeline.'
        )
    return classes


def label_paths(scenes: list[SceneInput], images: Path, out: Path) -> dict[Path, SceneInput]:
    """Where each image's labels go.

    Raises:
        UserError: when two images differ in their suffix only.
    """
    root = images if images.is_dir() else images.parent
    paths: dict[Path, SceneInput] = {}
    for scene in scenes:
        path = (out / scene.source.relative_to(root)).with_suffix('.png')
        if path in paths:
            raise UserError(
                f'{scene.source} and {paths[path].source} would both have the labels {path}: '
                f'rename one of them.'
            )
        paths[path] = scene
    return paths


def check_record(out: Path, record: dict) -> None:
    """Note who makes the labels, or see that those which are there were made alike.

    Raises:
        UserError: when they were made otherwise.
    """
    path = out / _RECORD
    if not path.is_file():
        write_json(path, record)
        return
    before = json.loads(path.read_text(encoding='utf-8'))
    different = [key for key, value in record.items() if before.get(key) != value]
    if different:
        raise UserError(
            f'{out} holds labels that were made otherwise (different: {", ".join(different)}): '
            f'choose another folder, or remove it.'
        )


@one_sentence_errors
def main(argv: list[str] | None = None) -> None:
    """Write the labels that are not there yet; unreadable images do not stop the others."""
    args = parse_args(argv)
    cfg, name = find_model(args.config, args.checkpoint)
    checkpoint = load_checkpoint_safely(name)
    classes = class_names(cfg, checkpoint)
    ids = read_class_map(args.class_map, classes, args.others)
    images, out = Path(args.images), Path(args.out)
    paths = label_paths(find_inputs(images, recursive=True, exclude=[out]), images, out)
    model, pipeline = load_model(cfg, checkpoint, name, args.device), build_pipeline(cfg)
    check_writable(out)
    digest = hashlib.sha256(Path(name).read_bytes()).hexdigest()
    ids_by_class = dict(zip(classes, ids.tolist(), strict=True))
    check_record(out, dict(checkpoint_sha256=digest, ids=ids_by_class))
    failures = []
    todo = {path: scene for path, scene in paths.items() if not path.is_file()}
    for path, scene in tqdm(todo.items(), desc='Labels', unit='image', disable=None):
        try:
            write_image(path, ids[predict(model, pipeline, scene)])
        except ValueError as error:  # of reading: damaged, or no image
            failures.append(str(error))
    print(f'{len(paths) - len(failures)} of {len(paths)} label maps: {out}')
    if failures:
        raise UserError('\n'.join([*failures, f'{len(failures)} images have no labels.']))


if __name__ == '__main__':
    main()
