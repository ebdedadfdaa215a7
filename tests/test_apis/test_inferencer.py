"""The inferencer on files, folders and arrays with a real network."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope

from seginpaint_mm.apis import SegInpaintInferencer
from seginpaint_mm.errors import UserError


@pytest.fixture(scope='module')
def inferencer(work_dir: Path) -> SegInpaintInferencer:
    return SegInpaintInferencer(work_dir, device='cpu', show_progress=False)


def photo(seed: int, height: int = 32, width: int = 48) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def save(folder: Path, **images: np.ndarray) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, image in images.items():
        cv2.imwrite(str(folder / f'{name}.png'), image)
    return folder


def test_our_parts_inside_those_of_mmseg_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DefaultScope, '_instance_dict', {})  # as in a fresh process
    config = Path(__file__).parents[2] / 'configs' / 'mpi' / 'pspnet_r18_street.py'
    loss = SegInpaintInferencer(config, device='cpu').model.background_head.loss_decode
    assert type(loss).__name__ == 'ClassWeightedCrossEntropyLoss'


def test_arrays_give_samples_and_pictures(inferencer: SegInpaintInferencer) -> None:
    results = inferencer([photo(0), photo(1, 40, 24)])
    assert results['failures'] == []
    for sample, shape in zip(results['predictions'], [(32, 48), (40, 24)], strict=True):
        assert sample.pred_background.data.shape == (1, *shape)
        assert sample.pred_background.data.dtype == torch.int64
        assert sample.pred_foreground.data.dtype == torch.uint8
        assert set(sample.pred_background.data.unique().tolist()) <= {0, 1, 2}
    assert all(picture.dtype == np.uint8 for picture in results['visualization'])


def test_batches_give_what_single_images_give(inferencer: SegInpaintInferencer) -> None:
    images = [photo(0), photo(1), photo(2, 24, 24), photo(3, 24, 24), photo(4)]
    single = inferencer(images, batch_size=1)['predictions']
    batched = inferencer(images, batch_size=3)['predictions']
    for one, other in zip(single, batched, strict=True):
        torch.testing.assert_close(
            one.pred_foreground_prob.data, other.pred_foreground_prob.data, atol=1e-5, rtol=0
        )
        assert one.img_path == other.img_path


def test_predictions_come_at_the_original_size(work_dir: Path) -> None:
    cfg = Config.fromfile(next(work_dir.glob('*.py')))
    pipeline = cfg.test_dataloader.dataset.pipeline
    pipeline.insert(1, dict(type='mmseg.Resize', scale=(64, 32), keep_ratio=False))
    resizing = SegInpaintInferencer(cfg, work_dir / 'epoch_1.pth', 'cpu', show_progress=False)
    sample = resizing(photo(0, 90, 70))['predictions'][0]
    for field in ('pred_background', 'pred_sem_seg', 'pred_foreground', 'pred_foreground_prob'):
        assert sample.get(field).data.shape == (1, 90, 70), field
    probability = sample.pred_foreground_prob.data
    assert torch.equal(sample.pred_foreground.data, (probability > 0.5).to(torch.uint8))


@pytest.mark.parametrize('size', [(1, 1), (1, 37), (33, 17)])
def test_odd_sizes(inferencer: SegInpaintInferencer, size: tuple[int, int]) -> None:
    sample = inferencer(photo(0, *size))['predictions'][0]
    assert sample.pred_background.data.shape == (1, *size)


def test_out_dir_holds_everything_and_overwrites_nothing(
    inferencer: SegInpaintInferencer, tmp_path: Path
) -> None:
    save(tmp_path / 'in' / 'x', a=photo(0))
    save(tmp_path / 'in' / 'y', a=photo(1))
    out = tmp_path / 'out'
    results = inferencer(tmp_path / 'in', out_dir=out, recursive=True)
    summary = json.loads((out / 'predictions.json').read_text())
    assert summary['classes'] == ['road', 'sidewalk', 'other']
    assert summary['failures'] == []
    for entry, sample in zip(summary['predictions'], results['predictions'], strict=True):
        background = cv2.imread(str(out / entry['background']), cv2.IMREAD_UNCHANGED)
        assert (background == sample.pred_background.data[0].numpy()).all()
        foreground = cv2.imread(str(out / entry['foreground']), cv2.IMREAD_UNCHANGED)
        assert (foreground == sample.pred_foreground.data[0].numpy()).all()
        assert cv2.imread(str(out / entry['picture'])) is not None
        assert sum(entry['background_percent'].values()) == pytest.approx(100, abs=0.01)
    written = {path.relative_to(out).as_posix() for path in out.rglob('*.*')}
    kinds = ('vis', 'pred/background', 'pred/foreground')
    expected = {f'{kind}/{name}.png' for kind in kinds for name in ('x/a', 'y/a')}
    assert written == expected | {'predictions.json'}


def test_one_bad_file_does_not_stop_the_others(
    inferencer: SegInpaintInferencer, tmp_path: Path
) -> None:
    folder = save(tmp_path / 'in', a=photo(0), c=photo(1))
    (folder / 'b.png').write_bytes(b'no image')
    results = inferencer([folder, tmp_path / 'absent.png'], 2, tmp_path / 'out')
    assert len(results['predictions']) == 2
    damaged, absent = results['failures']
    assert damaged.startswith(f'{folder / "b.png"}: cannot be read as an image')
    assert absent.startswith(f'{tmp_path / "absent.png"}: there is no such file')
    summary = json.loads((tmp_path / 'out' / 'predictions.json').read_text())
    assert [failure['reason'] for failure in summary['failures']] == results['failures']


def test_bad_array_is_named(inferencer: SegInpaintInferencer) -> None:
    results = inferencer([photo(0), np.zeros((4, 4, 3))])
    assert len(results['predictions']) == 1
    assert results['failures'][0].startswith('array image_00001 (4, 4, 3): an image array must')


def test_weights_matter_and_best_is_preferred(work_dir: Path, tmp_path: Path) -> None:
    checkpoint = torch.load(work_dir / 'epoch_1.pth', weights_only=True)
    other = {k: v * 1.1 for k, v in checkpoint['state_dict'].items() if v.is_floating_point()}
    torch.save(dict(state_dict=checkpoint['state_dict'] | other), tmp_path / 'best_fg_mIoU.pth')
    config = next(work_dir.glob('*.py'))
    (tmp_path / config.name).write_text(config.read_text())
    (tmp_path / 'last_checkpoint').write_text('epoch_1.pth')
    best = SegInpaintInferencer(tmp_path, device='cpu', show_progress=False)
    named = SegInpaintInferencer(config, tmp_path / 'best_fg_mIoU.pth', 'cpu', False)
    last = SegInpaintInferencer(work_dir, device='cpu', show_progress=False)
    answers = [
        one(photo(0))['predictions'][0].pred_foreground_prob.data for one in (best, named, last)
    ]
    assert torch.equal(answers[0], answers[1])
    assert not torch.equal(answers[0], answers[2])


def test_what_is_missing_is_told(work_dir: Path, tmp_path: Path) -> None:
    config = next(work_dir.glob('*.py'))
    with pytest.raises(UserError, match=r'absent\.py does not exist'):
        SegInpaintInferencer(tmp_path / 'absent.py')
    with pytest.raises(UserError, match=r'a work dir of tools/train\.py holds one config'):
        SegInpaintInferencer(tmp_path)
    with pytest.raises(UserError, match=r'absent\.pth does not exist'):
        SegInpaintInferencer(config, tmp_path / 'absent.pth')
    with pytest.raises(UserError, match=r"Device 'cuda:99' cannot be used here"):
        SegInpaintInferencer(work_dir, device='cuda:99')
    (tmp_path / config.name).write_text(config.read_text())
    with pytest.raises(UserError, match='no checkpoint was saved here yet'):
        SegInpaintInferencer(tmp_path)


def test_empty_batches_are_refused(inferencer: SegInpaintInferencer) -> None:
    with pytest.raises(UserError, match='must be at least 1, not 0'):
        inferencer(photo(0), batch_size=0)


def test_unwritable_out_dir_is_told(inferencer: SegInpaintInferencer, tmp_path: Path) -> None:
    (tmp_path / 'out').write_text('a file')
    with pytest.raises(OSError, match='choose another folder'):
        inferencer(photo(0), out_dir=tmp_path / 'out')


@pytest.mark.parametrize('folder', [3, ['out'], b'out', True])
def test_out_dir_of_another_type_is_named(inferencer: SegInpaintInferencer, folder: object) -> None:
    with pytest.raises(UserError, match=f'out_dir is the path .* not {type(folder).__name__}'):
        inferencer(photo(0), out_dir=folder)


def test_classes_of_mmsegs_segmentors(tmp_path: Path) -> None:
    config = Path(__file__).parents[2] / 'configs' / 'fcrn' / 'fcrn_r18_cityscapes-128x256.py'
    segmentor = SegInpaintInferencer(config, device='cpu', show_progress=False)
    save(tmp_path / 'in', a=photo(0, 37, 50))
    out = tmp_path / 'out'
    (sample,) = segmentor(tmp_path / 'in', out_dir=out)['predictions']
    assert sample.pred_sem_seg.data.shape == (1, 37, 50)
    (entry,) = json.loads((out / 'predictions.json').read_text())['predictions']
    classes = cv2.imread(str(out / entry['sem_seg']), cv2.IMREAD_UNCHANGED)
    assert (classes == sample.pred_sem_seg.data[0].numpy()).all()
    assert entry['sem_seg_percent']['car'] == pytest.approx(100 * (classes == 13).mean(), abs=0.01)
