"""The segmentor's sizes, its boxes, and what its objects share."""

import pytest
import torch
from torch import Tensor
from torchvision.ops import roi_pool

from seginpaint_mm.models.segan import AmodalSegmentor
from seginpaint_mm.registry import MODELS
from tests.helpers.model_tester import build_model
from tests.helpers.segan_scenes import MASK_SIZE, PAINTER_SIZE, SIZE, tiny_segmentor


def random_objects(n: int = 5) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    torch.manual_seed(0)
    images, masks = torch.randn(2, 3, *SIZE), torch.rand(n, *SIZE) > 0.5
    corners = torch.randint(0, 20, (n, 2))
    boxes = torch.cat([corners, corners + torch.randint(5, 28, (n, 2))], dim=1).float()
    return images, masks, boxes, torch.arange(n) % 2


def test_paper_sizes() -> None:
    """500x500 images: 16x16 features, 10x10 after pooling (one in 50 pixels), 58x58, 256x256."""
    sizes = []
    thin = dict(type='ObjectResNet', depth=18, base_channels=4)
    config = dict(
        type='AmodalSegmentor',
        backbone=thin,
        in_channels=32,
        loss_mask=dict(type='RegionWeightedBCELoss'),
    )
    segmentor = MODELS.build(config).eval()
    segmentor.backbone.register_forward_hook(lambda *a: sizes.append(tuple(a[-1].shape)))
    with torch.no_grad():
        embedded = segmentor.embed(torch.zeros(1, 3, 500, 500))
        boxes = torch.tensor([[0.0, 0, 500, 500]])
        logits = segmentor(embedded, torch.zeros(1, 500, 500), boxes, torch.tensor([0]))
        full = segmentor.enlarge(logits)
    assert sizes == [(1, 32, 16, 16)]
    assert logits.shape == (1, 58, 58)
    assert full.shape == (1, 256, 256)
    rows, columns = [0, 0, -1], [0, -1, -1]  # corners are kept
    torch.testing.assert_close(full[0, rows, columns], logits.sigmoid()[0, rows, columns])


def test_paper_parameters() -> None:
    config = dict(type='AmodalSegmentor', loss_mask=dict(type='RegionWeightedBCELoss'))
    with torch.device('meta'):
        segmentor = MODELS.build({**config, 'backbone': dict(type='ObjectResNet', depth=18)})
    resnet18, fourth_channel, fully_connected = 11_176_512, 64 * 49, (512 * 36 + 1) * 3364
    expected = resnet18 + fourth_channel + fully_connected
    assert sum(p.numel() for p in segmentor.parameters()) == expected


def test_published_roi_pooling() -> None:
    """Boxes of 1-based inclusive pixels at a scale of 1/50 are rounded to cells."""
    segmentor = MODELS.build(tiny_segmentor(roi_size=6))
    features = torch.randn(1, 32, 10, 10)
    box = torch.tensor([[101.0, 52.0, 402.0, 330.0]])
    pooled = segmentor._pool_boxes(features, box, torch.Size([500, 500]))
    rois = torch.tensor([[0.0, 101, 52, 401, 329]])
    torch.testing.assert_close(pooled, roi_pool(features, rois, 6, spatial_scale=1 / 50))


@pytest.mark.parametrize('roi_layer', ['pool', 'align'])
def test_objects_do_not_depend_on_each_other(roi_layer: str) -> None:
    segmentor = build_model(tiny_segmentor(roi_layer=roi_layer)).eval()
    images, masks, boxes, index = random_objects()
    together = segmentor(segmentor.embed(images), masks, boxes, index)
    assert together.shape == (5, MASK_SIZE, MASK_SIZE)
    for n in range(5):
        image = images[index[n : n + 1]]
        alone = segmentor(
            segmentor.embed(image), masks[n : n + 1], boxes[n : n + 1], torch.zeros(1).long()
        )
        torch.testing.assert_close(together[n : n + 1], alone, rtol=1e-4, atol=1e-5)
    moved = segmentor(segmentor.embed(images), ~masks, boxes, index)
    assert not torch.allclose(moved, together)


@pytest.mark.parametrize('changes', [dict(), dict(pool_size=3), dict(roi_layer='align')], ids=str)
def test_every_weight_learns(changes: dict) -> None:
    segmentor = build_model(tiny_segmentor(**changes))
    images, masks, boxes, index = random_objects()
    logits = segmentor(segmentor.embed(images), masks, boxes, index)
    full = torch.rand(logits.shape) > 0.5
    segmentor.loss_mask(logits, full & (torch.rand(logits.shape) > 0.5), full).backward()
    for name, weight in segmentor.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
        assert weight.grad.any(), name


def test_enlarged_probabilities() -> None:
    segmentor = MODELS.build(tiny_segmentor())
    logits = torch.randn(2, MASK_SIZE, MASK_SIZE, requires_grad=True)
    full = segmentor.enlarge(logits)
    assert full.shape == (2, PAINTER_SIZE, PAINTER_SIZE)
    assert full.min() >= 0
    assert full.max() <= 1
    full.sum().backward()
    assert logits.grad.all()


def test_wrong_arguments() -> None:
    with pytest.raises(ValueError, match="roi_layer must be one of .*, not 'pol'"):
        AmodalSegmentor(**{k: v for k, v in tiny_segmentor(roi_layer='pol').items() if k != 'type'})
    segmentor = MODELS.build(tiny_segmentor(pool_size=7))
    images, masks, boxes, index = random_objects()
    with pytest.raises(ValueError, match=r'\(48, 64\) image are \(6, 8\), too small for pool_size'):
        segmentor(segmentor.embed(images), masks, boxes, index)
