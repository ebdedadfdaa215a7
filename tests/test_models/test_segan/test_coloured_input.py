"""Eq. (1): colours, and the gradient that they hand on."""

import pytest
import torch

from seginpaint_mm.models.segan.painting import average_gradient, coloured_input

IMAGE = torch.full((1, 3, 2, 2), 0.25)
VISIBLE = torch.tensor([[[True, False], [False, True]]])
FULL = torch.tensor([[[0.9, 0.8], [0.3, 0.1]]])


def test_colours() -> None:
    coloured = coloured_input(IMAGE, VISIBLE, FULL)
    assert coloured[0, :, 0, 0].tolist() == [0.25] * 3
    assert coloured[0, :, 0, 1].tolist() == [1, 0, 0]  # thought to be hidden
    assert coloured[0, :, 1, 0].tolist() == [0, 0, 1]
    assert coloured[0, :, 1, 1].tolist() == [0.25] * 3  # seen, though not in the full mask
    mixed = coloured_input(IMAGE, VISIBLE, FULL, 'soft')
    torch.testing.assert_close(mixed[0, :, 0, 1], torch.tensor([0.8, 0, 0.2]))
    torch.testing.assert_close(mixed[0, :, 1, 0], torch.tensor([0.3, 0, 0.7]))


def test_hard_masks_give_the_equation() -> None:
    """I SV + R (O - SV) + B (1 - O), where the visible mask is in the full one."""
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(2, 3, 6, 5, generator=generator)
    full = torch.rand(2, 6, 5, generator=generator) < 0.6
    visible = full & (torch.rand(2, 6, 5, generator=generator) < 0.5)
    o, sv = full[:, None].float(), visible[:, None].float()
    red, blue = torch.eye(3)[[0, 2], :, None, None]
    expected = image * sv + red * (o - sv) + blue * (1 - o)
    for mask_gradient in ('straight_through', 'soft'):
        coloured = coloured_input(image, visible, full.float(), mask_gradient)
        torch.testing.assert_close(coloured, expected, rtol=0, atol=0)


@pytest.mark.parametrize(
    ('mask_gradient', 'gradient'), [('straight_through', 1.0), ('soft', 1.0 - 10.0)]
)
def test_gradient_reaches_what_is_not_seen(mask_gradient: str, gradient: float) -> None:
    full = FULL.clone().requires_grad_()
    coloured = coloured_input(IMAGE, VISIBLE, full, mask_gradient)
    (coloured * torch.tensor([1.0, 100.0, 10.0])[:, None, None]).sum().backward()
    assert full.grad.tolist() == [[[0.0, gradient], [gradient, 0.0]]]


def test_the_published_gradient_is_an_average() -> None:
    """The mean over each cell of what the enlarged mask gets, and half of it, as colours differ."""
    probabilities = torch.rand(1, 3, 3, requires_grad=True)
    enlarged = torch.rand(1, 12, 12)
    found = average_gradient(probabilities, enlarged)
    assert torch.equal(found, enlarged)
    gradient = torch.arange(144.0).view(1, 12, 12)
    found.backward(gradient)
    expected = gradient.view(1, 3, 4, 3, 4).mean(dim=(2, 4)) / 2
    torch.testing.assert_close(probabilities.grad, expected)
