"""Holes filled at the image's size: outside as before, in files, with clear errors."""

import json
import logging
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config

from seginpaint_mm.apis import Filling, SegInpaintInferencer
from seginpaint_mm.errors import UserError
from seginpaint_mm.structures import SceneSample
from tests.helpers.model_tester import build_model
from tests.helpers.sgenet_scenes import SIZE, tiny_generator, tiny_sgenet
from tests.helpers.tool_runs import REPOSITORY

STEPS = [
    dict(type='LoadSceneImage'),
    dict(type='LoadClasses', table='cityscapes_ids_void'),
    dict(type='mmseg.Resize', scale=(100000, 512), keep_ratio=True),
    dict(type='CenterCrop', crop_size=(256, 256)),
    dict(type='CentreHole', sides=96),
    dict(type='KeepTrueImage'),
    dict(type='PackScene'),
]
SIZES = [SIZE, (33, 77), (9, 11)]


def config(model: dict) -> Config:
    dataset = dict(type='CityscapesLabelDataset', data_root='nowhere', pipeline=STEPS)
    return Config(dict(model=model, test_dataloader=dict(dataset=dataset), test_cfg=dict()))


def make(model: dict) -> SegInpaintInferencer:
    torch.manual_seed(0)
    return SegInpaintInferencer(config(model), device='cpu', show_progress=False)


@pytest.fixture(scope='module')
def inferencer() -> SegInpaintInferencer:
    return make(tiny_sgenet())


def photo(size: tuple[int, int] = SIZE, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)


def ragged(size: tuple[int, int] = SIZE) -> np.ndarray:
    """bool: half of the pixels of the left half."""
    mask = np.random.default_rng(1).random(size) < 0.5
    mask[:, size[1] // 2 :] = False
    return mask


def save(path: Path, image: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image)
    return path


def check_filled(sample: SceneSample, image: np.ndarray, mask: np.ndarray) -> None:
    painted = sample.pred_image.data.numpy().transpose(1, 2, 0)[..., ::-1]
    assert painted.dtype == np.uint8
    assert painted.shape == image.shape
    np.testing.assert_array_equal(painted[~mask], image[~mask])
    assert (painted[mask] != image[mask]).any()
    np.testing.assert_array_equal(sample.hole.data[0].numpy(), mask)
    assert not sample.pred_image.data.is_inference()


@pytest.mark.parametrize('size', SIZES)
def test_any_size(inferencer: SegInpaintInferencer, size: tuple[int, int]) -> None:
    image, mask = photo(size), ragged(size)
    (sample,) = inferencer(image, masks=mask)['predictions']
    check_filled(sample, image, mask)
    assert sample.pred_sem_seg.data.shape == (1, *size)
    assert sample.pred_confidence.data.shape == (1, *size)


def test_the_answer_is_the_models(inferencer: SegInpaintInferencer) -> None:
    image, mask = photo(), ragged()
    torch.manual_seed(0)
    model = build_model(tiny_sgenet()).eval()
    model.load_state_dict(inferencer.model.state_dict())
    sample = inferencer.pipeline(
        dict(img=image, img_shape=SIZE, hole=mask.astype(np.uint8), ori_shape=SIZE)
    )
    with torch.no_grad():
        batch = dict(inputs=[sample['inputs']], data_samples=[sample['data_samples']])
        (expected,) = model.test_step(batch)
    (found,) = inferencer(image, masks=mask)['predictions']
    difference = found.pred_image.data.int() - expected.pred_image.data.int()
    assert difference.abs().max() <= 1
    different = found.pred_sem_seg.data != expected.pred_sem_seg.data
    assert different.float().mean() < 0.001


def test_a_folder_and_its_files(inferencer: SegInpaintInferencer, tmp_path: Path) -> None:
    images = {'x/a': photo((40, 60)), 'b': photo((40, 60), 1), 'c': photo((50, 30), 2)}
    for name, image in images.items():
        save(tmp_path / f'in/{name}.png', image)
    save(tmp_path / 'holes/x/a.png', ragged((40, 60)).astype(np.uint8) * 255)
    save(tmp_path / 'holes/c/0.png', ragged((50, 30)).astype(np.uint8))
    (tmp_path / 'holes/b.json').write_text('[[5, 5, 30, 5, 30, 20, 5, 20]]')
    box = np.zeros((40, 60), bool)
    box[5:20, 5:30] = True
    out = tmp_path / 'out'
    results = inferencer(tmp_path / 'in', 2, out, recursive=True, masks=tmp_path / 'holes')
    assert results['failures'] == []
    summary = json.loads((out / 'predictions.json').read_text())
    masks = {'x/a': ragged((40, 60)), 'b': box, 'c': ragged((50, 30))}
    for entry, sample in zip(summary['predictions'], results['predictions'], strict=True):
        name = entry['image'].removeprefix('pred/image/').removesuffix('.png')
        check_filled(sample, images[name], masks[name])
        written = cv2.imread(str(out / entry['image']), cv2.IMREAD_UNCHANGED)
        np.testing.assert_array_equal(
            written, sample.pred_image.data.numpy()[::-1].transpose(1, 2, 0)
        )
        classes = cv2.imread(str(out / entry['sem_seg']), cv2.IMREAD_UNCHANGED)
        np.testing.assert_array_equal(classes, sample.pred_sem_seg.data[0].numpy())
        assert entry['hole_percent'] == pytest.approx(100 * masks[name].mean(), abs=0.001)
        assert cv2.imread(str(out / entry['picture'])) is not None


def test_wrong_holes_do_not_stop_the_others(
    inferencer: SegInpaintInferencer, tmp_path: Path
) -> None:
    holes = {
        'all': np.full(SIZE, 255, np.uint8),
        'good': ragged().astype(np.uint8),
        'none': np.zeros(SIZE, np.uint8),
        'size': np.ones((5, 6), np.uint8),
    }
    for name, hole in holes.items():
        save(tmp_path / f'in/{name}.png', photo())
        save(tmp_path / f'holes/{name}.png', hole)
    results = inferencer(tmp_path / 'in', masks=tmp_path / 'holes')
    assert len(results['predictions']) == 1
    full, empty, small = results['failures']
    assert 'all.png: the hole covers the whole image' in full
    assert 'none.png: the hole covers nothing' in empty
    assert 'size.png: the mask is 6x5 pixels (width x height), its image is 96x64' in small


def test_what_does_not_fit_is_told(inferencer: SegInpaintInferencer) -> None:
    with pytest.raises(UserError, match='A SGENet needs masks of what is to be filled: give --ma'):
        inferencer(photo())
    fixed = make(tiny_sgenet(generator=tiny_generator(dict(type='ContextInference', size=(2, 3)))))
    image, mask = photo((40, 90)), ragged((40, 90))
    check_filled(fixed(image, masks=mask)['predictions'][0], image, mask)
    (failure,) = fixed(photo((65, 96)), masks=ragged((65, 96)))['failures']
    assert 'an image of 96x65 pixels (width x height) does not fit: this SGENet is made' in failure
    assert 'for 96x64' in failure


@pytest.mark.parametrize(
    'model', [dict(type='OpenCVInpainter', method='telea'), dict(type='MeanColourInpainter')]
)
def test_baselines_without_weights_need_no_checkpoint(
    model: dict, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        inferencer = make(model)
    assert 'No checkpoint' not in caplog.text
    for size in SIZES:
        image, mask = photo(size), ragged(size)
        (sample,) = inferencer(image, masks=mask)['predictions']
        check_filled(sample, image, mask)
        assert 'pred_sem_seg' not in sample


def test_partial_convolution_predicts_as_it_was_trained(tmp_path: Path) -> None:
    """Its batch norms are folded into convolutions that blank what they put out."""
    model = Config.fromfile(REPOSITORY / 'configs/_base_/models/pconv_small.py').model
    plain = build_model(model).eval()
    for module in plain.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(module.bias)
    torch.save(dict(state_dict=plain.state_dict()), tmp_path / 'pconv.pth')
    inferencer = SegInpaintInferencer(
        config(model), tmp_path / 'pconv.pth', 'cpu', show_progress=False
    )
    image, mask = photo((100, 90)), np.ones((100, 90), bool)
    mask[:, :10] = False
    keys = dict(img=image, img_shape=(100, 90), ori_shape=(100, 90), hole=mask.astype(np.uint8))
    sample = inferencer.pipeline(keys)
    with torch.no_grad():
        batch = dict(inputs=[sample['inputs']], data_samples=[sample['data_samples']])
        (expected,) = plain.test_step(batch)
    (found,) = inferencer(image, masks=mask)['predictions']
    check_filled(found, image, mask)
    difference = found.pred_image.data.int() - expected.pred_image.data.int()
    assert difference.abs().max() <= 1


@pytest.mark.parametrize('name', ['gatedconv_small', 'aotgan_small', 'spgnet_small'])
def test_tiny_pictures_are_padded_to_what_networks_take(name: str) -> None:
    inferencer = make(Config.fromfile(REPOSITORY / f'configs/_base_/models/{name}.py').model)
    image, mask = photo((9, 11)), ragged((9, 11))
    (sample,) = inferencer(image, masks=mask)['predictions']
    check_filled(sample, image, mask)
    assert ('pred_sem_seg' in sample) == (name == 'spgnet_small')


def test_large_photos_are_filled_in_patches(inferencer: SegInpaintInferencer) -> None:
    """Bit for bit as they were outside a hole that is spread over them; small ones as ever."""
    image, mask = photo((256, 300)), np.zeros((256, 300), bool)
    mask[10:20, 20:60] = mask[200:210, 250:255] = mask[100, 5:295] = True
    filling = Filling(whole_up_to=0.05, working_size=96)
    (sample,) = inferencer(image, masks=mask, filling=filling)['predictions']
    check_filled(sample, image, mask)
    assert len(sample.patches) >= 3
    looked = np.zeros_like(mask)
    for left, top, right, bottom in sample.patches:
        assert (right - left, bottom - top) == (96, 96)
        looked[top:bottom, left:right] = True
    classes, sure = sample.pred_sem_seg.data, sample.pred_confidence.data
    assert classes.dtype == torch.int64
    np.testing.assert_array_equal(classes[0].numpy() != 255, looked)
    np.testing.assert_array_equal(sure[0].numpy() > 0, looked)
    (whole,) = inferencer(image, masks=mask)['predictions']
    check_filled(whole, image, mask)
    assert 'patches' not in whole
    for filling in (Filling(whole_up_to=0.08), Filling(whole_up_to=float('inf'), working_size=32)):
        (same,) = inferencer(image, masks=mask, filling=filling)['predictions']
        assert torch.equal(same.pred_image.data, whole.pred_image.data)
        assert torch.equal(same.pred_sem_seg.data, whole.pred_sem_seg.data)


def test_two_megapixels_are_filled_as_a_whole_and_more_are_not() -> None:
    telea = make(dict(type='OpenCVInpainter', method='telea'))
    for size, number in (((1024, 2048), 0), ((1025, 2048), 1)):
        image, mask = np.full((*size, 3), 90, np.uint8), np.zeros(size, bool)
        image[::2] = 91
        mask[500:520, 900:930] = True
        (sample,) = telea(image, masks=mask, draw=False)['predictions']
        check_filled(sample, image, mask)
        assert len(sample.get('patches', ())) == number


def test_a_model_for_one_size_fills_photos_of_any() -> None:
    """Its patches are squares of the working size."""
    fixed = make(tiny_sgenet(generator=tiny_generator(dict(type='ContextInference', size=(3, 3)))))
    image, mask = photo((150, 200)), np.zeros((150, 200), bool)
    mask[40:130, 40:130] = mask[5:10, 150:190] = True
    filling = Filling(whole_up_to=0, working_size=96)
    (sample,) = fixed(image, masks=mask, filling=filling)['predictions']
    check_filled(sample, image, mask)
    assert len(sample.patches) == 2


def test_wrong_fillings_are_told(inferencer: SegInpaintInferencer, work_dir: Path) -> None:
    with pytest.raises(UserError, match='working_size must be at least 32, not 8'):
        Filling(working_size=8)
    with pytest.raises(UserError, match='whole_up_to must be at least 0, not nan'):
        Filling(whole_up_to=float('nan'))
    layout = SegInpaintInferencer(work_dir, device='cpu', show_progress=False)
    with pytest.raises(UserError, match='fills no marked holes: leave out how'):
        layout(photo(), filling=Filling())
    remover = SegInpaintInferencer(
        config(dict(type='MeanColourInpainter')), device='cpu', show_progress=False, task='remove'
    )
    with pytest.raises(UserError, match='A Filling does not say how objects are removed: gi'):
        remover(photo(), masks=ragged(), filling=Filling())
    image, mask = photo((40, 300)), np.ones((40, 300), bool)
    mask[0, 0] = False
    filling = Filling(whole_up_to=0, working_size=32)
    (failure,) = inferencer(image, masks=mask, filling=filling)['failures']
    assert 'no known pixel beside the hole is left when it is reduced to 32 pixels' in failure


def test_grey_stays_grey(inferencer: SegInpaintInferencer) -> None:
    """As where objects are removed: whole, and in patches."""
    grey = photo()[..., :1].repeat(3, axis=2)
    for filling in (Filling(), Filling(whole_up_to=0, working_size=64)):
        (sample,) = inferencer(grey, masks=ragged(), filling=filling)['predictions']
        check_filled(sample, grey, ragged())
        assert (sample.pred_image.data == sample.pred_image.data[:1]).all()


def of_classes(inferencer: SegInpaintInferencer, **how: object) -> torch.Tensor:
    (sample,) = inferencer(photo(), masks=ragged(), filling=Filling(**how))['predictions']
    check_filled(sample, photo(), ragged())
    return sample.pred_image.data


def test_given_classes_say_what_is_painted(
    inferencer: SegInpaintInferencer, tmp_path: Path
) -> None:
    """As an array, a file or a folder, for whole photos and for patches."""
    classes = np.full(SIZE, 2, np.uint8)
    classes[:, 40:] = 255
    file = save(tmp_path / 'classes/image_00000.png', classes)
    by_array = of_classes(inferencer, segmentations=classes)
    assert not torch.equal(by_array, of_classes(inferencer))
    for given in (file, file.parent, {'image_00000': file}):
        assert torch.equal(of_classes(inferencer, segmentations=given), by_array)
    patches = dict(whole_up_to=0, working_size=64)
    guided = of_classes(inferencer, segmentations=classes, **patches)
    assert not torch.equal(guided, of_classes(inferencer, **patches))
    unknown = np.full(SIZE, 255, np.uint8)
    assert torch.equal(
        of_classes(inferencer, segmentations=unknown, **patches), of_classes(inferencer, **patches)
    )


def test_wrong_given_classes_are_told(inferencer: SegInpaintInferencer, tmp_path: Path) -> None:
    def failure(given: object) -> str:
        filling = Filling(segmentations=given)
        (told,) = inferencer(photo(), masks=ragged(), filling=filling)['failures']
        return told

    assert 'given_sem_seg has the class 9' in failure(np.full(SIZE, 9, np.uint8))
    assert 'a segmentation has whole numbers' in failure(np.zeros((3, 4), np.uint8))
    assert 'this one -1 to -1' in failure(np.full(SIZE, -1))
    assert "no segmentation for 'image_00000'" in failure({})
    assert 'image_00000.png' in failure(tmp_path)
    filling = Filling(segmentations=np.zeros(SIZE, np.uint8))
    with pytest.raises(UserError, match='There is one segmentation for 2 images'):
        inferencer([photo()] * 2, masks=ragged(), filling=filling)
    base = make(tiny_sgenet(generator=tiny_generator(sgim=None, scem=None)))
    with pytest.raises(UserError, match='No classes guide this SGENet'):
        base(photo(), masks=ragged(), filling=filling)
