"""Exported networks against PyTorch's, at other sizes than those they were recorded at."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmengine.structures import PixelData
from torch import Tensor, nn

from seginpaint_mm.commands.export import exported_network, find_part, main
from seginpaint_mm.deployment import (
    ExportedNetwork,
    compare,
    example_inputs,
    export_graph,
    load_exported,
    read_note,
)
from seginpaint_mm.deployment.network import ShapedAvgPool2d
from seginpaint_mm.deployment.runtime import SUFFIXES
from seginpaint_mm.errors import UserError
from seginpaint_mm.models.mpi import max_pool_inpainting
from seginpaint_mm.structures import SceneSample
from seginpaint_mm.utils.graphs import HOLE, IMAGE, Graph, graphs_of
from seginpaint_mm.zoo import WEIGHTS
from tests.helpers.maskopt_scenes import image, tiny_inpainter
from tests.helpers.model_tester import build_model
from tests.helpers.segan_scenes import tiny_crop_segmentor, tiny_segan
from tests.helpers.sgenet_scenes import tiny_sgenet
from tests.helpers.stand_ins import LikeLaMa, LikeMIGAN
from tests.helpers.tiny_run import tiny_config, write_tiny_street

SIZES = dict(img_shape=(40, 56), ori_shape=(40, 56))
MPI = dict(
    type='ForegroundInpainter',
    data_preprocessor=dict(type='SceneDataPreprocessor', pad_size_divisor=8),
    backbone=dict(type='TinyStages'),
    neck=dict(type='MPINeck', position='layer2'),
    background_head=dict(
        type='BackgroundHead', in_channels=8, psp_channels=8, up_channels=(8, 8, 8)
    ),
    foreground_head=dict(
        type='ForegroundHead', in_channels=8, channels=8, up_channels=(8, 8), extra_upsample=1
    ),
)
RESNET = dict(
    type='mmseg.ResNet',
    depth=18,
    base_channels=8,
    num_stages=3,
    strides=(1, 2, 1),
    dilations=(1, 1, 2),
    out_indices=(2,),
)
SEMANTIC = dict(
    type='mmseg.EncoderDecoder',
    data_preprocessor=dict(type='SceneDataPreprocessor'),
    backbone=RESNET,
    decode_head=dict(type='FCRNHead', in_channels=32, num_classes=3, dilation=2),
    test_cfg=dict(mode='whole'),
)
BOXES = dict(type='BoxCoder', offset_scale=32.0, size_scale=32.0)
LOCALIZER = dict(
    type='HoughInstanceSegmentor',
    data_preprocessor=dict(type='SceneDataPreprocessor'),
    semantic=dict(
        type='SharedScores',
        decode_head=dict(type='FCRNHead', in_channels=32, num_classes=3, dilation=2),
    ),
    backbone=RESNET,
    localization_head=dict(type='LocalizationHead', in_channels=32, num_things=2, box_coder=BOXES),
    instance_head=dict(type='HoughInstanceHead', thing_ids=(1, 2), box_coder=BOXES),
)
INPAINTER = dict(
    type='MMagicInpainter',
    data_preprocessor=dict(type='SceneDataPreprocessor'),
    generator=dict(
        type='AOTEncoderDecoder',
        _scope_='mmagic',
        encoder=dict(type='AOTEncoder', mid_channels=4, out_channels=16),
        decoder=dict(type='AOTDecoder', in_channels=16, mid_channels=8),
        dilation_neck=dict(
            type='AOTBlockNeck', dilation_rates=(1, 2, 4, 8), num_aotblock=1, in_channels=16
        ),
    ),
    input_format='image_hole',
    min_size=40,
)
MODELS = {
    'mpi': MPI,
    'mpi-true-mask': {**MPI, 'train_mask': 'truth', 'test_mask': 'truth', 'foreground_head': None},
    'semantic': SEMANTIC,
    'localizer': LOCALIZER,
    'segan': tiny_segan(),
    'segan-of-crops': tiny_segan(segmentor=tiny_crop_segmentor(), painter=None),
    'sgenet': tiny_sgenet(),
    'edge-connect': tiny_inpainter(segmentation=None, image=image(1)),
    'remover-stages': tiny_inpainter(),
    'inpainter': INPAINTER,
}
PARTS = {
    'segan': ('segmentor', 'painter'),
    'segan-of-crops': ('segmentor',),
    'localizer': ('network', 'localization'),
    'sgenet': ('network', 'guided'),
    'remover-stages': ('network', 'edge', 'segmentation', 'image'),
}
NOTE_OF_GUIDED = dict(
    inputs=['image', 'hole', 'labels'], outputs=['completed', 'classes', 'confidence']
)
KINDS = [(name, part) for name in MODELS for part in PARTS.get(name, ('network',))]


def check_file(network: ExportedNetwork, twin: ExportedNetwork, path: Path) -> None:
    """Export the twin, and compare the file with the network at other sizes and masks."""
    with torch.no_grad():
        network(*example_inputs(network))
    note = dict(inputs=network.input_names, outputs=network.output_names)
    export_graph(twin, path, SUFFIXES[path.suffix], note)
    differences = compare(network, load_exported(path))
    assert {difference.output for difference in differences} == {*network.output_names}
    for difference in differences:
        assert difference.largest < (0.002 if difference.is_share else 1e-4), str(difference)


def check_kind(name: str, part: str, path: Path) -> None:
    model = build_model(MODELS[name]).eval()
    assert find_part(model, None if part == 'network' else part) == part
    check_file(*(exported_network(model, part, 'uint8') for _ in range(2)), path)


@pytest.mark.parametrize(('name', 'part'), KINDS)
def test_torchscript_gives_the_same_at_other_sizes(name: str, part: str, tmp_path: Path) -> None:
    check_kind(name, part, tmp_path / 'network.pt')


PROGRAMS = {
    'lama': (LikeLaMa(), dict(size_divisor=8)),
    'migan': (LikeMIGAN(32), {**WEIGHTS['migan'].model, 'fixed_size': 32}),
}


@pytest.mark.parametrize('kind', PROGRAMS)
def test_a_torchscript_program_leaves_as_it_is(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program, options = PROGRAMS[kind]
    torch.jit.save(torch.jit.script(program), tmp_path / 'program.pt')
    weights = str(tmp_path / 'program.pt')
    model = build_model({**options, 'type': 'TorchScriptInpainter', 'weights': weights}).eval()
    network, twin, other = (exported_network(model, 'network', 'uint8') for _ in range(3))
    with pytest.raises(UserError, match='runs a TorchScript program, which PyTorch records in'):
        export_graph(other, tmp_path / 'a.pt2', 'pt2')
    check_file(network, twin, tmp_path / 'a.pt')
    (tmp_path / 'program.pt').unlink()
    image, hole = example_inputs(network)
    found = load_exported(tmp_path / 'a.pt')(dict(image=image.numpy(), hole=hole.numpy()))
    expected = torch.where(hole > 0, torch.tensor([0.0, 0.0, 1.0])[:, None, None], image / 255)
    np.testing.assert_allclose(found['completed'], expected, atol=1e-5)


def test_given_classes_guide_a_network(tmp_path: Path) -> None:
    """The file gives what the model predicts with the same classes; unknown ones change nothing."""
    model = build_model(tiny_sgenet(), seed=3).eval()
    network = exported_network(model, 'guided', 'uint8')
    image, hole, labels = example_inputs(network, dict(n=1, h=64, w=96))
    export_graph(network, tmp_path / 'guided.pt', 'torchscript', NOTE_OF_GUIDED)
    run = load_exported(tmp_path / 'guided.pt')
    sample = SceneSample(metainfo=dict(img_shape=(64, 96), ori_shape=(64, 96)))
    for name, value in (('hole', hole), ('given_sem_seg', labels)):
        sample.set_field(PixelData(data=value[0]), name)
    batch = model.data_preprocessor(dict(inputs=[image[0].flip(0)]))
    with torch.no_grad():
        (expected,) = model.predict(batch['inputs'], [sample])
    given = dict(image=image.numpy(), hole=hole.numpy())
    guided = run({**given, 'labels': labels.numpy()})
    np.testing.assert_array_equal(guided['classes'][0], expected.pred_sem_seg.data)
    unknown = run({**given, 'labels': np.full(labels.shape, 255)})
    free = exported_network(model, 'network', 'uint8')
    with torch.no_grad():
        completed = free(image, hole)[0].numpy()
    np.testing.assert_allclose(unknown['completed'], completed, atol=1e-5)
    assert np.abs(unknown['completed'] - guided['completed']).max() > 1e-3


@pytest.mark.slow
@pytest.mark.parametrize(('name', 'part'), KINDS)
def test_onnx_gives_the_same_at_other_sizes(
    name: str, part: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Of every kind of network; minutes, so that the suite exports the hard steps alone."""
    if not request.config.getoption('--all-configs'):
        pytest.skip('takes minutes: --all-configs runs it')
    pytest.importorskip('onnxscript')
    pytest.importorskip('onnxruntime')
    check_kind(name, part, tmp_path / 'network.onnx')


class HardSteps(nn.Module):
    """What exports go wrong at: the loop, pooling by share, sizes that are halved and doubled."""

    def __init__(self) -> None:
        super().__init__()
        self.data_preprocessor = nn.Module()
        self.data_preprocessor.register_buffer('mean', torch.full((3, 1, 1), 100.0))
        self.data_preprocessor.register_buffer('std', torch.full((3, 1, 1), 50.0))
        self.pool = nn.AdaptiveAvgPool2d((2, 3))

    def network(self, image: Tensor, foreground: Tensor) -> dict[str, Tensor]:
        half = F.max_pool2d(image, 3, stride=2, padding=1)
        mask = F.interpolate(foreground.float(), size=half.shape[-2:], mode='nearest')
        filled = max_pool_inpainting(half, mask)
        pooled = F.interpolate(
            self.pool(filled), size=image.shape[-2:], mode='bilinear', align_corners=False
        )
        return dict(filled=filled, pooled=pooled, classes=pooled.argmax(dim=1))

    def graphs(self) -> dict[str, Graph]:
        return dict(network=Graph(self.network, dict(image=IMAGE, foreground=HOLE)))


@pytest.mark.parametrize('suffix', ['.onnx', '.pt2'])
def test_the_hard_steps_are_for_all_sizes(suffix: str, tmp_path: Path) -> None:
    pytest.importorskip('onnxscript')
    pytest.importorskip('onnxruntime')
    pair = (
        ExportedNetwork(model, graphs_of(model)['network']) for model in (HardSteps(), HardSteps())
    )
    check_file(*pair, tmp_path / f'steps{suffix}')


def test_pooling_follows_the_size() -> None:
    generator = torch.Generator().manual_seed(0)
    for size in ((1, 1), (2, 3), (6, 6), (1, 4)):
        for height, width in ((6, 6), (7, 13), (24, 31), (5, 4)):
            maps = torch.randn(2, 3, height, width, generator=generator)
            expected = F.adaptive_avg_pool2d(maps, size)
            torch.testing.assert_close(ShapedAvgPool2d(size)(maps), expected)


def test_the_command_writes_a_file_that_describes_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_street(tmp_path / 'data', 1, 1)
    config = tiny_config(tmp_path, tmp_path / 'data')
    model = build_model(Config.fromfile(config).model, seed=3)
    checkpoint, out = tmp_path / 'weights.pth', tmp_path / 'network.pt'
    torch.save(dict(state_dict=model.state_dict(), meta={}), checkpoint)
    main([str(config), str(checkpoint), str(out)])
    printed = capsys.readouterr().out
    assert 'image: uint8 nx3xhxw' in printed
    assert 'background 3x1x37x115: share that differs 0' in printed
    note = read_note(out)
    assert note['classes'] == ['road', 'sidewalk', 'other']
    assert note['checkpoint_sha256'] == hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    assert note['inputs']['image'] == dict(shape=['n', 3, 'h', 'w'], dtype='uint8')

    generator = np.random.default_rng(0)
    photo = generator.integers(0, 256, (1, 3, 40, 56), np.uint8)
    found = load_exported(out)(dict(image=photo))
    batch = model.data_preprocessor(dict(inputs=list(torch.from_numpy(photo).flip(1))))
    with torch.no_grad():
        (expected,) = model.eval().predict(batch['inputs'], [SceneSample(metainfo=SIZES)])
    np.testing.assert_array_equal(found['background'][0], expected.pred_background.data.numpy())
    np.testing.assert_allclose(
        found['foreground_prob'][0], expected.pred_foreground_prob.data.numpy(), atol=1e-5
    )


@pytest.mark.parametrize(
    ('arguments', 'sentence'),
    [
        (['telea_street', 'x.pt'], 'OpenCVInpainter has no part that can leave Python'),
        (['sgenet_small_street', 'x.pt', '--part', 'y'], 'choose from network'),
        (['telea_street', 'x.txt'], 'must end in .onnx, .pt2, .pt, .ts'),
        (['telea_street', 'a', 'b', 'x.pt'], 'give one checkpoint and one output'),
    ],
)
def test_mistakes_are_said_in_a_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert sentence in capsys.readouterr().err


def test_a_file_that_was_not_exported(tmp_path: Path) -> None:
    with pytest.raises(UserError, match='does not exist'):
        load_exported(tmp_path / 'network.onnx')
    torch.jit.save(torch.jit.script(nn.Identity()), tmp_path / 'other.pt')
    with pytest.raises(UserError, match='was not written by seginpaint export'):
        read_note(tmp_path / 'other.pt')
