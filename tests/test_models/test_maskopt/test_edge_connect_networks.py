"""EdgeConnect's networks: their sizes, and their edges."""

import numpy as np
import pytest
import torch
from torch.nn.utils import parametrize

from seginpaint_mm.models.maskopt import EdgeConnectDiscriminator, EdgeConnectGenerator
from seginpaint_mm.models.maskopt.stages import canny_edges


@pytest.mark.parametrize(
    ('spectral_norm', 'in_channels', 'out_channels'), [(True, 3, 1), (False, 4, 3)]
)
def test_generator_has_edge_connects_weights(
    spectral_norm: bool, in_channels: int, out_channels: int
) -> None:
    """Counted by hand: 7x7 and 4x4 convolutions and 8 blocks of two 3x3 of 256 channels."""
    with torch.device('meta'):
        network = EdgeConnectGenerator(
            in_channels=in_channels, out_channels=out_channels, spectral_norm=spectral_norm
        )
    weights = (
        49 * in_channels * 64
        + 16 * 64 * 128
        + 16 * 128 * 256
        + 8 * 2 * 9 * 256 * 256
        + 16 * 256 * 128
        + 16 * 128 * 64
        + 49 * 64 * out_channels
        + out_channels
    )
    biases = 0 if spectral_norm else 64 + 128 + 256 + 16 * 256 + 128 + 64
    assert sum(weight.numel() for weight in network.parameters()) == weights + biases


def test_generator_keeps_the_size_and_is_bounded_by_spectral_norm() -> None:
    network = EdgeConnectGenerator(
        in_channels=3, out_channels=2, base_channels=8, num_blocks=2, spectral_norm=True
    )
    assert network(torch.rand(2, 3, 20, 28)).shape == (2, 2, 20, 28)
    for _ in range(30):  # power iterations
        network(torch.rand(1, 3, 20, 28))
    weight = network.layers[1].weight
    assert torch.linalg.matrix_norm(weight.flatten(1), 2).item() == pytest.approx(1, abs=0.05)
    assert not parametrize.is_parametrized(network.layers[-1])


def test_discriminator_tells_five_activations() -> None:
    network = EdgeConnectDiscriminator(in_channels=2, base_channels=8)
    found = network(torch.rand(1, 2, 64, 96))
    assert [tuple(a.shape[1:]) for a in found] == [
        (8, 32, 48),
        (16, 16, 24),
        (32, 8, 12),
        (64, 7, 11),
        (1, 6, 10),
    ]


def step(size: int = 64) -> torch.Tensor:
    picture = torch.zeros(1, 3, size, size)
    picture[..., size // 2 :] = 1
    return picture


def test_edges_lie_where_the_picture_changes() -> None:
    edges = canny_edges(step())
    assert edges.dtype == torch.float32
    assert set(edges.unique().tolist()) == {0.0, 1.0}
    columns = edges[0, 0, 8:-8].nonzero()[:, 1].unique().tolist()
    assert set(columns) <= {31, 32}
    assert edges[0, 0, 8:-8].sum() == 48, 'a line one pixel wide'
    assert not canny_edges(torch.full((1, 3, 64, 64), 0.5)).any()
    assert not canny_edges(0.02 * step()).any(), 'too weak'


def test_edges_are_found_from_the_documented_gradient_on() -> None:
    """Of a step of height h, blurred with sigma 2, the slope is h / (2 sqrt(2 pi))."""
    strengths = [h for h in np.linspace(0.01, 0.3, 30) if canny_edges(h * step()).any()]
    threshold = 0.2 * 2 * np.sqrt(2 * np.pi) / 8  # Sobel's operator gives eight times the slope
    assert strengths[0] == pytest.approx(threshold, abs=0.015)


def test_what_is_not_seen_has_no_influence_and_no_edges() -> None:
    valid = torch.ones(1, 1, 64, 64, dtype=torch.bool)
    valid[..., 20:40, 10:30] = False
    generator = torch.Generator().manual_seed(0)
    picture = torch.rand(1, 3, 64, 64, generator=generator)
    other = torch.where(valid, picture, torch.rand(1, 3, 64, 64, generator=generator))
    edges = canny_edges(picture, valid)
    assert torch.equal(edges, canny_edges(other, valid))
    assert not edges[~valid].any()
    flat = torch.where(valid, torch.full_like(picture, 0.5), picture)
    assert not canny_edges(flat, valid).any(), "the hole's own outline is no edge"
