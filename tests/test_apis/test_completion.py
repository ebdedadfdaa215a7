"""Objects completed by a small SeGAN: at the image's size, in files, with clear errors."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.structures import InstanceData

from seginpaint_mm.apis import SegInpaintInferencer
from seginpaint_mm.apis.mask_sources import VisibleObjects
from seginpaint_mm.apis.tasks import find_task
from seginpaint_mm.apis.tasks.completion import full_masks_in_photo, objects_at_original_size
from seginpaint_mm.datasets import COCOADataset, LoadAmodalObjects, LoadSceneImage
from seginpaint_mm.errors import CheckpointError, UserError
from seginpaint_mm.models.segan.segan import SeGAN
from tests.helpers.segan_scenes import PAINTER_SIZE, SIZE, scene, tiny_segan
from tests.helpers.tool_runs import run_here

FRAME = dict(type='FrameObjects', size=SIZE)
STEPS = [
    dict(type='LoadSceneImage'),
    dict(type='LoadAmodalObjects', appearance=True),
    FRAME,
    dict(type='GrowBoxes', share=(0.2, 0.2)),
    dict(type='CropAppearances', size=PAINTER_SIZE),
    dict(type='PackScene'),
]


def config(**changes: object) -> Config:
    dataset = dict(type='DYCEDataset', data_root='nowhere', split='test', pipeline=STEPS)
    return Config(
        dict(model=tiny_segan(**changes), test_dataloader=dict(dataset=dataset), test_cfg=dict())
    )


@pytest.fixture(scope='module')
def inferencer() -> SegInpaintInferencer:
    torch.manual_seed(0)
    return SegInpaintInferencer(config(), device='cpu', show_progress=False)


def photo(size: tuple[int, int] = SIZE, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)


def rectangles(size: tuple[int, int] = SIZE, number: int = 3) -> np.ndarray:
    """Masks, bool (n, *size), side by side, the left ones in front of their right neighbours."""
    masks = np.zeros((number, *size), bool)
    width = size[1] // number
    for index, mask in enumerate(masks):
        mask[size[0] // 4 : size[0] // 2 + index, index * width : index * width + width - 1] = True
    return masks


def save(folder: Path, name: str, image: np.ndarray) -> Path:
    path = folder / f'{name}.png'
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image)
    return path


def test_the_network_decides_at_its_own_size(
    inferencer: SegInpaintInferencer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through files' pipeline and back, an image of the network's size is as in the model."""
    monkeypatch.setattr(inferencer.task, 'occluders', 'any')
    image, sample = scene(3)
    sample.gt_instances = InstanceData(masks=sample.gt_instances.masks)
    masks = sample.gt_instances.masks.numpy()
    with torch.no_grad():
        (expected,) = inferencer.model.test_step(dict(inputs=[image], data_samples=[sample]))
    (found,) = inferencer(image.numpy().transpose(1, 2, 0), masks=masks)['predictions']
    expected, found = expected.pred_instances, found.pred_instances
    assert torch.equal(found.masks, expected.masks)
    assert torch.equal(found.grown_boxes, expected.grown_boxes)
    assert torch.equal(found.full_masks, expected.full_masks)
    torch.testing.assert_close(found.full_probs, expected.full_probs)
    assert torch.equal(found.painted, expected.painted)


@pytest.mark.parametrize('size', [(30, 200), (333, 77), (9, 11), (96, 128)])
def test_any_size(inferencer: SegInpaintInferencer, size: tuple[int, int]) -> None:
    image, masks = photo(size), rectangles(size)
    results = inferencer(image, masks=masks)
    (sample,) = results['predictions']
    found = sample.pred_instances
    np.testing.assert_array_equal(found.masks.numpy(), masks)
    assert found.full_masks.shape == (3, *size)
    assert not (found.masks & ~found.full_masks).any()
    assert sorted(sample.pred_depth_order.order) == [0, 1, 2]
    assert not found.masks.is_inference()
    for row, cutout in enumerate(found.cutouts):
        left, top, right, bottom = found.bboxes[row].int().tolist()
        assert cutout.shape == (bottom - top, right - left, 4)
        window = slice(top, bottom), slice(left, right)
        full = found.full_masks[row].numpy()
        assert full[window].sum() == full.sum()
        np.testing.assert_array_equal(cutout[..., 3] == 255, full[window])
        assert not cutout[~full[window]].any()
        seen = masks[row][window]
        np.testing.assert_array_equal(cutout[seen][:, :3], image[window][seen][:, ::-1])


def test_what_is_found_in_a_small_picture_lands_where_it_is_in_the_large() -> None:
    """Four times as high and twice as wide; the right half of the box is found, and painted red."""
    small = torch.zeros(1, 20, 20, dtype=torch.bool)
    small[0, 5:10, 5:10] = True
    visible = small.numpy().repeat(4, axis=1).repeat(2, axis=2)
    probabilities = torch.zeros(1, 8, 8)
    probabilities[..., 4:] = 1
    painted = torch.zeros(1, 4, 16, 16, dtype=torch.uint8)
    painted[:, 0] = 250
    found = InstanceData(
        masks=small,
        full_masks=small,
        grown_boxes=torch.tensor([[4.0, 4.0, 14.0, 11.0]]),
        full_probs=probabilities,
        scores=torch.ones(1),
        labels=torch.zeros(1, dtype=torch.int64),
        painted=painted,
    )
    image = np.full((80, 40, 3), 50, np.uint8)
    objects = VisibleObjects(visible, ('cup',))
    full = full_masks_in_photo(found, (0.5, 0.25), torch.from_numpy(visible))
    finished = objects_at_original_size(found, (0.5, 0.25), image, objects, full)
    assert finished.grown_boxes.tolist() == [[8, 16, 28, 44]]
    expected = visible.copy()
    expected[0, 16:44, 18:28] = True
    np.testing.assert_array_equal(finished.full_masks.numpy(), expected)
    assert finished.bboxes.tolist() == [[10, 16, 28, 44]]
    assert finished.names == ['cup']
    (cutout,) = finished.cutouts
    assert cutout.shape == (28, 18, 4)
    assert cutout[0, 0].tolist() == [0, 0, 0, 0]
    assert cutout[10, 2].tolist() == [50, 50, 50, 255], 'seen'
    assert cutout[10, 15].tolist() == [250, 0, 0, 255], 'painted'


@pytest.mark.parametrize('most', [1, 2, 5])
def test_few_objects_at_a_time_give_the_same(most: int) -> None:
    masks, image = rectangles(number=7), photo()
    torch.manual_seed(0)
    together, few = (
        SegInpaintInferencer(
            config(), device='cpu', show_progress=False, max_objects_per_batch=number
        )
        for number in (7, most)
    )
    few.model.load_state_dict(together.model.state_dict())
    sizes = []
    few.model.segmentor.register_forward_hook(lambda *call: sizes.append(len(call[-1])))
    (one,), (other,) = (
        inferencer(image, masks=masks)['predictions'] for inferencer in (together, few)
    )
    assert sum(sizes) == 7
    assert max(sizes) == most
    one, other = one.pred_instances, other.pred_instances
    torch.testing.assert_close(other.full_probs, one.full_probs, rtol=0, atol=1e-5)
    assert (one.full_masks != other.full_masks).float().mean() < 0.001
    assert (one.painted.int() - other.painted.int()).abs().max() <= 1


def test_a_folder_of_pictures_and_files(inferencer: SegInpaintInferencer, tmp_path: Path) -> None:
    for name, size in (('x/a', (40, 60)), ('x/b', (40, 60)), ('c', (70, 50))):
        save(tmp_path / 'in', name, photo(size))
    a, c = rectangles((40, 60)), rectangles((70, 50), number=2)
    numbers = (a * np.array([3, 1, 2])[:, None, None]).sum(axis=0)
    save(tmp_path / 'masks', 'x/a', numbers.astype(np.uint16))
    (tmp_path / 'masks' / 'x' / 'b.json').write_text('[]')
    for number, mask in enumerate(c):
        save(tmp_path / 'masks', f'c/{number}', mask.astype(np.uint8) * 255)
    out = tmp_path / 'out'
    results = inferencer(tmp_path / 'in', 2, out, recursive=True, masks=tmp_path / 'masks')
    assert results['failures'] == []
    summary = json.loads((out / 'predictions.json').read_text())
    by_name = {Path(entry['picture']).stem: entry for entry in summary['predictions']}
    assert [len(by_name[name]['objects']) for name in 'abc'] == [3, 0, 2]
    for entry, sample in zip(summary['predictions'], results['predictions'], strict=True):
        check_files(out, entry, sample.pred_instances)
        order = json.loads((out / entry['depth_order']).read_text())
        assert order == json.loads(
            json.dumps(sample.pred_depth_order.to_dict(sample.pred_instances.names, first=1))
        )
    assert [item['name'] for item in by_name['c']['objects']] == ['0', '1']
    assert not list(out.rglob('*.partial'))
    again = inferencer(
        tmp_path,
        2,
        out,
        recursive=True,
        masks={'in/c': c, 'in/x/a': a, 'in/x/b': []}
        | {name: [] for name in ('masks/x/a', 'masks/c/0', 'masks/c/1')},
    )
    assert len(again['predictions']) == 6, 'own results are not taken for inputs'


def check_files(out: Path, entry: dict, found: InstanceData) -> None:
    numbers = cv2.imread(str(out / entry['instance_ids']), cv2.IMREAD_UNCHANGED)
    assert numbers.dtype == np.uint16
    assert cv2.imread(str(out / entry['depth_picture'])).shape[2] == 3
    assert cv2.imread(str(out / entry['picture'])) is not None
    for row, item in enumerate(entry['objects']):
        assert item['object'] == row + 1
        np.testing.assert_array_equal(numbers == row + 1, found.masks[row].numpy())
        full = cv2.imread(str(out / item['full_mask']), cv2.IMREAD_UNCHANGED)
        np.testing.assert_array_equal(full == 255, found.full_masks[row].numpy())
        cutout = cv2.imread(str(out / item['cutout']), cv2.IMREAD_UNCHANGED)
        np.testing.assert_array_equal(cutout[..., [2, 1, 0, 3]], found.cutouts[row])
        assert item['bbox'] == found.bboxes[row].int().tolist()
        hidden = (found.full_masks[row] & ~found.masks[row]).sum() / found.full_masks[row].sum()
        assert item['hidden_percent'] == pytest.approx(100 * hidden.item(), abs=0.01)


def test_wrong_masks_do_not_stop_the_others(
    inferencer: SegInpaintInferencer, tmp_path: Path
) -> None:
    for name in 'abc':
        save(tmp_path / 'in', name, photo())
    save(tmp_path / 'masks', 'a', rectangles()[0].astype(np.uint8))
    save(tmp_path / 'masks', 'b', np.ones((5, 5), np.uint8))
    results = inferencer(tmp_path / 'in', masks=tmp_path / 'masks', out_dir=tmp_path / 'out')
    assert len(results['predictions']) == 1
    size, absent = results['failures']
    assert 'b.png: the mask is 5x5 pixels (width x height), its image is 64x48' in size
    assert 'c: there are no masks for this image; expected c.png, another' in absent
    summary = json.loads((tmp_path / 'out' / 'predictions.json').read_text())
    assert [failure['reason'] for failure in summary['failures']] == results['failures']


def test_tiny_objects_are_completed_too(inferencer: SegInpaintInferencer) -> None:
    masks = np.zeros((2, 400, 600), bool)
    masks[0, 7, 599] = masks[1, 399, 0] = True
    (sample,) = inferencer(photo((400, 600)), masks=masks)['predictions']
    np.testing.assert_array_equal(sample.pred_instances.masks.numpy(), masks)
    assert len(sample.pred_instances.cutouts) == 2


@pytest.mark.parametrize(('number', 'threshold'), [(2, 0.05), (3, None)])
def test_cycles_are_recorded_and_warned_of_from_three_on(
    inferencer: SegInpaintInferencer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    threshold: float | None,
) -> None:
    """Each object is found to go on behind the next; two that claim each other are no news."""
    monkeypatch.setattr(inferencer.task, 'depth_threshold', threshold)
    told = []
    monkeypatch.setattr(
        'seginpaint_mm.apis.tasks.completion.print_log', lambda text, **_: told.append(text)
    )
    finds_others_behind(monkeypatch, lambda masks: masks.roll(-1, dims=0))
    path = save(tmp_path, 'a', photo())
    masks = rectangles(number=number)
    (sample,) = inferencer(path, masks=masks, out_dir=tmp_path / 'out')['predictions']
    assert len(sample.pred_depth_order.broken_cycles) == 1
    (entry,) = json.loads((tmp_path / 'out' / 'predictions.json').read_text())['predictions']
    assert sorted(entry['broken_cycles'][0]['objects']) == list(range(1, number + 1))
    assert len(told) == (number == 3)
    for sentence in told:
        assert sentence.startswith(f'{path}: Objects ')
        assert 'hide each other in a circle: that' in sentence


def test_the_threshold_of_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the second object is found behind the first: an IoU of a half."""

    def half(masks: torch.Tensor) -> torch.Tensor:
        others = torch.zeros_like(masks)
        others[1] = masks[0]
        others[1, : SIZE[0] // 4 + SIZE[0] // 8] = False
        return others

    finds_others_behind(monkeypatch, half)
    for threshold, pairs in ((None, [(0, 1)]), (0.3, [(0, 1)]), (0.7, [])):
        completer = SegInpaintInferencer(
            config(), device='cpu', show_progress=False, depth_threshold=threshold
        )
        (sample,) = completer(photo(), masks=rectangles(number=2))['predictions']
        found = [(item.front, item.back) for item in sample.pred_depth_order.occlusions()]
        assert found == pairs
    with pytest.raises(UserError, match='depth_threshold must be from 0 to below 1, not 1'):
        SegInpaintInferencer(config(), device='cpu', depth_threshold=1)


def test_objects_are_completed_behind_those_in_front(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every object is found to fill the image; alone, what hides it is not marked."""

    def everywhere(masks: torch.Tensor) -> torch.Tensor:
        return torch.ones_like(masks)

    finds_others_behind(monkeypatch, everywhere)
    masks, image = rectangles(), photo()
    completer = SegInpaintInferencer(config(), device='cpu', show_progress=False)
    (alone,) = completer(image, masks=masks[:1])['predictions']
    assert alone.pred_instances.full_masks.all()
    assert alone.remark is None
    (sample,) = completer(image, masks=masks)['predictions']
    found, order = sample.pred_instances, sample.pred_depth_order.order
    hidden = (found.full_masks & ~found.masks).any(dim=0)
    assert not (hidden & ~found.masks.any(dim=0)).any()
    assert 'of what was predicted to be hidden is left out' in sample.remark
    np.testing.assert_array_equal(stacked(found.cutouts, found.bboxes, order, image), image)
    covered = {None: int(found.full_masks.sum())}
    for options in (dict(occluders='given', occluder_growth=1), dict(occluders='any')):
        completer = SegInpaintInferencer(config(), device='cpu', show_progress=False, **options)
        (sample,) = completer(image, masks=masks)['predictions']
        assert sample.remark is None, 'somebody said so'
        covered[options['occluders']] = int(sample.pred_instances.full_masks.sum())
    assert covered[None] < covered['given'] < covered['any'] == found.full_masks.numel()
    with pytest.raises(UserError, match="occluders must be one of .*, not 'most'"):
        SegInpaintInferencer(config(), device='cpu', occluders='most')
    with pytest.raises(UserError, match='grow by 0 pixels or more'):
        SegInpaintInferencer(config(), device='cpu', occluder_growth=-1)


def stacked(
    cutouts: list[np.ndarray], boxes: torch.Tensor, order: tuple[int, ...], image: np.ndarray
) -> np.ndarray:
    """The image under the cut-outs, BGR, the front one last."""
    picture = image.copy()
    for number in order[::-1]:
        left, top, right, bottom = boxes[number].int().tolist()
        opaque = cutouts[number][..., 3] > 0
        picture[top:bottom, left:right][opaque] = cutouts[number][opaque][:, 2::-1]
    return picture


def test_real_photos_recompose() -> None:
    """COCOA: the convex hulls' cut-outs, stacked, are the photo again, bit for bit."""
    root = os.environ.get('SEGINPAINT_DATA')
    if not root:
        pytest.skip('SEGINPAINT_DATA is not set: it names the folder of real data')
    data = COCOADataset(
        f'{root}/cocoa_sample',
        pipeline=[LoadSceneImage(), LoadAmodalObjects()],
    )
    completer = SegInpaintInferencer('convex-hull_cocoa-sample', device='cpu', show_progress=False)
    for item in data:
        image, masks = item['img'], item['gt_visible_masks']
        (sample,) = completer(image, masks=masks, draw=False)['predictions']
        found, order = sample.pred_instances, sample.pred_depth_order
        assert (found.full_masks & ~found.masks).any(), 'something is completed'
        np.testing.assert_array_equal(
            stacked(found.cutouts, found.bboxes, order.order, image), image
        )


@pytest.mark.parametrize('config', [(), ('--config', 'convex-hull_cocoa-sample')], ids=str)
def test_nothing_must_be_trained(tmp_path: Path, config: tuple[str, ...]) -> None:
    """A network in the package, or the convex hull, completes an L behind what is there."""
    image = np.full((40, 60, 3), (200, 30, 90), np.uint8)
    masks = np.zeros((2, 40, 60), bool)
    masks[0, 10:30, 10:14] = masks[0, 26:30, 10:30] = True
    masks[1, 5:26, 14:40] = True
    path = save(tmp_path, 'a', image)
    for number, mask in enumerate(masks):
        save(tmp_path, f'm{number}', mask.astype(np.uint8) * 255)
    out = tmp_path / 'out'
    run_here(
        'infer', path, '--task', 'complete', '--out-dir', out, '--device', 'cpu',
        '--masks', tmp_path / 'm0.png', tmp_path / 'm1.png', *config,
    )  # fmt: skip
    full = cv2.imread(str(out / 'pred/full_masks/a/001.png'), cv2.IMREAD_UNCHANGED) > 0
    assert (full & ~masks[0]).sum() > 50
    assert not (full & ~masks[0] & ~masks[1]).any()
    cutout = cv2.imread(str(out / 'pred/cutouts/a/001.png'), cv2.IMREAD_UNCHANGED)
    assert (cutout[cutout[..., 3] > 0][:, :3] == (200, 30, 90)).all()
    (entry,) = json.loads((out / 'predictions.json').read_text())['predictions']
    assert [item['depth'] for item in entry['objects']] == [1, 0]


def finds_others_behind(
    monkeypatch: pytest.MonkeyPatch, others: Callable[[torch.Tensor], torch.Tensor]
) -> None:
    """Let SeGAN find that each object goes on where ``others``, of all masks, tells."""
    original = SeGAN.predict

    def predict(model: SeGAN, inputs: torch.Tensor, data_samples: list) -> list:
        samples = original(model, inputs, data_samples)
        found = samples[0].pred_instances
        found.full_masks = found.masks | others(found.masks)
        return samples

    monkeypatch.setattr(SeGAN, 'predict', predict)


def test_no_pictures_on_demand(inferencer: SegInpaintInferencer, tmp_path: Path) -> None:
    """Nor do those of an earlier call stay."""
    pictures = [tmp_path / 'vis/image_00000.png', tmp_path / 'pred/depth_order/image_00000.png']
    for draw in (True, False):
        results = inferencer(photo(), out_dir=tmp_path, masks=rectangles(), draw=draw)
        assert len(results['visualization']) == draw
        (entry,) = json.loads((tmp_path / 'predictions.json').read_text())['predictions']
        assert ('picture' in entry) == ('depth_picture' in entry) == draw
        assert [path.exists() for path in pictures] == [draw, draw]
        assert (tmp_path / entry['depth_order']).is_file()


def test_a_segmentor_alone_gives_masks_without_paintings(tmp_path: Path) -> None:
    segmentor = SegInpaintInferencer(config(painter=None), device='cpu', show_progress=False)
    path = save(tmp_path, 'a', photo())
    (sample,) = segmentor(path, masks=rectangles(), out_dir=tmp_path / 'out')['predictions']
    assert 'cutouts' not in sample.pred_instances
    assert sample.pred_instances.full_masks.shape == (3, *SIZE)
    (entry,) = json.loads((tmp_path / 'out' / 'predictions.json').read_text())['predictions']
    assert 'cutout' not in entry['objects'][0]


def test_what_does_not_fit_is_told(inferencer: SegInpaintInferencer, work_dir: Path) -> None:
    layout = SegInpaintInferencer(work_dir, device='cpu', show_progress=False)
    with pytest.raises(UserError, match='A SeGAN needs masks of what can be seen of objects'):
        inferencer(photo())
    with pytest.raises(UserError, match='A ForegroundInpainter takes images alone'):
        layout(photo(), masks=rectangles())
    with pytest.raises(UserError, match="These masks are one image's, but there are 2"):
        inferencer([photo(), photo()], masks=rectangles())
    for mask, message in (('truth', 'paints true masks'), ('visible', 'without finding their')):
        alone = config(segmentor=None, painter_mask=mask)
        with pytest.raises(UserError, match=f'This SeGAN .*{message}'):
            SegInpaintInferencer(alone, device='cpu')
    with pytest.raises(UserError, match="A SeGAN is for complete, layers, not for 'predict'"):
        find_task('predict', inferencer.model)
    with pytest.raises(UserError, match="A ForegroundInpainter is for predict, not for 'complete'"):
        find_task('complete', layout.model)
    with pytest.raises(UserError, match='max_objects_per_batch must be at least 1, not 0'):
        inferencer._bound_memory(0)
    with pytest.raises(UserError, match='takes no objects: leave max_objects_per_batch out'):
        layout._bound_memory(3)
    with pytest.raises(UserError, match='completes no objects: leave depth_threshold out'):
        layout._order_from(0.1)
    with pytest.raises(CheckpointError, match=r'epoch_1\.pth is not a checkpoint of this SeGAN: 0'):
        SegInpaintInferencer(config(), work_dir / 'epoch_1.pth', 'cpu')
