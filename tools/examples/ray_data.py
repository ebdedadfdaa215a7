"""Predict a folder with Ray Data: each actor keeps a model, and results become rows of Parquet.

    python tools/examples/ray_data.py photos/ out/ --actors 2 --num-gpus 0

A row has the image's ``path``, its ``failure`` ('' where there is none), its ``height`` and
``width``, and ``maps``: a dictionary from the kind of a map, such as background, to a PNG file.
"""

import argparse
from pathlib import Path

import seginpaint_mm  # noqa: F401  sets how threads wait, before torch is imported

# isort: split
import numpy as np
import ray
import ray.data

from seginpaint_mm.apis import SegInpaintInferencer
from seginpaint_mm.apis.inputs import find_inputs
from seginpaint_mm.apis.model_loading import DEFAULT_PREDICTOR
from seginpaint_mm.structures import predicted_maps
from seginpaint_mm.utils.files import encode_png


class Predict:
    """An actor: the model is loaded once, and sees batch after batch."""

    def __init__(self, model: str, checkpoint: str | None) -> None:
        self.inferencer = SegInpaintInferencer(model, checkpoint, show_progress=False)

    def __call__(self, batch: dict[str, np.ndarray]) -> dict[str, list]:
        paths = [str(path) for path in batch['path']]
        rows: dict[str, list] = {key: [] for key in ('path', 'failure', 'height', 'width', 'maps')}
        for result in self.inferencer.stream(paths, batch_size=len(paths), draw=False):
            maps = {}
            if result.sample is not None:
                for name in predicted_maps(result.sample):
                    ids = result.sample.get(name).data[0].numpy().astype(np.uint8)
                    maps[name.removeprefix('pred_')] = encode_png(ids)
            height, width = result.sample.ori_shape if result.sample is not None else (0, 0)
            row = (result.scene.origin, result.failure or '', height, width, maps)
            for key, value in zip(rows, row, strict=True):
                rows[key].append(value)
        return rows


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('folder')
    parser.add_argument('out', help='folder of the Parquet files')
    parser.add_argument('--config', default=DEFAULT_PREDICTOR, help='default: %(default)s')
    parser.add_argument('--checkpoint')
    parser.add_argument('--actors', type=int, default=2, help='default: %(default)s')
    parser.add_argument('--batch-size', type=int, default=8, help='default: %(default)s')
    parser.add_argument('--num-gpus', type=float, default=0, help='per actor')
    args = parser.parse_args(argv)
    files = [dict(path=scene.origin) for scene in find_inputs(args.folder, recursive=True)]
    results = ray.data.from_items(files, override_num_blocks=args.actors).map_batches(
        Predict,
        fn_constructor_args=(args.config, args.checkpoint),
        batch_size=args.batch_size,
        concurrency=args.actors,
        num_gpus=args.num_gpus,
    )
    results.write_parquet(str(Path(args.out).absolute()))
    failures = ray.data.read_parquet(str(Path(args.out).absolute()), columns=['path', 'failure'])
    failed = [row['failure'] for row in failures.take_all() if row['failure']]
    for failure in failed:
        print(f'skipped: {failure}')
    print(f'{len(files) - len(failed)} of {len(files)} images done: {args.out}')


if __name__ == '__main__':
    main()
