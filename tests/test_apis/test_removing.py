"""Objects removed from photos: which, where, outside as before, in files, with clear errors."""

import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.structures import InstanceData
from PIL import Image, ImageCms

from seginpaint_mm.apis import Removal, SegInpaintInferencer, find_instance_model
from seginpaint_mm.apis.mask_sources.objects import InstanceModel
from seginpaint_mm.datasets.image_reading import read_colour
from seginpaint_mm.errors import CheckpointError, UserError
from seginpaint_mm.geometry.masks import grow_mask
from seginpaint_mm.interop import mmagic  # noqa: F401 (registers GANLoss)
from seginpaint_mm.structures import SceneSample
from tests.helpers.maskopt_scenes import edge, finding, tiny_inpainter, tiny_remover
from tests.helpers.maskopt_scenes import image as image_stage

SIZE = (60, 90)
CLASSES = ('cat', 'dog', 'horse')
TELEA = dict(type='OpenCVInpainter', method='telea')
PLAIN = dict(segmentation=None, edge=edge(), image=image_stage(cues=1))
BOXES = {1: (10, 10, 30, 25), 2: (60, 30, 80, 50), 3: (12, 40, 20, 50)}  # by number
NAMES = ('cat', 'dog', 'cat')


def config(model: dict) -> Config:
    steps = [dict(type='LoadPair'), dict(type='PackScene')]
    dataset = dict(type='PairsDataset', data_root='nowhere', pipeline=steps)
    return Config(
        dict(
            model=model,
            test_dataloader=dict(dataset=dataset),
            test_cfg=dict(),
            default_scope='seginpaint_mm',
        )
    )


def make(model: dict, task: str | None = 'remove', weights: Path | None = None):
    torch.manual_seed(0)
    return SegInpaintInferencer(
        config(model), weights, device='cpu', show_progress=False, task=task
    )


@pytest.fixture(scope='module')
def telea() -> SegInpaintInferencer:
    return make(TELEA)


@pytest.fixture(scope='module')
def remover(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict, Path]:
    """A config and a checkpoint of random weights that take most of each box for an object."""
    model = tiny_remover()
    model['selector']['detector']['test_cfg']['rcnn']['nms']['iou_threshold'] = 0.9  # find several
    path = tmp_path_factory.mktemp('remover') / 'remover.pth'
    torch.save(dict(state_dict=finding(model).state_dict()), path)
    return model, path


def photo(size: tuple[int, int] = SIZE, seed: int = 0, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*size, channels), np.uint8)


def boxes(*numbers: int) -> np.ndarray:
    mask = np.zeros(SIZE, bool)
    for number in numbers:
        left, top, right, bottom = BOXES[number]
        mask[top:bottom, left:right] = True
    return mask


def finder(grown: int = 0, classes: tuple[str, ...] = CLASSES) -> InstanceModel:
    """Finds the three boxes, perhaps grown, whatever the image; the second cat is less sure."""
    found = InstanceData(
        masks=torch.from_numpy(np.stack([boxes(number) for number in BOXES])),
        labels=torch.tensor([0, 1, 0]),
        scores=torch.tensor([0.9, 0.8, 0.7]),
    )
    if grown:
        kernel = np.ones((2 * grown + 1,) * 2, np.uint8)
        masks = [cv2.dilate(mask.astype(np.uint8), kernel) > 0 for mask in found.masks.numpy()]
        found.masks = torch.from_numpy(np.stack(masks))
    return InstanceModel(lambda image: found, classes)


def painted(sample: SceneSample) -> np.ndarray:
    """BGR uint8."""
    return sample.pred_image.data.numpy()[::-1].transpose(1, 2, 0)


def mask_of(sample: SceneSample, name: str) -> np.ndarray:
    return sample.get(name).data[0].numpy() > 0


def check_outside(sample: SceneSample, image: np.ndarray) -> None:
    hole = mask_of(sample, 'hole')
    assert painted(sample).shape == image.shape
    np.testing.assert_array_equal(painted(sample)[~hole], image[~hole])
    mask = mask_of(sample, 'pred_mask')
    assert (painted(sample)[mask] != image[mask]).any(axis=1).mean() > 0.9


@pytest.mark.parametrize(
    ('wanted', 'numbers'),
    [
        (dict(classes=['cat']), [1]),
        (dict(all_of=['cat']), [1, 3]),
        (dict(classes=['cat', 'dog']), [1, 2]),
        (dict(clicks=[(15, 45)]), [3]),
        (dict(boxes=[(58, 28, 82, 52)]), [2]),
        (dict(ids=[3]), [3]),
        (dict(classes=['dog'], clicks=[(11, 11)], ids=[3, 1]), [1, 2, 3]),
    ],
)
def test_what_is_named_goes(telea: SegInpaintInferencer, wanted: dict, numbers: list[int]) -> None:
    image = photo()
    removal = Removal(**wanted, feather=0, working_size=64)
    (sample,) = telea(image, masks=finder(), removal=removal)['predictions']
    np.testing.assert_array_equal(mask_of(sample, 'pred_mask'), boxes(*numbers))
    np.testing.assert_array_equal(mask_of(sample, 'hole'), boxes(*numbers))
    check_outside(sample, image)
    assert sample.pred_instances.removed.tolist() == [number in numbers for number in BOXES]


def test_masks_of_a_user_need_no_names(telea: SegInpaintInferencer) -> None:
    image, mask = photo(), boxes(1, 2)
    (sample,) = telea(image, masks=mask)['predictions']
    np.testing.assert_array_equal(mask_of(sample, 'pred_mask'), mask)
    check_outside(sample, image)
    assert sample.pred_instances.names == ['']
    numbers = boxes(1).astype(np.uint8) + 2 * boxes(2)
    (sample,) = telea(image, masks=numbers, removal=Removal(ids=[2]))['predictions']
    np.testing.assert_array_equal(mask_of(sample, 'pred_mask'), boxes(2))


def test_grown_and_feathered(telea: SegInpaintInferencer) -> None:
    image = photo()
    removal = Removal(ids=[1], grow=2, feather=3)
    (sample,) = telea(image, masks=finder(), removal=removal)['predictions']
    np.testing.assert_array_equal(mask_of(sample, 'pred_mask'), boxes(1))
    check_outside(sample, image)
    hole = mask_of(sample, 'hole')
    assert hole[17, 30 + 4]
    assert not hole[17, 30 + 5]
    difference = np.abs(painted(sample).astype(int) - image)
    bare = photo()
    bare[:] = 255
    (sample,) = telea(bare, masks=finder(), removal=removal)['predictions']
    np.testing.assert_array_equal(painted(sample), bare)
    assert difference[17, 31:33].mean() > difference[17, 34:35].mean()
    shrunk = Removal(ids=[1], grow=-3, feather=0)
    (sample,) = telea(image, masks=finder(), removal=shrunk)['predictions']
    assert mask_of(sample, 'hole').sum() == (20 - 6) * (15 - 6)


def test_only_what_a_network_finds_is_grown_by_default(telea: SegInpaintInferencer) -> None:
    """By 0.6 % of each object's longer side, so that no rim of it is left."""
    image, mask = photo((400, 500)), np.zeros((400, 500), bool)
    mask[20:370, 100:180] = True
    found = InstanceData(
        masks=torch.from_numpy(mask[None]), labels=torch.tensor([0]), scores=torch.tensor([0.9])
    )
    holes = []
    for source in (InstanceModel(lambda image: found, CLASSES), mask):
        removal = Removal(ids=[1], feather=0)
        (sample,) = telea(image, masks=source, removal=removal)['predictions']
        np.testing.assert_array_equal(mask_of(sample, 'pred_mask'), mask)
        holes.append(mask_of(sample, 'hole'))
    np.testing.assert_array_equal(holes[0], grow_mask(mask, 2))
    np.testing.assert_array_equal(holes[1], mask)


def test_a_large_photo_is_painted_in_reduced_patches(telea: SegInpaintInferencer) -> None:
    """What is far from the object is not even seen; a smooth photo is restored nearly."""
    down, across = np.mgrid[:600, :1000]
    truth = np.stack([down * 255 / 600, across * 255 / 1000, down * 0 + 90], axis=-1)
    truth = truth.round().astype(np.uint8)
    mask = np.zeros((600, 1000), bool)
    mask[100:300, 200:320] = True
    image = truth.copy()
    image[mask] = (0, 0, 255)
    removal = Removal(working_size=128)
    (sample,) = telea(image, masks=mask, removal=removal)['predictions']
    check_outside(sample, image)
    difference = np.abs(painted(sample).astype(int) - truth)[mask]
    assert difference.mean() < 8
    assert difference.max() < 40
    ((left, top, right, bottom),) = sample.patches
    assert left < 200 < 320 < right < 600
    assert top < 100 < 300 < bottom < 500
    far = image.copy()
    far[500:, 700:] = 0
    (other,) = telea(far, masks=mask, removal=removal)['predictions']
    np.testing.assert_array_equal(painted(other)[:500], painted(sample)[:500])


def test_the_networks_of_the_remover(remover: tuple[dict, Path], tmp_path: Path) -> None:
    """It finds, the user chooses, it paints; also what a user marks, or another network finds."""
    inferencer = make(remover[0], None, remover[1])
    image = photo((100, 140))
    removal = Removal(ids=[1], look_size=96, working_size=64)
    (sample,) = inferencer(image, out_dir=tmp_path, removal=removal)['predictions']
    check_outside(sample, image)
    found = sample.pred_instances
    assert found.masks.shape[1:] == (100, 140)
    assert found.scores.tolist() == sorted(found.scores.tolist(), reverse=True)
    np.testing.assert_array_equal(mask_of(sample, 'pred_mask'), found.masks[0].numpy())
    least = found.scores[1].item()
    removal = Removal(ids=[1], look_size=96, working_size=64, min_score=least)
    (sample,) = inferencer(image, removal=removal)['predictions']
    assert sample.pred_instances.scores.tolist() == found.scores[found.scores >= least].tolist()
    mask = np.zeros((100, 140), bool)
    mask[20:50, 30:60] = True
    (sample,) = inferencer(image, masks=mask)['predictions']
    np.testing.assert_array_equal(mask_of(sample, 'pred_mask'), mask)
    check_outside(sample, image)
    name = found.names[0]
    source = find_instance_model(config(remover[0]), remover[1], 'cpu', look_size=96)
    removal = Removal(classes=[name], look_size=96)
    (sample,) = make(TELEA)(image, masks=source, removal=removal)['predictions']
    assert sample.pred_instances.names == found.names
    assert sample.pred_instances.removed[0] == (found.names[0] == name)
    check_outside(sample, image)


def test_any_inpainter_behind_the_panoptic_mask(remover: tuple[dict, Path], tmp_path: Path) -> None:
    """Its parts bring their checkpoints, which the config names."""
    parts = dict(selector=str(remover[1]))
    model = dict(type='SelectThenInpaint', inpainter=TELEA, selector=remover[0]['selector'])
    image = photo((100, 140))
    inferencer = make(model | dict(part_checkpoints=parts), None)
    (sample,) = inferencer(image, removal=Removal(ids=[1]))['predictions']
    check_outside(sample, image)
    (same,) = make(remover[0], None, remover[1])(image, removal=Removal(ids=[1]))['predictions']
    assert same.pred_instances.names == sample.pred_instances.names
    overlap = mask_of(same, 'pred_mask') & mask_of(sample, 'pred_mask')
    assert overlap.sum() > 0.9 * mask_of(sample, 'pred_mask').sum()
    missing = model | dict(part_checkpoints=dict(selector='none.pth'))
    with pytest.raises(CheckpointError, match=r'none\.pth'):
        make(missing, None)


def test_a_patch_is_painted_as_the_model_paints_it(tmp_path: Path) -> None:
    """Without classes, in which random weights make much of rounding."""
    plain = tiny_remover(segmentation=None, image=image_stage(cues=1))
    model = finding(plain)
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'plain.pth')
    image, mask = photo((64, 64)), np.zeros((64, 64), bool)
    mask[20:40, 10:30] = True
    inferencer = make(plain, None, tmp_path / 'plain.pth')
    (found,) = inferencer(image, masks=mask, removal=Removal(feather=0))['predictions']
    keys = dict(img=image, img_shape=(64, 64), ori_shape=(64, 64), remove='hole')
    view = inferencer.pipeline(keys | dict(hole=mask.astype(np.uint8)))
    with torch.no_grad():
        batch = dict(inputs=[view['inputs']], data_samples=[view['data_samples']])
        (expected,) = model.test_step(batch)
    np.testing.assert_array_equal(expected.pred_mask.data[0].numpy() > 0, mask)
    difference = found.pred_image.data.int() - expected.pred_image.data.int()
    assert difference.abs().max() <= 1


def test_plain_edgeconnect_fills_and_removes() -> None:
    image, mask = photo(), boxes(2)
    for task in ('fill', 'remove'):
        (sample,) = make(tiny_inpainter(**PLAIN), task)(image, masks=mask)['predictions']
        assert mask_of(sample, 'hole')[mask].all()
        outside = ~mask_of(sample, 'hole')
        np.testing.assert_array_equal(painted(sample)[outside], image[outside])
        assert (painted(sample)[mask] != image[mask]).any()


def test_files(telea: SegInpaintInferencer, tmp_path: Path) -> None:
    """Of a folder with images of several sizes; one with transparency, one lying on its side."""
    (tmp_path / 'in/x').mkdir(parents=True)
    pixels = photo(channels=4)
    cv2.imwrite(str(tmp_path / 'in/x/clear.png'), pixels)
    exif = Image.Exif()
    exif[274] = 6
    lying = photo(SIZE[::-1], 1)[..., ::-1]
    Image.fromarray(np.ascontiguousarray(lying)).save(tmp_path / 'in/phone.jpg', exif=exif)
    upright = read_colour(tmp_path / 'in/phone.jpg')
    assert upright.shape[:2] == SIZE
    removal = Removal(all_of=['cat'], before=finder(grown=1))
    out = tmp_path / 'out'
    results = telea(tmp_path / 'in', 2, out, recursive=True, masks=finder(), removal=removal)
    assert results['failures'] == []
    summary = json.loads((out / 'predictions.json').read_text())
    for entry, sample in zip(summary['predictions'], results['predictions'], strict=True):
        is_clear = entry['image'] == 'pred/image/x/clear.png'
        image = pixels if is_clear else upright
        written = cv2.imread(str(out / entry['image']), cv2.IMREAD_UNCHANGED)
        assert written.shape == image.shape
        outside = ~mask_of(sample, 'hole')
        np.testing.assert_array_equal(written[outside], image[outside])
        np.testing.assert_array_equal(written[..., :3], painted(sample))
        if is_clear:
            np.testing.assert_array_equal(written[..., 3], pixels[..., 3])
        for kind, expected in (
            ('mask', boxes(1, 3)),
            ('hole', ~outside),
            ('mask_before', cv2.dilate(boxes(1, 3).astype(np.uint8), np.ones((3, 3))) > 0),
        ):
            mask = cv2.imread(str(out / entry[kind]), cv2.IMREAD_UNCHANGED)
            np.testing.assert_array_equal(mask, expected * np.uint8(255), err_msg=kind)
        ids = cv2.imread(str(out / entry['instance_ids']), cv2.IMREAD_UNCHANGED)
        np.testing.assert_array_equal(ids, sum(n * boxes(n).astype(np.uint16) for n in BOXES))
        assert entry['objects'] == [
            dict(id=1, score=0.9, bbox=list(BOXES[1]), removed=True) | {'class': 'cat'},
            dict(id=2, score=0.8, bbox=list(BOXES[2]), removed=False) | {'class': 'dog'},
            dict(id=3, score=0.7, bbox=list(BOXES[3]), removed=True) | {'class': 'cat'},
        ]
        assert entry['hole_percent'] == pytest.approx(100 * (~outside).mean(), abs=0.001)
        assert cv2.imread(str(out / entry['picture'])) is not None


def test_a_class_that_is_not_there_is_passed_over(
    telea: SegInpaintInferencer, tmp_path: Path
) -> None:
    """Where something else goes; otherwise that is told of all of them."""
    found = finder(classes=(*CLASSES, 'bird'))
    removal = Removal(all_of=['cat', 'horse'])
    (result,) = telea.stream(photo(), out_dir=tmp_path, masks=found, removal=removal)
    np.testing.assert_array_equal(mask_of(result.sample, 'pred_mask'), boxes(1, 3))
    assert result.remark.endswith(': no horse was found; there are 2 cat, 1 dog.')
    (entry,) = json.loads((tmp_path / 'predictions.json').read_text())['predictions']
    assert entry['remark'] == result.remark
    (failure,) = telea(photo(), masks=found, removal=Removal(all_of=['horse', 'bird']))['failures']
    assert 'no horse and no bird was found; there are 2 cat, 1 dog.' in failure


def test_without_a_name_it_is_told_what_there_is(
    telea: SegInpaintInferencer, tmp_path: Path
) -> None:
    """And what an earlier call has made stays."""
    for removal in (Removal(ids=[1]), Removal()):
        (result,) = telea.stream(photo(), out_dir=tmp_path, masks=finder(), removal=removal)
    assert 'nothing is removed, as nothing is named; there are 2 cat, 1 dog: ' in result.remark
    assert 'pred_image' not in result.sample
    assert not result.sample.pred_instances.removed.any()
    (entry,) = json.loads((tmp_path / 'predictions.json').read_text())['predictions']
    assert [item['id'] for item in entry['objects']] == [1, 2, 3]
    files = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob('*.*')}
    assert {'predictions.json', entry['picture'], entry['instance_ids']} < files
    assert 'pred/image/image_00000.png' in files
    assert 'image' not in entry


def test_single_values_and_arrays_are_taken(telea: SegInpaintInferencer) -> None:
    for wanted in (
        dict(all_of='cat'),
        dict(ids=(1, 3)),
        dict(clicks=np.array([[11, 11], [15, 45]])),
        dict(boxes=(10, 10, 30, 25), ids=3),
    ):
        (sample,) = telea(photo(), masks=finder(), removal=Removal(**wanted))['predictions']
        np.testing.assert_array_equal(mask_of(sample, 'pred_mask'), boxes(1, 3))


def test_grey_stays_grey(telea: SegInpaintInferencer) -> None:
    removal = Removal(ids=[1])
    model = make(tiny_inpainter(**PLAIN))
    grey = photo(channels=1).repeat(3, axis=2)
    (sample,) = model(grey, masks=finder(), removal=removal)['predictions']
    assert (painted(sample) == painted(sample)[..., :1]).all()
    check_outside(sample, grey)


@pytest.mark.parametrize('suffix', ['png', 'jpg'])
def test_colour_profiles_are_kept(telea: SegInpaintInferencer, tmp_path: Path, suffix: str) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes()
    pixels = np.ascontiguousarray(photo()[..., ::-1])
    Image.fromarray(pixels).save(tmp_path / 'a.png', icc_profile=profile)
    removal = Removal(ids=[1], picture_format=suffix)
    (sample,) = telea(tmp_path / 'a.png', 1, tmp_path, masks=finder(), removal=removal)[
        'predictions'
    ]
    written = Image.open(tmp_path / f'pred/image/a.{suffix}')
    assert written.info['icc_profile'] == profile
    if suffix == 'png':
        np.testing.assert_array_equal(np.array(written)[..., ::-1], painted(sample))


def test_what_pillow_does_not_read(
    telea: SegInpaintInferencer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenCV alone knows this format; and Pillow by itself opens no image of many pixels."""
    cv2.imwrite(str(tmp_path / 'a.hdr'), photo().astype(np.float32) / 255)
    cv2.imwrite(str(tmp_path / 'b.png'), photo())
    files, removal = [tmp_path / 'a.hdr', tmp_path / 'b.png'], Removal(ids=[1])
    results = telea(files, out_dir=tmp_path / 'out', masks=finder(), removal=removal)
    assert results['failures'] == []
    monkeypatch.setattr(Image, 'MAX_IMAGE_PIXELS', 100)
    results = telea(files, masks=finder(), removal=removal)
    assert len(results['predictions']) == 2


def test_what_was_done_is_listed_though_the_rest_fails(
    telea: SegInpaintInferencer, tmp_path: Path
) -> None:
    (tmp_path / 'pred/image').mkdir(parents=True)
    (tmp_path / 'pred/image/image_00001.png').mkdir()  # cannot be written
    with pytest.raises(OSError, match=r'Cannot write .*image_00001\.png'):
        telea([photo()] * 3, out_dir=tmp_path, masks=finder(), removal=Removal(ids=[1]))
    (entry,) = json.loads((tmp_path / 'predictions.json').read_text())['predictions']
    assert entry['image'] == 'pred/image/image_00000.png'
    assert not (tmp_path / 'vis/image_00001.png').exists()


def test_jpeg_on_demand(telea: SegInpaintInferencer, tmp_path: Path) -> None:
    removal = Removal(ids=[1], picture_format='jpg')
    images = [photo(), photo(channels=4)]
    results = telea(images, out_dir=tmp_path, masks=finder(), removal=removal)
    assert (tmp_path / 'pred/image/image_00000.jpg').is_file()
    telea(images[:1], out_dir=tmp_path, masks=finder(), removal=Removal(ids=[1]))
    assert [path.name for path in (tmp_path / 'pred/image').iterdir()] == ['image_00000.png']
    (failure,) = results['failures']
    assert 'image_00001 (60, 90, 4): JPEG has no transparency, this image has: write png.' in (
        failure
    )


@pytest.mark.parametrize(
    ('wanted', 'sentence'),
    [
        (dict(classes=['horse']), 'no horse was found; there are 2 cat, 1 dog.'),
        (dict(clicks=[(50, 5)]), 'nothing was found at the click at (50, 5); click on an object.'),
        (dict(clicks=[(90, 5)]), 'the click at (90, 5) is outside its 90x60 pixels.'),
        (dict(boxes=[(40, 0, 50, 9)]), 'nothing was found in the box (40, 0, 50, 9).'),
        (dict(ids=[4]), 'there is no object 4, counted from 1; there are 2 cat, 1 dog.'),
        (dict(ids=[3], grow=-9), 'no pixel of the mask is left when it is shrunk by 9 pixels'),
        (dict(ids=[1], grow=99), 'what is to be removed, with its border, covers the whole image'),
    ],
)
def test_what_is_not_there_is_told(
    telea: SegInpaintInferencer, wanted: dict, sentence: str
) -> None:
    """One sentence, and the other images go on."""
    results = telea([photo(), photo()], masks=finder(), removal=Removal(**wanted))
    assert results['predictions'] == []
    assert len(results['failures']) == 2
    assert f'array image_00000 (60, 90, 3): {sentence}' in results['failures'][0]
    assert '\n' not in results['failures'][0]


def test_wrong_masks_are_told(telea: SegInpaintInferencer, tmp_path: Path) -> None:
    for name, mask in (
        ('all', np.full(SIZE, 255, np.uint8)),
        ('good', boxes(1).astype(np.uint8)),
        ('none', np.zeros(SIZE, np.uint8)),
        ('size', np.ones((5, 6), np.uint8)),
    ):
        for folder, content in (('in', photo()), ('masks', mask)):
            (tmp_path / folder).mkdir(exist_ok=True)
            cv2.imwrite(str(tmp_path / folder / f'{name}.png'), content)
    results = telea(tmp_path / 'in', masks=tmp_path / 'masks')
    assert len(results['predictions']) == 1
    full, empty, small = results['failures']
    assert 'all.png: what is to be removed, with its border, covers the whole image' in full
    assert 'none.png: its masks mark nothing: there is nothing to remove.' in empty
    assert 'size.png: the mask is 6x5 pixels (width x height), its image is 90x60' in small
    categories = [dict(id=5, name='horse'), dict(id=9, name='cow')]
    image = dict(id=1, file_name='image_00000')
    annotation = dict(image_id=1, category_id=9, segmentation=[[5, 5, 20, 5, 20, 20]])
    file = dict(images=[image], annotations=[annotation], categories=categories)
    (failure,) = telea(photo(), masks=file, removal=Removal(classes=['horse']))['failures']
    assert 'no horse was found; there is 1 cow.' in failure
    (failure,) = telea(photo(), masks=boxes(1), removal=Removal(classes=['cat']))['failures']
    assert "there is no class 'cat'; no object here has a name." in failure
    nearly = np.ones((200, 300), bool)
    nearly[:, 0] = False
    removal = Removal(working_size=32, feather=0)
    (failure,) = telea(photo((200, 300)), masks=nearly, removal=removal)['failures']
    assert (
        'no known pixel beside the hole is left when it is reduced to 32 pixels: take a' in failure
    )


def test_what_does_not_fit_is_told(telea: SegInpaintInferencer) -> None:
    with pytest.raises(UserError, match='A OpenCVInpainter finds no objects: give --masks'):
        telea(photo(), removal=Removal(classes=['cat']))
    with pytest.raises(UserError, match='This OpenCVInpainter does not remove objects: give'):
        make(TELEA, 'fill')(photo(), masks=boxes(1), removal=Removal())
    with pytest.raises(UserError, match='This EdgeConnectInpainter learns from true edges or cla'):
        make(tiny_inpainter())
    with pytest.raises(UserError, match='This ObjectRemover has no image stage, so that it paints'):
        make(tiny_remover(edge=None, segmentation=None, image=None, mask_expansion=None))
    with pytest.raises(UserError, match=r"is for remove, not for 'fill'"):
        make(tiny_remover(), 'fill')
    for name, sentence in (
        ('hores', "There is no class 'hores'; did you mean 'horse'?"),
        ('spoon', "There is no class 'spoon'; known are cat, dog, horse."),
    ):
        with pytest.raises(UserError, match=re.escape(sentence)):
            telea(photo(), masks=finder(), removal=Removal(all_of=['cat', name]))
    for wrong, sentence in (
        (dict(feather=-1), 'feather must be at least 0, not -1'),
        (dict(margin=float('inf')), 'margin must be at least 0, not inf'),
        (dict(margin=float('nan')), 'margin must be at least 0, not nan'),
        (dict(min_score=2), 'min_score must be from 0 to 1, not 2'),
        (dict(boxes=[(50, 0, 2, 20)]), r'x1 < x2 and y1 < y2, not \(50, 0, 2, 20\)'),
        (dict(boxes=[(1, 2, 3)]), r'boxes are of 4 finite numbers each, not \(1, 2, 3\)'),
        (dict(clicks=[(1, float('nan'))]), r'clicks are of 2 finite numbers each, not \(1, nan\)'),
        (dict(working_size=8), 'working_size must be at least 32, not 8'),
        (dict(picture_format='gif'), "written as png or jpg, not as 'gif'"),
    ):
        with pytest.raises(UserError, match=sentence):
            Removal(**wrong)


def test_real_photos(real_data: Path, telea: SegInpaintInferencer, tmp_path: Path) -> None:
    """Persons of COCO, marked by its annotations: outside the hole the files' own pixels."""
    path = real_data / 'coco_tiny/annotations/instances_train2017.json'
    content = json.loads(path.read_text())
    person = next(item['id'] for item in content['categories'] if item['name'] == 'person')
    with_persons = {
        item['image_id']
        for item in content['annotations']
        if item['category_id'] == person and not item['iscrowd']
    }
    folder = real_data / 'coco_tiny/train2017'
    files = [folder / i['file_name'] for i in content['images'] if i['id'] in with_persons][:3]
    removal = Removal(all_of=['person'], working_size=128)
    results = telea(files, out_dir=tmp_path, masks=path, removal=removal)
    assert len(results['predictions']) == 3
    for file, sample in zip(files, results['predictions'], strict=True):
        image, hole = read_colour(file), mask_of(sample, 'hole')
        written = cv2.imread(str(tmp_path / f'pred/image/{file.stem}.png'))
        np.testing.assert_array_equal(written[~hole], image[~hole])
        assert hole[mask_of(sample, 'pred_mask')].all()
        assert 0 < mask_of(sample, 'pred_mask').sum() < hole.sum() < hole.size
        removed = sample.pred_instances.removed.numpy()
        assert [name == 'person' for name in sample.pred_instances.names] == removed.tolist()
