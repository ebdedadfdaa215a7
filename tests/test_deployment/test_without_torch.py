"""What an exported file needs beside it runs where PyTorch, or this package, is not installed."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import interpolate

from seginpaint_mm.deployment import ExportedNetwork, export_graph
from seginpaint_mm.models.fcrn import HoughInstanceHead
from seginpaint_mm.models.mpi import max_pool_inpainting
from seginpaint_mm.ops.hough_decoding import decode_instances
from seginpaint_mm.utils.graphs import IMAGE, Graph, graphs_of
from tests.helpers.tool_runs import REPOSITORY

WITHOUT = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in {absent}:
            raise ImportError(f'{{name}} is not installed here')

sys.meta_path.insert(0, Absent())
"""


def run_without(absent: set[str], code: str, *arguments: str | Path) -> str:
    done = subprocess.run(
        [sys.executable, '-c', WITHOUT.format(absent=absent) + code, *map(str, arguments)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


class TinyMPI(nn.Module):
    """What an mpi network does, in few nodes: exporting a real one takes a minute."""

    def __init__(self) -> None:
        super().__init__()
        self.data_preprocessor = nn.Module()
        self.data_preprocessor.register_buffer('mean', torch.full((3, 1, 1), 100.0))
        self.data_preprocessor.register_buffer('std', torch.full((3, 1, 1), 50.0))
        self.stem = nn.Conv2d(3, 4, 3, stride=4, padding=1)
        self.head = nn.Conv2d(4, 1, 1)

    def network(self, image: Tensor) -> dict[str, Tensor]:
        features = self.stem(image)
        probability = self.head(features).sigmoid()
        filled = max_pool_inpainting(features, (probability > 0.5).float())
        options = dict(size=image.shape[-2:], mode='bilinear', align_corners=False)
        logits = interpolate(filled[:, :3], **options)
        return dict(
            background=logits.argmax(dim=1, keepdim=True),
            foreground_prob=interpolate(probability, **options),
        )

    def graphs(self) -> dict[str, Graph]:
        return dict(network=Graph(self.network, dict(image=IMAGE), divisor=8))


def test_the_example_predicts_what_the_network_predicts(tmp_path: Path) -> None:
    pytest.importorskip('onnxscript')
    pytest.importorskip('onnxruntime')
    torch.manual_seed(0)
    model, out = TinyMPI().eval(), tmp_path / 'street.onnx'
    network = ExportedNetwork(model, graphs_of(model)['network'])
    note = dict(
        outputs=['background', 'foreground_prob'],
        divisor=8,
        least=1,
        size=None,
        normalises=True,
        classes=['road', 'sidewalk', 'other'],
        palette=[[1, 2, 3], [4, 5, 6], [7, 8, 9]],
    )
    export_graph(network, out, 'onnx', note)
    photo = np.random.default_rng(0).integers(0, 256, (75, 90, 3), np.uint8)
    Image.fromarray(photo).save(tmp_path / 'photo.png')
    example = REPOSITORY / 'tools/examples/run_onnx.py'
    code = f"exec(compile(open({str(example)!r}).read(), 'run_onnx', 'exec'))"
    printed = run_without(
        {'torch', 'seginpaint_mm', 'mmengine', 'cv2'}, code, out, tmp_path / 'photo.png', tmp_path
    )
    assert printed.startswith('road: ')
    padded = np.pad(photo, ((0, 5), (0, 6), (0, 0)), mode='edge').transpose(2, 0, 1)
    with torch.no_grad():
        background, probability = network(torch.from_numpy(padded[None].copy()))
    written = np.asarray(Image.open(tmp_path / 'background.png'))
    foreground = np.asarray(Image.open(tmp_path / 'foreground.png'))
    assert len(np.unique(written)) > 1
    assert 0 < (foreground > 0).mean() < 1
    assert (written != background[0, 0, :75, :90].numpy()).mean() < 1e-3
    assert ((foreground > 0) != (probability[0, 0, :75, :90] > 0.5).numpy()).mean() < 1e-3


@pytest.mark.parametrize('ties', ['centre', 'order'])
@pytest.mark.parametrize('confidence', ['score', 'extent'])
def test_numpy_decodes_as_the_head_does(ties: str, confidence: str) -> None:
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(4, 20, 30, generator=generator)
    scores = torch.nn.functional.avg_pool2d(scores, 5, 1, 2).mul(12).softmax(0)
    maps = torch.nn.functional.avg_pool2d(torch.randn(8, 20, 30, generator=generator), 9, 1, 4)
    coder = dict(offset_scale=8.0, size_scale=8.0)
    options = dict(ties=ties, confidence=confidence, min_pixels=2)
    head = HoughInstanceHead(thing_ids=(1, 3), box_coder=dict(type='BoxCoder', **coder), **options)
    expected = head.predict(scores, maps)
    found = decode_instances(scores.numpy(), maps.numpy(), (1, 3), **coder, **options)
    assert len(found.labels) == len(expected) > 3
    np.testing.assert_array_equal(found.masks, expected.masks)
    np.testing.assert_array_equal(found.labels, expected.labels)
    np.testing.assert_array_equal(found.boxes, expected.bboxes)
    np.testing.assert_allclose(found.scores, expected.scores, atol=1e-6)


def test_decoding_and_masks_need_no_torch() -> None:
    """Maps of a smaller size are enlarged; masks are packed and cropped."""
    code = """
import numpy as np
from seginpaint_mm.geometry.masks import CroppedMasks
from seginpaint_mm.ops.hough_decoding import decode_instances

scores = np.zeros((2, 16, 24), np.float32)
scores[1, 4:12, 4:10], scores[1, 4:12, 14:20] = 0.9, 0.8
scores[0] = 1 - scores[1]
maps = np.zeros((4, 8, 12), np.float32)
maps[:, :] = np.array([0, 0, np.log(7 / 64), np.log(9 / 64)])[:, None, None]
columns = np.arange(24) + 0.5
offsets = (np.where(columns < 12, 7, 17) - columns) / 64
maps[0] = offsets.reshape(12, 2).mean(1)
maps[1] = ((8 - (np.arange(16) + 0.5)) / 64).reshape(8, 2).mean(1)[:, None]
found = decode_instances(scores, maps, (1,))
packed = CroppedMasks.pack(found.masks, (16, 24))
print(found.boxes.tolist(), found.scores.round(2).tolist(), len(packed), packed.numpy().sum())
assert 'torch' not in __import__('sys').modules
"""
    printed = run_without({'torch', 'mmengine', 'mmcv'}, code).strip()
    boxes = [[4.0, 4.0, 10.0, 12.0], [14.0, 4.0, 20.0, 12.0]]
    assert printed == f'{boxes} [0.9, 0.8] 2 96'
