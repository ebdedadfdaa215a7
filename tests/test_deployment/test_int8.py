"""Convolutions of an exported file in 8 bits."""

import json
from pathlib import Path

import numpy as np
import pytest

from seginpaint_mm.benchmarks import deployment
from seginpaint_mm.commands import export
from seginpaint_mm.commands.export import parse_args
from seginpaint_mm.deployment import load_exported, read_note
from seginpaint_mm.deployment.int8 import (
    calibration_arrays,
    changes,
    check_takes_images,
    first_and_last,
    quantise,
)
from seginpaint_mm.errors import UserError
from tests.helpers.dataset_folders import write_map
from tests.helpers.model_tester import build_model

onnx = pytest.importorskip('onnx')
pytest.importorskip('onnxruntime')
SEGMENTOR = dict(
    type='mmseg.EncoderDecoder',
    data_preprocessor=dict(type='SceneDataPreprocessor'),
    backbone=dict(
        type='mmseg.ResNet',
        depth=18,
        base_channels=8,
        num_stages=1,
        strides=(1,),
        dilations=(1,),
        out_indices=(0,),
    ),
    decode_head=dict(type='FCRNHead', in_channels=8, num_classes=3, dilation=2),
    test_cfg=dict(mode='whole'),
)
NOTE = dict(
    inputs=dict(image=[]), outputs=['classes', 'logits'], normalises=True, divisor=4, least=8
)


def write_network(path: Path) -> None:
    """Four convolutions one after another, of which two branches end the network."""
    random = np.random.default_rng(0)
    nodes = [onnx.helper.make_node('Cast', ['image'], ['x0'], to=onnx.TensorProto.FLOAT)]
    weights = []
    for number, (source, out, given) in enumerate(
        (('x0', 16, 3), ('x1', 16, 16), ('x2', 16, 16), ('x3', 5, 16), ('x3', 2, 16))
    ):
        kernel = random.normal(0, 0.2, (out, given, 3, 3)).astype(np.float32)
        weights.append(onnx.numpy_helper.from_array(kernel, f'w{number}'))
        inputs, output = [source, f'w{number}'], f'x{number + 1}'
        name = f'conv{number}'
        nodes.append(onnx.helper.make_node('Conv', inputs, [output], name, pads=[1, 1, 1, 1]))
    nodes.append(onnx.helper.make_node('ArgMax', ['x4'], ['classes'], axis=1))
    nodes.append(onnx.helper.make_node('Identity', ['x5'], ['logits']))
    make = onnx.helper.make_tensor_value_info
    sides = [None, None, 'h', 'w']
    graph = onnx.helper.make_graph(
        nodes,
        'network',
        [make('image', onnx.TensorProto.UINT8, ['n', 3, 'h', 'w'])],
        [
            make('classes', onnx.TensorProto.INT64, sides),
            make('logits', onnx.TensorProto.FLOAT, sides),
        ],
        weights,
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid('', 18)])
    model.ir_version = 9
    model.metadata_props.add(key='seginpaint', value=json.dumps(NOTE | dict(size=None)))
    onnx.save(model, path)


@pytest.fixture
def images(tmp_path: Path) -> list[Path]:
    random = np.random.default_rng(1)
    low = random.integers(0, 256, (3, 5, 7, 3), np.uint8)
    return [
        write_map(tmp_path / f'images/{k}.png', values.repeat(6, 0).repeat(6, 1))
        for k, values in enumerate(low)
    ]


def test_the_inner_convolutions_compute_in_8_bits(tmp_path: Path, images: list[Path]) -> None:
    path = tmp_path / 'network.onnx'
    write_network(path)
    assert first_and_last(onnx.load(path).graph) == ['conv0', 'conv3', 'conv4']
    exact = load_exported(path)
    quantise(path, images, path)
    assert read_note(path) == NOTE | dict(size=None)
    graph = onnx.load(path).graph
    of = {output: node for node in graph.node for output in node.output}
    convolutions = [node for node in graph.node if node.op_type == 'Conv']
    kinds = [of[node.input[1]].op_type if node.input[1] in of else '' for node in convolutions]
    assert kinds == ['', 'DequantizeLinear', 'DequantizeLinear', '', '']
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ['network.onnx']
    (array, *_) = calibration_arrays(images, read_note(path))
    assert array.shape == (1, 3, 28, 40)
    wanted, made = exact(dict(image=array)), load_exported(path)(dict(image=array))
    scale = np.abs(wanted['logits']).mean()
    assert 0 < np.abs(wanted['logits'] - made['logits']).mean() < 0.05 * scale
    share, difference = changes(exact, load_exported(path), images, read_note(path))
    assert share.startswith('classes: share that differs 0.0')
    assert difference.startswith('logits: mean difference')


def test_large_images_are_calibrated_at_a_smaller_size(tmp_path: Path) -> None:
    path = write_map(tmp_path / 'large.png', np.zeros((100, 2050, 3), np.uint8))
    (array,) = calibration_arrays([path], NOTE | dict(size=None))
    assert array.shape == (1, 3, 48, 1024)
    (array,) = calibration_arrays([path], NOTE | dict(size=[64, 96]))
    assert array.shape == (1, 3, 64, 96)


def test_runtimes_are_timed_beside_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    model = build_model(SEGMENTOR)
    monkeypatch.setattr(deployment, 'find_model', lambda config, weights: (None, None))
    monkeypatch.setattr(deployment, 'build_model', lambda cfg, weights: model)
    monkeypatch.setattr(deployment, '_CALIBRATION', 2)
    table = deployment.deployment_table('tiny', (64, 96), repeats=1, compiled=False)
    names, times, faster, changed = zip(*(row.values() for row in table.rows), strict=True)
    assert names == ('PyTorch', 'ONNX Runtime', 'ONNX Runtime, 8 bits')
    assert faster == pytest.approx([times[0] / time for time in times])
    assert changed[:2] == (0, pytest.approx(0, abs=0.1))
    assert 0 <= changed[2] < 50


@pytest.mark.parametrize(
    ('note', 'message'),
    [
        (dict(inputs=dict(image=[], hole=[])), 'this one takes image, hole'),
        (dict(normalises=False), 'takes image, normalised'),
    ],
)
def test_other_networks_are_refused(note: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        check_takes_images(NOTE | note)


def test_only_onnx_has_8_bits(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_args(['config.py', 'out.pt', '--int8', 'images'])
    assert '--int8 is for ONNX, but out.pt ends in .pt' in capsys.readouterr().err


def test_a_failed_calibration_leaves_no_file_of_32_bits(
    tmp_path: Path, images: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*args: object) -> None:
        raise UserError('no space is left')

    monkeypatch.setattr(export, 'find_model', lambda config, weights: (None, None))
    monkeypatch.setattr(export, 'build_model', lambda cfg, weights: build_model(SEGMENTOR))
    monkeypatch.setattr(export, 'dataset_meta', lambda cfg, model: {})
    monkeypatch.setattr(export, 'quantise', fails)
    out = tmp_path / 'out/network.onnx'
    with pytest.raises(SystemExit):
        export.main(['config.py', str(out), '--int8', str(images[0].parent), '--no-check'])
    assert list(out.parent.iterdir()) == []
