"""An exported file in the inferencer gives what the model gives."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config

from seginpaint_mm.apis import SegInpaintInferencer
from seginpaint_mm.commands.export import main
from seginpaint_mm.errors import UserError
from tests.helpers.inpainting_batches import smooth_picture
from tests.helpers.maskopt_scenes import image, tiny_inpainter
from tests.helpers.model_tester import build_model
from tests.helpers.sgenet_scenes import tiny_sgenet
from tests.helpers.tiny_run import tiny_config, write_tiny_street

PAIRS = dict(type='PairsDataset', data_root='', pipeline=[dict(type='PackScene')])
TEST = dict(
    default_scope='seginpaint_mm',
    custom_imports=dict(imports=['seginpaint_mm.interop.mmagic']),
    test_dataloader=dict(
        dataset=PAIRS, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=False)
    ),
    test_evaluator=[dict(type='InpaintingQualityMetric')],
    test_cfg=dict(),
)


def exported(config: Path, folder: Path, *options: str) -> tuple[Path, Path]:
    """A checkpoint of random weights, and the file that is made of it."""
    checkpoint, out = folder / 'weights.pth', folder / 'network.pt'
    model = build_model(Config.fromfile(config).model, seed=1)
    torch.save(dict(state_dict=model.state_dict(), meta={}), checkpoint)
    main([str(config), str(checkpoint), str(out), '--no-check', *options])
    return checkpoint, out


def photos() -> list[np.ndarray]:
    return [
        smooth_picture(size, seed).numpy().transpose(1, 2, 0)
        for seed, size in enumerate([(75, 90), (64, 96)])
    ]


@pytest.mark.parametrize('raw', ['uint8', 'normalised'])
def test_a_network_of_images(raw: str, tmp_path: Path) -> None:
    config = tiny_config(tmp_path, write_tiny_street(tmp_path / 'data', 1, 1))
    checkpoint, out = exported(config, tmp_path, '--input', raw)
    results = []
    for model, weights in ((config, checkpoint), (out, None)):
        inferencer = SegInpaintInferencer(model, weights, show_progress=False)
        results.append(inferencer(photos(), batch_size=2))
        assert inferencer.visualizer.dataset_meta['classes'][0] == 'road'
    for expected, found in zip(*(result['predictions'] for result in results), strict=True):
        for name in ('pred_background', 'pred_sem_seg', 'pred_foreground'):
            assert torch.equal(expected.get(name).data, found.get(name).data)
        torch.testing.assert_close(
            expected.pred_foreground_prob.data, found.pred_foreground_prob.data
        )
    for expected, found in zip(*(result['visualization'] for result in results), strict=True):
        np.testing.assert_array_equal(expected, found)


def test_a_network_of_images_and_holes(tmp_path: Path) -> None:
    """Sides that the network does not take are padded alike."""
    config = tmp_path / 'config.py'
    cfg = Config(dict(model=tiny_sgenet(), **TEST))
    cfg.dump(config)
    checkpoint, out = exported(config, tmp_path)
    photo = photos()[0]
    hole = np.zeros((1, *photo.shape[:2]), bool)
    hole[:, 20:50, 30:60] = True
    (expected,), (found,) = (
        SegInpaintInferencer(model, weights, show_progress=False)(photo, masks=hole, draw=False)[
            'predictions'
        ]
        for model, weights in ((config, checkpoint), (out, None))
    )
    difference = expected.pred_image.data.int() - found.pred_image.data.int()
    assert difference.abs().max() <= 1
    assert (difference != 0).float().mean() < 0.01
    outside = found.pred_image.data[:, ~torch.from_numpy(hole[0])]
    assert torch.equal(outside, torch.from_numpy(photo[..., ::-1][~hole[0]].T.copy()))
    assert torch.equal(expected.pred_sem_seg.data, found.pred_sem_seg.data)


def test_what_cannot_be_run(tmp_path: Path) -> None:
    with pytest.raises(UserError, match='does not exist'):
        SegInpaintInferencer(tmp_path / 'absent.onnx')
    with pytest.raises(UserError, match='leave the checkpoint out'):
        SegInpaintInferencer(tmp_path / 'network.onnx', 'weights.pth')
    config = tmp_path / 'config.py'
    model = tiny_inpainter(segmentation=None, image=image(1))
    cfg = Config(dict(model=model, **TEST))
    cfg.dump(config)
    _, out = exported(config, tmp_path)
    with pytest.raises(UserError, match='takes edges beside images and holes'):
        SegInpaintInferencer(out)
