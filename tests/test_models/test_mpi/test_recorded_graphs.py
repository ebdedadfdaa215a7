"""Networks whose operators are recorded: compiled, exported and traced, against eager ones."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from torch import Tensor, nn
from torch._dynamo.testing import CompileCounterWithBackend

from seginpaint_mm.models.mpi import max_pool_inpainting, max_pool_inpainting_reference
from seginpaint_mm.ops.upsampled_conv import UpsampledConv2d
from tests.helpers.model_tester import build_model

MODELS = Path(__file__).parents[3] / 'configs' / '_base_' / 'models'
CUSTOM_OP = hasattr(torch.library, 'custom_op')
needs_custom_op = pytest.mark.skipif(not CUSTOM_OP, reason='PyTorch has custom_op since 2.4')
SIZES = [(2, 16, 24), (1, 7, 13), (3, 9, 31)]  # N, H, W; the first is the one that is recorded
MASKS = ('noise', 'square', 'empty', 'full', 'mixed')


class Operator(nn.Module):
    def __init__(self, merge: str = 'dilated', detach: bool = False) -> None:
        super().__init__()
        self.options = dict(merge=merge, detach=detach)

    def forward(self, features: Tensor, foreground: Tensor, padding: Tensor) -> Tensor:
        return max_pool_inpainting(features, foreground, padding=padding, **self.options)


def case(size: tuple[int, int, int], mask: str) -> tuple[Tensor, Tensor, Tensor]:
    samples, height, width = size
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(samples, 3, height, width, generator=generator)
    foreground = torch.zeros(samples, 1, height, width, dtype=torch.bool)
    if mask == 'noise':
        foreground = torch.rand(foreground.shape, generator=generator) < 0.05
    elif mask == 'square':
        foreground[:, :, 1 : height - 2, 1 : width - 3] = True
    elif mask == 'full':
        foreground[:] = True
    elif mask == 'mixed':
        foreground[0] = True
        foreground[1:, :, :4] = True
    padding = torch.zeros_like(foreground)
    padding[-1, :, height - 2 :] = True
    return features, foreground, padding


def expected(merge: str, inputs: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    return max_pool_inpainting_reference(inputs[0], inputs[1], padding=inputs[2], merge=merge)


@needs_custom_op
@pytest.mark.parametrize('merge', ['dilated', 'mask'])
@pytest.mark.parametrize('detach', [False, True])
def test_the_compiled_operator_equals_the_loop_and_its_gradient(merge: str, detach: bool) -> None:
    backend = CompileCounterWithBackend('aot_eager')
    operator = torch.compile(Operator(merge, detach), backend=backend, fullgraph=True, dynamic=True)
    for size, mask in zip(SIZES, ('noise', 'square', 'mixed'), strict=True):
        features, foreground, padding = case(size, mask)
        gradients = []
        for function in (operator, max_pool_inpainting_reference):
            leaf = features.clone().requires_grad_()
            options = {} if function is operator else dict(merge=merge, detach=detach)
            output = function(leaf, foreground, padding=padding, **options)
            assert torch.equal(output, expected(merge, (features, foreground, padding)))
            output.square().sum().backward()
            gradients.append(leaf.grad)
        torch.testing.assert_close(*gradients)
    assert backend.frame_count <= 2


@needs_custom_op
def test_the_operators_keep_the_rules_of_custom_operators() -> None:
    features, foreground, padding = case((2, 6, 9), 'square')
    arguments = (features.requires_grad_(), foreground, padding, True, False)
    operators = torch.ops.seginpaint_mm
    torch.library.opcheck(operators.max_pool_inpainting.default, arguments)
    layer = UpsampledConv2d(3, 4)
    inputs = (torch.randn(2, 3, 5, 6, requires_grad=True), layer.weight, layer.bias)
    torch.library.opcheck(operators.upsampled_conv.default, inputs)


@pytest.mark.slow
@needs_custom_op
def test_the_exported_operator_equals_the_loop_at_any_size() -> None:
    batch, height, width = (torch.export.Dim(name, min=1) for name in ('n', 'h', 'w'))
    shape = {0: batch, 2: height, 3: width}
    for merge in ('dilated', 'mask'):
        exported = torch.export.export(
            Operator(merge), case(SIZES[0], 'square'), dynamic_shapes=(shape,) * 3
        ).module()
        for size in SIZES:
            for mask in MASKS:
                inputs = case(size, mask)
                assert torch.equal(exported(*inputs), expected(merge, inputs)), (size, mask)


def test_the_traced_operator_equals_the_loop_at_any_size() -> None:
    for merge in ('dilated', 'mask'):
        traced = torch.jit.trace(Operator(merge), case(SIZES[0], 'square'))
        for size in SIZES:
            for mask in MASKS:
                inputs = case(size, mask)
                assert torch.equal(traced(*inputs), expected(merge, inputs)), (size, mask)


@needs_custom_op
@pytest.mark.parametrize('base', ['pspnet_r18', 'pspnet_r18_shared'])
def test_a_compiled_network_is_one_graph(base: str) -> None:
    model = build_model(Config.fromfile(MODELS / f'{base}.py').model).eval()
    images = torch.randn(1, 3, 64, 96)
    with torch.no_grad():
        explanation = torch._dynamo.explain(model)(images)
    assert explanation.graph_break_count == 0, explanation.break_reasons
    assert explanation.graph_count == 1
    names = {str(node.target) for graph in explanation.graphs for node in graph.graph.nodes}
    assert any('max_pool_inpainting' in name for name in names)
    assert any('upsampled_conv' in name for name in names)
