"""Look at what a model is given: ``python tools/analysis_tools/browse_dataset.py CONFIG``.

Writes images of the samples after the config's pipeline: the image, the true foreground, and the
true classes, also behind the foreground where they are known.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # runs without being installed

import seginpaint_mm  # noqa: F401  sets how threads wait, before torch is imported

# isort: split
import numpy as np
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.registry import init_default_scope
from mmengine.runner import set_random_seed
from mmengine.utils import track_iter_progress

from seginpaint_mm.cli import add_config_arguments, load_config, one_sentence_errors
from seginpaint_mm.errors import ConfigError
from seginpaint_mm.registry import DATASETS, SCOPE
from seginpaint_mm.utils.files import check_writable
from seginpaint_mm.visualization import SceneVisualizer

SPLITS = ('train', 'val', 'test')


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_config_arguments(parser)
    parser.add_argument(
        '--split', choices=SPLITS, default='train', help='whose data loader (default: train)'
    )
    parser.add_argument(
        '--num', type=int, default=16, metavar='N', help='samples, spread evenly (default: 16)'
    )
    parser.add_argument('--seed', type=int, default=0, help='of random transforms (default: 0)')
    parser.add_argument(
        '--out-dir', metavar='FOLDER', help='(default: work_dirs/browse/CONFIG-NAME/SPLIT)'
    )
    return parser.parse_args(argv)


def build_dataset(cfg: Config, split: str) -> BaseDataset:
    """The data set of a split's loader.

    Raises:
        ConfigError: when the config has no such loader.
    """
    loader = cfg.get(f'{split}_dataloader')
    if loader is None:
        found = [name for name in SPLITS if cfg.get(f'{name}_dataloader')]
        raise ConfigError(f'The config has no {split}_dataloader: choose --split from {found}.')
    init_default_scope(cfg.get('default_scope', SCOPE))
    return DATASETS.build(loader['dataset'])


def write_pictures(dataset: BaseDataset, indices: np.ndarray, out_dir: Path) -> None:
    """Write ``INDEX_NAME.png`` for each of the samples."""
    visualizer = SceneVisualizer(name='browse_dataset')
    visualizer.dataset_meta = dataset.metainfo
    for index in track_iter_progress(indices.tolist()):
        packed = dataset[index]
        sample = packed['data_samples']
        image = packed['inputs'].numpy()[::-1].transpose(1, 2, 0)  # BGR (3, H, W) to RGB (H, W, 3)
        name = f'{index:05d}_{Path(sample.img_path).stem}.png'
        visualizer.add_datasample(
            name, np.ascontiguousarray(image), sample, out_file=out_dir / name
        )


@one_sentence_errors
def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    cfg = load_config(args.config, args.cfg_options)
    out_dir = Path(args.out_dir or f'work_dirs/browse/{Path(cfg.filename).stem}/{args.split}')
    check_writable(out_dir)
    dataset = build_dataset(cfg, args.split)
    set_random_seed(args.seed)
    number = min(args.num, len(dataset))
    indices = np.linspace(0, len(dataset) - 1, number).round().astype(int)
    write_pictures(dataset, indices, out_dir)
    print(f'\n{number} of {len(dataset)} samples: {out_dir}')


if __name__ == '__main__':
    main()
