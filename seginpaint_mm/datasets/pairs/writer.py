"""Write the pairs of object removal, and the layout of their folder."""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from seginpaint_mm.datasets.instance_dataset import InstanceDataset
from seginpaint_mm.datasets.pairs.maker import BLOCK, Pair, PairMaker
from seginpaint_mm.errors import UserError
from seginpaint_mm.utils.files import claim_folder, read_note, write_bytes, write_json
from seginpaint_mm.utils.work_pool import run_jobs

NOTE = 'pairs.json'
RECORDS = 'records'


def truth_file(name: str, suffix: str) -> Path:
    return Path('truth', f'{name}.{suffix}')


def object_file(name: str) -> Path:
    return Path('objects', f'{name}.png')


def class_file(name: str) -> Path:
    return Path('classes', f'{name}.png')


def instance_file(name: str) -> Path:
    return Path('instances', f'{name}.png')


def record_file(block: int) -> Path:
    return Path(RECORDS, f'{block:06d}.json')


_PNG = [cv2.IMWRITE_PNG_COMPRESSION, 1]


def write_pairs(
    root: Path,
    maker: PairMaker,
    number: int,
    *,
    workers: int,
    on_progress: Callable[[int, int], None],
) -> None:
    """Write the missing ones of ``number`` pairs, see :mod:`layout`.

    With more than one worker, call it below ``if __name__ == '__main__':``.

    Args:
        root: The folder; made where missing.
        maker: What makes the pairs. A folder made with another source or other options is refused.
        number: Pairs, rounded up to whole blocks on the disk.
        workers: Processes, >= 1.
        on_progress: Called with (pairs done, pairs in all) at the start and after each block.

    Raises:
        UserError: The folder holds something else, a number is out of range, no fitting object was
            found, or a worker process was killed.
        OSError: A file cannot be written; finished blocks are kept.
    """
    for name, value in (('--num', number), ('--workers', workers)):
        if value < 1:
            raise UserError(f'{name} is {value}, but must be 1 or more.')
    _claim(root, maker)
    blocks = range((number + BLOCK - 1) // BLOCK)
    missing = [block for block in blocks if not (root / record_file(block)).exists()]
    done = len(blocks) - len(missing)
    on_progress(done * BLOCK, len(blocks) * BLOCK)
    for _ in run_jobs(partial(write_block, root, maker), missing, workers=workers):
        done += 1
        on_progress(done * BLOCK, len(blocks) * BLOCK)


def write_block(root: Path, maker: PairMaker, block: int) -> None:
    """Write the files of a block; its record, which says that it is whole, comes last."""
    records = []
    for offset, pair in enumerate(maker.block(block)):
        name = f'{block * BLOCK + offset:07d}'
        records.append(_write_pair(root, maker, name, pair))
    write_json(root / record_file(block), records)


def _write_pair(root: Path, maker: PairMaker, name: str, pair: Pair) -> dict:
    left, top, width, height = cv2.boundingRect(pair.hole)
    box = np.s_[top : top + height, left : left + width]
    cut_out = np.dstack([pair.image[box], pair.hole[box] * np.uint8(255)])
    files = {
        truth_file(name, maker.options.truth_format): pair.truth_file,
        object_file(name): _png(cut_out),
        class_file(name): _png(pair.classes),
        instance_file(name): _png(_smallest(pair.instances)),
    }
    for path, data in files.items():
        # The block's record is what counts; syncing each file would take most of the time.
        write_bytes(root / path, data, durable=False)
    return dict(
        name=name,
        removed_class=pair.removed_class,
        blending=pair.blending,
        top_left=[top, left],
        hole_share=round(float(pair.hole.mean()), 5),
        sources=pair.sources,
    )


def _smallest(numbers: np.ndarray) -> np.ndarray:
    return numbers.astype(np.uint8) if numbers.max() < 256 else numbers


def _png(image: np.ndarray) -> bytes:
    return cv2.imencode('.png', np.ascontiguousarray(image), _PNG)[1].tobytes()


def _claim(root: Path, maker: PairMaker) -> None:
    """Write the folder's note, or see that it says the same; older notes have no digest."""
    wanted = _note(maker)
    if (root / NOTE).exists():
        found = read_note(root / NOTE).get('source', {})
        if 'digest' not in found:
            del wanted['source']['digest']
        elif found != wanted['source']:
            raise UserError(
                f'{root} holds pairs of another source ({found}) than {maker.source.data_root} '
                f'({wanted["source"]}): give that source, or another folder.'
            )
    claim_folder(root / NOTE, wanted, what='pairs')


def _digest(source: InstanceDataset) -> str:
    """The same for the same images and objects, wherever the folder of the source lies."""
    samples = (source.get_data_info(index) for index in range(len(source)))
    told = sorted(json.dumps(_identity(sample, source.data_root)) for sample in samples)
    return hashlib.sha256('\n'.join(told).encode()).hexdigest()[:16]


def _identity(sample: dict, root: str) -> list:
    """Name of the image, and the ids of its objects or the name of their map."""
    listed = sample.get('annotations', sample.get('segments'))
    objects = [sample['instance_path']] if listed is None else []
    names = [
        Path(os.path.relpath(path, root)).as_posix() for path in (sample['img_path'], *objects)
    ]
    return [*names, *(item['id'] for item in listed or ())]


def _note(maker: PairMaker) -> dict:
    metainfo = maker.source.metainfo
    options = asdict(maker.options)
    if not options['cut_off']:
        del options['cut_off']  # as in folders of versions that had no such option
    return dict(
        options=options,
        seed=maker.seed,
        source=dict(
            type=type(maker.source).__name__,
            pictures=len(maker.source),
            digest=_digest(maker.source),
        ),
        classes=list(metainfo['classes']),
        thing_ids=[int(number) for number in metainfo['thing_ids']],
        palette=json.loads(
            json.dumps([[int(v) for v in colour] for colour in metainfo['palette']])
        ),
        block=BLOCK,
    )
