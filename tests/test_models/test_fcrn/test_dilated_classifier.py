"""The classifier keeps the size, and sees as far as the formula of Tables 1 and 3 says."""

import pytest
import torch

from seginpaint_mm.models.fcrn import DilatedClassifier


def seen_width(classifier: DilatedClassifier, size: int) -> int:
    """Width of the region that the middle pixel of the result depends on, by its gradient."""
    features = torch.zeros(1, 1, size, size, requires_grad=True)
    for parameter in classifier.parameters():
        torch.nn.init.constant_(parameter, 1.0)
    classifier.eval()(features)[0, 0, size // 2, size // 2].backward()
    columns = features.grad[0, 0].abs().sum(0).nonzero()
    return int(columns.max() - columns.min()) + 1


@pytest.mark.parametrize(('kernel', 'dilation'), [(1, 1), (3, 2), (5, 1), (5, 3), (7, 2)])
@pytest.mark.parametrize('hidden', [(), (2,), (2, 3)])
def test_field_of_view(kernel: int, dilation: int, hidden: tuple[int, ...]) -> None:
    classifier = DilatedClassifier(
        in_channels=1,
        out_channels=1,
        kernel_size=kernel,
        dilation=dilation,
        hidden_channels=hidden,
    )
    assert seen_width(classifier, size=61) == classifier.field_of_view
    if not hidden:
        assert classifier.field_of_view == (kernel - 1) * dilation + 1


@pytest.mark.parametrize('size', [(1, 1), (5, 9), (16, 7)])
def test_keeps_the_size(size: tuple[int, int]) -> None:
    classifier = DilatedClassifier(in_channels=4, out_channels=7, hidden_channels=(6,), dropout=0.5)
    assert classifier(torch.rand(2, 4, *size)).shape == (2, 7, *size)


def test_drops_whole_channels_while_training() -> None:
    classifier = DilatedClassifier(in_channels=4, out_channels=1, kernel_size=1, dropout=1.0)
    result = classifier.train()(torch.rand(1, 4, 3, 3))
    assert torch.allclose(result, classifier.conv.bias.expand_as(result))
    assert not torch.allclose(classifier.eval()(torch.rand(1, 4, 3, 3)), result)


def test_even_kernel_is_told() -> None:
    with pytest.raises(ValueError, match='kernel_size must be odd, not 4'):
        DilatedClassifier(in_channels=1, out_channels=1, kernel_size=4)
