"""FCRNHead: its field of view, where it reads labels, and what it trains."""

import pytest
import torch
from mmengine.structures import PixelData
from torch.nn.functional import cross_entropy, interpolate

from seginpaint_mm.models.fcrn import DilatedClassifier, FCRNHead, field_of_view
from seginpaint_mm.models.fcrn.fcrn_head import labels_at
from seginpaint_mm.structures import SceneSample
from tests.helpers.model_tester import build_model

# Depth, resolution 1/stride, kernel, dilation, FoV: every row of the paper's tables.
TABLE_1 = [
    (depth, *row)
    for depth in (50, 101)
    for row in (
        (16, 3, 6, 208),
        (8, 3, 6, 104),
        (8, 3, 12, 200),
        (8, 3, 18, 296),
        (8, 5, 6, 200),
        (8, 5, 12, 392),
        (8, 7, 6, 296),
    )
]
TABLE_3 = [
    *TABLE_1,
    (50, 8, 5, 18, 584),
    (50, 8, 7, 12, 584),
    *((152, *row[1:]) for row in TABLE_1[:7]),
]


@pytest.mark.parametrize(('depth', 'stride', 'kernel', 'dilation', 'expected'), TABLE_1 + TABLE_3)
def test_field_of_view_of_every_row_of_tables_1_and_3(
    depth: int, stride: int, kernel: int, dilation: int, expected: int
) -> None:
    """By the formula, and by what the classifier itself says."""
    assert field_of_view(kernel, dilation, stride) == expected
    classifier = DilatedClassifier(
        in_channels=1, out_channels=1, kernel_size=kernel, dilation=dilation
    )
    assert classifier.field_of_view * stride == expected


def build_head(**arguments: object) -> FCRNHead:
    config = dict(
        type='FCRNHead', in_channels=6, num_classes=4, kernel_size=3, dilation=2, **arguments
    )
    return build_model(config)


def samples(height: int, width: int) -> list[SceneSample]:
    generator = torch.Generator().manual_seed(0)
    result = [SceneSample(), SceneSample()]
    for sample in result:
        labels = torch.randint(0, 4, (1, height, width), generator=generator)
        labels[:, :3] = 255
        sample.gt_sem_seg = PixelData(data=labels)
    return result


def test_logits_have_the_size_of_the_features() -> None:
    head = build_head(hidden_channels=(5,), dropout_ratio=0.5)
    maps = [torch.rand(2, 3, 4, 4), torch.rand(2, 6, 7, 9)]
    assert head(maps).shape == (2, 4, 7, 9)
    assert not hasattr(head, 'conv_seg')


@pytest.mark.parametrize(('size', 'stride'), [((16, 24), 8), ((32, 16), 16), ((6, 9), 1)])
def test_labels_are_read_in_the_middle_of_each_predicted_pixel(
    size: tuple[int, int], stride: int
) -> None:
    """Pixel (i, j) of a map stands for the point ((j + .5) stride, (i + .5) stride)."""
    rows = torch.arange(size[0])[:, None].expand(size)
    columns = torch.arange(size[1]).expand(size)
    small = size[0] // stride, size[1] // stride
    assert labels_at(rows, small)[:, 0].tolist() == [
        int((i + 0.5) * stride) for i in range(small[0])
    ]
    assert labels_at(columns, small)[0].tolist() == [
        int((j + 0.5) * stride) for j in range(small[1])
    ]


def test_labels_of_any_size_are_those_of_pytorch() -> None:
    labels = torch.randint(0, 256, (2, 1, 37, 53))
    expected = interpolate(labels.float(), size=(5, 7), mode='nearest-exact').long()
    assert torch.equal(labels_at(labels, (5, 7)), expected)


def test_loss_at_the_predictions_resolution() -> None:
    head, truth = build_head(), samples(32, 48)
    logits = torch.randn(2, 4, 4, 6)
    losses = head.loss_by_feat(logits, truth)
    labels = torch.stack([sample.gt_sem_seg.data[0, 4::8, 4::8] for sample in truth])
    torch.testing.assert_close(losses['loss_ce'], cross_entropy(logits, labels, ignore_index=255))
    assert truth[0].gt_sem_seg.data.shape == (1, 32, 48)


def test_loss_at_the_labels_resolution() -> None:
    head, truth = build_head(loss_resolution='label'), samples(32, 48)
    logits = torch.randn(2, 4, 4, 6)
    losses = head.loss_by_feat(logits, truth)
    enlarged = interpolate(logits, size=(32, 48), mode='bilinear')
    labels = torch.stack([sample.gt_sem_seg.data[0] for sample in truth])
    torch.testing.assert_close(losses['loss_ce'], cross_entropy(enlarged, labels, ignore_index=255))


def test_several_losses_are_told_apart() -> None:
    head = build_head(
        loss_decode=[
            dict(type='mmseg.CrossEntropyLoss', avg_non_ignore=True, loss_name='loss_plain'),
            dict(type='BootstrappedCrossEntropyLoss', num_pixels=3, loss_name='loss_hard'),
        ]
    )
    losses = head.loss_by_feat(torch.randn(2, 4, 4, 6), samples(32, 48))
    assert losses['loss_hard'] > losses['loss_plain'] > 0


@pytest.mark.parametrize(
    ('arguments', 'sentence'),
    [
        ({'loss_resolution': 'image'}, "loss_resolution must be one of .* not 'image'"),
        ({'kernel_size': 4}, 'kernel_size must be odd'),
    ],
)
def test_wrong_arguments_are_told(arguments: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        FCRNHead(in_channels=6, num_classes=4, **arguments)
