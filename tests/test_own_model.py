"""The examples of docs/own_model.md run as they are printed."""

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config

from seginpaint_mm.apis import SegInpaintInferencer
from seginpaint_mm.commands import infer
from seginpaint_mm.engine.training_words import WORDS
from tests.helpers.tiny_run import image_path, write_tiny_street
from tests.helpers.tool_runs import REPOSITORY, run_here

PAGE = (REPOSITORY / 'docs/own_model.md').read_text(encoding='utf-8')
SMALL = (
    *('train_cfg.max_epochs=1', 'train_dataloader.num_workers=0', 'val_dataloader.num_workers=0'),
    'train_dataloader.sampler.samples_per_epoch=2',
    *('train_dataloader.batch_size=2', 'train_dataloader.persistent_workers=False'),
    'val_dataloader.persistent_workers=False',
)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the files of the page, on the path."""
    named = [*re.findall(r'^`(\w+\.py)`', PAGE, re.MULTILINE), 'label_images.py']
    blocks = re.findall(r'^```python\n(.*?)^```', PAGE, re.DOTALL | re.MULTILINE)
    modules = iter(named)
    for block in blocks:
        first = re.match(r'# (\w+\.py)\n', block)
        name = first[1] if first else next(modules)
        (tmp_path / name).write_text(block.replace("'configs/", f"'{REPOSITORY}/configs/"))
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith('my_')]:
        del sys.modules[name]


@pytest.mark.parametrize(('name', 'field'), [('backbone', 'body'), ('segmentor', 'net')])
def test_networks_are_trained_and_run(place: Path, name: str, field: str) -> None:
    street = write_tiny_street(place / 'street', num_train=2, num_val=1)
    roots = [f'{part}_dataloader.dataset.data_root={street}' for part in ('train', 'val', 'test')]
    config, run = place / f'my_{name}_config.py', place / 'run'
    run_here('train', config, '--work-dir', run, '--cfg-options', *SMALL, *roots)
    (checkpoint,) = run.glob('epoch_1.pth')
    state = torch.load(checkpoint, weights_only=False)['state_dict']
    assert any(f'{field}.' in key for key in state)
    inferencer = SegInpaintInferencer(str(run), show_progress=False)
    image = cv2.imread(str(image_path(street, 'val')))
    (sample,) = inferencer(image, draw=False)['predictions']
    assert sample.pred_sem_seg.data.shape == (1, *image.shape[:2])


def test_an_inpainter_removes_objects(place: Path) -> None:
    image = np.full((40, 60, 3), 100, np.uint8)
    image[10:20] = 150
    image[12:18, 20:40] = 0
    mask = np.zeros((40, 60), np.uint8)
    mask[11:19, 18:42] = 255
    cv2.imwrite(str(place / 'photo.png'), image)
    cv2.imwrite(str(place / 'mask.png'), mask)
    words = ('--task', 'remove', '--masks', place / 'mask.png', '--no-vis', '--out-dir')
    config = place / 'my_inpainter_config.py'
    arguments = (place / 'photo.png', '--config', config, *words, place / 'out')
    infer.main([str(argument) for argument in arguments])
    painted = cv2.imread(str(place / 'out/pred/image/photo.png'))
    assert (painted[12:18, 20:40] == 150).all()


def test_hugging_face_networks_label_images(place: Path) -> None:
    spec = importlib.util.spec_from_file_location('label_images', place / 'label_images.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    transformers = pytest.importorskip('transformers', reason='needs transformers')
    config = transformers.SegformerConfig(
        hidden_sizes=[4, 4, 8, 8], depths=[1] * 4, num_attention_heads=[1] * 4, num_labels=3
    )
    network = transformers.SegformerForSemanticSegmentation(config).eval()
    processor = transformers.SegformerImageProcessor(size=dict(height=64, width=64))
    (place / 'images').mkdir()
    cv2.imwrite(str(place / 'images/a.jpg'), np.zeros((40, 60, 3), np.uint8))
    names = module.write_labels(place / 'images', place / 'labels', processor, network)
    assert names == ['LABEL_0', 'LABEL_1', 'LABEL_2']
    labels = cv2.imread(str(place / 'labels/a.png'), cv2.IMREAD_UNCHANGED)
    assert labels.shape == (40, 60)
    assert labels.max() < 3


def test_the_words_are_known(place: Path) -> None:
    cfg = Config.fromfile(place / 'my_words.py')
    assert set(WORDS) <= set(cfg)
