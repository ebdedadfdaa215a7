"""Photos as people have them keep what they hold, and one that cannot be done stops no other."""

import io
import json
import os
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from PIL import Image, ImageCms

from seginpaint_mm.apis import Removal, SegInpaintInferencer
from seginpaint_mm.apis import inputs as inputs_module
from seginpaint_mm.apis.inputs import find_inputs
from seginpaint_mm.datasets.image_reading import read_colour
from seginpaint_mm.errors import UserError
from seginpaint_mm.utils.files import _with_chunks
from tests.helpers.segan_scenes import tiny_segan

SIZE = (40, 60)
ORIENTATION, MAKE, DATE, EXIF, TAKEN, MAKER_NOTE, PLACE = (
    *(274, 271, 306, 0x8769, 0x9003, 0x927C),
    0x8825,
)
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes()
RNG = np.random.default_rng(0)
PHOTO = cv2.GaussianBlur(RNG.integers(0, 256, (*SIZE, 4), np.uint8), (0, 0), 2)  # RGBA
MASK = np.zeros(SIZE, np.uint8)
MASK[10:25, 15:40] = 255
TASKS = ('fill', 'remove')


def make(task: str | None = 'fill', model: dict | None = None) -> SegInpaintInferencer:
    model = model or dict(type='OpenCVInpainter', method='telea')
    steps = [dict(type='PackScene')]
    if model['type'] == 'SeGAN':
        steps.insert(0, dict(type='GrowBoxes', share=(0.2, 0.2)))
        steps.insert(0, dict(type='FrameObjects', size=(40, 60)))
    dataset = dict(type='CityscapesLabelDataset', data_root='nowhere', pipeline=steps)
    cfg = Config(dict(model=model, test_dataloader=dict(dataset=dataset), test_cfg=dict()))
    return SegInpaintInferencer(cfg, device='cpu', show_progress=False, task=task)


@pytest.fixture(scope='module')
def inferencers() -> dict[str, SegInpaintInferencer]:
    return {task: make(task) for task in TASKS}


def exif(orientation: int = 1) -> Image.Exif:
    tags = Image.Exif()
    tags[ORIENTATION], tags[MAKE], tags[DATE] = orientation, 'Camera', '2024:05:06 07:08:09'
    tags.get_ifd(EXIF)[TAKEN] = '2024:05:06 07:08:09'
    tags.get_ifd(EXIF)[MAKER_NOTE] = b'secret' * 5
    tags.get_ifd(PLACE)[1], tags.get_ifd(PLACE)[2] = 'N', (48.0, 8.0, 3.5)
    return tags


def save(path: Path, image: np.ndarray, **options: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path, **options)
    return path


def run(
    inferencer: SegInpaintInferencer, inputs: object, out: Path, mask: object = MASK, **more: object
) -> dict:
    results = inferencer(inputs, out_dir=out, masks=mask, **more)
    assert results['failures'] == []
    return json.loads((out / 'predictions.json').read_text())['predictions'][0]


@pytest.mark.parametrize('task', TASKS)
@pytest.mark.parametrize('suffix', ['png', 'jpg', 'tif', 'webp', 'avif'])
def test_what_photos_hold_is_kept(
    inferencers: dict, tmp_path: Path, task: str, suffix: str
) -> None:
    has_alpha = suffix != 'jpg'
    pixels = PHOTO if has_alpha else PHOTO[..., :3].copy()
    options = dict(compression='tiff_lzw') if suffix == 'tif' else {}
    path = save(tmp_path / f'a.{suffix}', pixels, exif=exif(), icc_profile=PROFILE, **options)
    entry = run(inferencers[task], path, tmp_path / 'out')
    written = Image.open(tmp_path / 'out' / entry['image'])
    assert written.mode == ('RGBA' if has_alpha else 'RGB')
    assert written.info['icc_profile'] == PROFILE
    tags = written.getexif()
    assert (tags[MAKE], tags[DATE]) == ('Camera', '2024:05:06 07:08:09')
    if suffix != 'tif':  # where Pillow itself writes neither
        assert tags.get_ifd(EXIF)[TAKEN] == '2024:05:06 07:08:09'
        assert tags.get_ifd(PLACE)[2] == (48.0, 8.0, 3.5)
    read = np.array(Image.open(path).convert(written.mode))
    kept = np.ones(SIZE, bool)
    kept[5:30, 10:45] = False
    np.testing.assert_array_equal(np.array(written)[kept], read[kept])
    if has_alpha:
        np.testing.assert_array_equal(np.array(written)[..., 3], read[..., 3])


@pytest.mark.parametrize('task', TASKS)
def test_results_lie_upright_and_say_so(inferencers: dict, tmp_path: Path, task: str) -> None:
    path = save(tmp_path / 'a.png', PHOTO[..., :3].copy(), exif=exif(6), icc_profile=PROFILE)
    entry = run(inferencers[task], path, tmp_path / 'out', MASK.T.copy())
    written = Image.open(tmp_path / 'out' / entry['image'])
    assert written.size == (40, 60)
    assert written.getexif().get(ORIENTATION, 1) == 1
    assert written.getexif()[MAKE] == 'Camera'
    expected = np.rot90(PHOTO[..., :3], 3)
    np.testing.assert_array_equal(np.array(written)[45:], expected[45:])


def test_no_thumbnail_shows_what_was_removed(inferencers: dict, tmp_path: Path) -> None:
    """A JPEG's second directory, with an image of 8 x 8, as cameras write it."""
    small = io.BytesIO()
    Image.fromarray(PHOTO[:8, :8, :3].copy()).save(small, 'JPEG')
    tags = exif()
    data = tags.tobytes()
    Image.fromarray(PHOTO[..., :3].copy()).save(tmp_path / 'a.jpg', exif=data)
    content = (tmp_path / 'a.jpg').read_bytes()
    at = content.index(b'Exif\0\0')
    length = int.from_bytes(content[at - 2 : at], 'big')
    body = content[at : at + length - 2] + small.getvalue()
    whole = content[: at - 2] + (len(body) + 2).to_bytes(2, 'big') + body
    (tmp_path / 'a.jpg').write_bytes(whole + content[at + length - 2 :])
    entry = run(inferencers['fill'], tmp_path / 'a.jpg', tmp_path / 'out')
    assert small.getvalue() not in (tmp_path / 'out' / entry['image']).read_bytes()
    assert Image.open(tmp_path / 'out' / entry['image']).getexif()[MAKE] == 'Camera'


@pytest.mark.parametrize('task', TASKS)
@pytest.mark.parametrize(
    ('suffix', 'channels'), [('png', 1), ('png', 3), ('png', 4), ('tif', 1), ('tif', 3)]
)
def test_sixteen_bits_stay(
    inferencers: dict, tmp_path: Path, task: str, suffix: str, channels: int
) -> None:
    deep = RNG.integers(0, 65536, (*SIZE, channels), np.uint16)
    deep = cv2.GaussianBlur(deep, (0, 0), 2).reshape(*SIZE, channels)
    cv2.imwrite(str(tmp_path / f'a.{suffix}'), deep)
    for source in (tmp_path / f'a.{suffix}', deep):
        entry = run(inferencers[task], source, tmp_path / 'out')
        written = cv2.imread(str(tmp_path / 'out' / entry['image']), cv2.IMREAD_UNCHANGED)
        assert written.dtype == np.uint16
        expected = deep.repeat(3, axis=2) if channels == 1 else deep
        assert written.shape == expected.shape
        kept = np.ones(SIZE, bool)
        kept[5:30, 10:45] = False
        np.testing.assert_array_equal(written[kept], expected[kept])
        inside = MASK > 0
        assert (written[inside, :3] % 257 == 0).all()  # painted in 8 bits
        assert abs(written[inside, :3].mean() - expected[inside, :3].mean()) < 8000


def test_sixteen_bits_lie_upright(inferencers: dict, tmp_path: Path) -> None:
    deep = RNG.integers(0, 65536, (*SIZE, 3), np.uint16)
    for orientation in range(2, 9):
        _, data = cv2.imencode('.png', deep)
        tags = exif(orientation).tobytes().removeprefix(b'Exif\0\0')
        (tmp_path / 'a.png').write_bytes(_with_chunks(data.tobytes(), None, tags))
        mask = MASK if orientation < 5 else MASK.T.copy()
        entry = run(inferencers['fill'], tmp_path / 'a.png', tmp_path / 'out', mask)
        written = cv2.imread(str(tmp_path / 'out' / entry['image']), cv2.IMREAD_UNCHANGED)
        seen = read_colour(tmp_path / 'a.png')
        np.testing.assert_array_equal((written >> 8)[mask == 0], seen[mask == 0])


def test_jpeg_on_demand_keeps_them_too(inferencers: dict, tmp_path: Path) -> None:
    _, data = cv2.imencode('.png', RNG.integers(0, 65536, (*SIZE, 3), np.uint16))
    (tmp_path / 'a.png').write_bytes(data.tobytes())
    removal = Removal(picture_format='jpg')
    entry = run(inferencers['remove'], tmp_path / 'a.png', tmp_path / 'o', removal=removal)
    assert Image.open(tmp_path / 'o' / entry['image']).mode == 'RGB'
    path = save(tmp_path / 'b.jpg', PHOTO[..., :3].copy(), exif=exif(), icc_profile=PROFILE)
    entry = run(inferencers['remove'], path, tmp_path / 'o', removal=removal)
    written = Image.open(tmp_path / 'o' / entry['image'])
    assert written.getexif()[MAKE] == 'Camera'
    assert written.info['icc_profile'] == PROFILE


def test_cutouts_keep_them(tmp_path: Path) -> None:
    torch.manual_seed(0)
    inferencer = make(None, tiny_segan())
    path = save(tmp_path / 'a.png', PHOTO, exif=exif(), icc_profile=PROFILE)
    entry = run(inferencer, path, tmp_path / 'out')
    (item,) = entry['objects']
    written = Image.open(tmp_path / 'out' / item['cutout'])
    assert written.info['icc_profile'] == PROFILE
    assert written.getexif()[MAKE] == 'Camera'
    left, top, *_ = item['bbox']
    seen = np.array(written)[10 - top : 25 - top, 15 - left : 40 - left]
    np.testing.assert_array_equal(seen, PHOTO[10:25, 15:40])
    deep = PHOTO.astype(np.uint16) * 257 + 3
    entry = run(inferencer, np.ascontiguousarray(deep[..., [2, 1, 0, 3]]), tmp_path / 'deep')
    cutout = cv2.imread(
        str(tmp_path / 'deep' / entry['objects'][0]['cutout']), cv2.IMREAD_UNCHANGED
    )
    np.testing.assert_array_equal(
        cutout[10 - top : 25 - top, 15 - left : 40 - left], deep[10:25, 15:40, [2, 1, 0, 3]]
    )


def test_images_of_pillow(inferencers: dict, tmp_path: Path) -> None:
    image = Image.fromarray(PHOTO)
    image.info['icc_profile'] = PROFILE
    entry = run(inferencers['remove'], image, tmp_path / 'out')
    written = Image.open(tmp_path / 'out' / entry['image'])
    assert written.info['icc_profile'] == PROFILE
    np.testing.assert_array_equal(np.array(written)[30:], PHOTO[30:])
    lying = save(tmp_path / 'a.jpg', PHOTO[..., :3].copy(), exif=exif(6))
    (sample,) = inferencers['fill'](Image.open(lying), masks=MASK.T.copy())['predictions']
    assert sample.pred_image.data.shape == (3, 60, 40)
    for mode in ('L', '1', 'P', 'CMYK', 'I;16'):
        converted = image.convert('L').convert('I;16') if mode == 'I;16' else None
        one = converted or image.convert('RGB').convert(mode)
        assert inferencers['fill'](one, masks=MASK)['failures'] == []
    (failure,) = inferencers['fill'](image.convert('F'), masks=MASK)['failures']
    assert 'image image_00000 (60, 40): an image of Pillow has 8 or 16 bits' in failure


@pytest.mark.parametrize(
    'source', [torch.zeros(3, 40, 60), [torch.zeros(3, 40, 60)], 5, [None], dict(a=1), [b'x']]
)
def test_what_is_no_input_is_told(inferencers: dict, source: object) -> None:
    with pytest.raises(
        UserError, match='An input is an image file, a folder, a tar file, an array .* not '
    ):
        inferencers['fill'](source, masks=MASK)


@pytest.mark.parametrize(
    ('wanted', 'message'),
    [
        (dict(ids=['one']), "ids is a number, not 'one'"),
        (dict(ids=[1.5]), 'ids are whole numbers, not 1.5'),
        (dict(ids=[None]), 'ids is a number, not None'),
        (dict(margin='wide'), "margin is a number, not 'wide'"),
        (dict(feather=None), 'feather is a number, not None'),
        (dict(clicks=[('a', 'b')]), 'clicks are of 2 finite numbers each'),
        (dict(clicks=5), 'clicks are of 2 finite numbers each'),
        (dict(boxes=[(1, 2, None, 4)]), 'boxes are of 4 finite numbers each'),
    ],
)
def test_removals_of_wrong_types_are_told(wanted: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        Removal(**wanted)


def test_numbers_of_other_types_are_taken() -> None:
    removal = Removal(ids=[1.0, np.int64(2), '3'], margin='0.5', feather=np.float32(2))
    assert removal == Removal(ids=[1, 2, 3], margin=0.5, feather=2)
    assert Removal(ids=np.int64(4)).ids == (4,)


def test_folders_give_every_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logged = []
    monkeypatch.setattr(inputs_module, 'print_log', lambda text, **_: logged.append(text))
    pixels = Image.fromarray(PHOTO[..., :3].copy())
    suffixes = ('jpg', 'jfif', 'gif', 'webp', 'avif', 'jp2', 'ppm', 'tif', 'bmp', 'TGA', 'pcx')
    for suffix in suffixes:
        pixels.save(tmp_path / f'{suffix}.{suffix}')
    names = {scene.name for scene in find_inputs(tmp_path)}
    assert names == set(suffixes)
    for scene in find_inputs(tmp_path):
        assert scene.read().shape == (*SIZE, 3)
    assert logged == []
    for name in ('x.cr2', 'y.NEF', 'z.nef', 'notes.txt', '._jpg.jpg'):
        (tmp_path / name).write_bytes(b'x')
    assert {scene.name for scene in find_inputs(tmp_path)} == set(suffixes)
    assert '1 .cr2, 2 .nef, whose formats are not read here' in logged[0]


def test_heic_is_read_or_told(tmp_path: Path) -> None:
    (tmp_path / 'a.heic').write_bytes(b'\0\0\0\x18ftypheic\0\0\0\0mif1heic' + bytes(100))
    (scene,) = find_inputs(tmp_path)
    with pytest.raises(ValueError, match=r'a\.heic: (to read HEIC files, install|cannot be read)'):
        scene.read()


def test_the_suffix_need_not_be_right(tmp_path: Path) -> None:
    tags = exif(6)
    for kind in ('PNG', 'TIFF', 'WEBP', 'JPEG'):
        options = dict(compression='tiff_lzw') if kind == 'TIFF' else {}
        Image.fromarray(PHOTO[..., :3].copy()).save(tmp_path / 'a.jpg', kind, exif=tags, **options)
        assert read_colour(tmp_path / 'a.jpg').shape == (60, 40, 3)


def damaged(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + data[middle + 300 :]


@pytest.mark.parametrize('options', [{}, dict(progressive=True)])
def test_jpegs_with_a_gap_are_refused(tmp_path: Path, options: dict) -> None:
    image = Image.fromarray(
        cv2.GaussianBlur(RNG.integers(0, 256, (300, 400, 3), np.uint8), (0, 0), 4)
    )
    file = io.BytesIO()
    image.save(file, 'JPEG', quality=90, **options)
    (tmp_path / 'whole.jpg').write_bytes(file.getvalue() + b'padding after the end')
    assert read_colour(tmp_path / 'whole.jpg').shape == (300, 400, 3)
    (tmp_path / 'gap.jpg').write_bytes(damaged(file.getvalue()))
    with pytest.raises(ValueError, match=r'gap\.jpg: this JPEG is damaged \(.*\), and parts of it'):
        read_colour(tmp_path / 'gap.jpg')


def huge_png(width: int, height: int) -> bytes:
    """Its signature and header alone."""
    header = width.to_bytes(4, 'big') + height.to_bytes(4, 'big') + bytes([8, 2, 0, 0, 0])
    chunk = b'IHDR' + header
    return b'\x89PNG\r\n\x1a\n\0\0\0\r' + chunk + zlib.crc32(chunk).to_bytes(4, 'big')


@pytest.mark.parametrize('task', TASKS)
def test_one_that_cannot_be_done_stops_no_other(
    inferencers: dict, tmp_path: Path, task: str
) -> None:
    (tmp_path / 'in').mkdir()
    (tmp_path / 'in/bomb.png').write_bytes(huge_png(40_000, 40_000) + bytes(50))
    (tmp_path / 'in/cut.tif').write_bytes(save(tmp_path / 'c.tif', PHOTO).read_bytes()[:90])
    (tmp_path / 'in/empty.jpg').touch()
    (tmp_path / 'in/folder.png').mkdir()
    (tmp_path / 'in/link.png').symlink_to('nowhere.png')
    save(tmp_path / 'in/mask.png', PHOTO)
    save(tmp_path / 'in/good.png', PHOTO)
    for name in ('bomb', 'cut', 'empty', 'link', 'good'):
        save(tmp_path / f'masks/{name}.png', MASK)
    Image.new('1', (14_000, 13_000)).save(tmp_path / 'masks/mask.png')
    out = tmp_path / 'out'
    results = inferencers[task](tmp_path / 'in', 2, out, masks=tmp_path / 'masks')
    assert len(results['predictions']) == 1
    assert len(results['failures']) == 5
    assert all('\n' not in failure for failure in results['failures'])
    summary = json.loads((out / 'predictions.json').read_text())
    assert [Path(entry['input']).stem for entry in summary['predictions']] == ['good']
    assert {Path(entry['input']).stem for entry in summary['failures']} == {
        'bomb',
        'cut',
        'empty',
        'link',
        'mask',
    }


def run_out_of_memory() -> None:
    raise MemoryError


@pytest.mark.parametrize('fail', [run_out_of_memory, lambda: torch.empty(1 << 58)])
def test_an_error_of_the_model_is_of_one_input(
    inferencers: dict, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fail: Callable
) -> None:
    inferencer = inferencers['fill']
    step = inferencer.model.test_step

    def failing(batch: dict) -> list:
        if any((item == 7).all() for item in batch['inputs']):
            fail()
        return step(batch)

    monkeypatch.setattr(inferencer.model, 'test_step', failing)
    images = [PHOTO[..., :3].copy(), np.full((*SIZE, 3), 7, np.uint8), PHOTO[..., :3].copy()]
    masks = {f'image_{number:05d}': MASK for number in range(3)}
    results = inferencer(images, 3, tmp_path, masks=masks)
    assert len(results['predictions']) == 2
    assert 'array image_00001 (40, 60, 3): there is too little memory' in results['failures'][0]
    assert len(json.loads((tmp_path / 'predictions.json').read_text())['predictions']) == 2


@pytest.mark.parametrize('task', TASKS)
def test_names_of_every_kind(inferencers: dict, tmp_path: Path, task: str) -> None:
    names = [b'caf\xe9', 'ä 日本'.encode(), b'x' * 251, b'A', b'a', b'dot.ted', b'100%']
    folder = os.fsencode(tmp_path / 'in')
    for name in names:
        save(Path(os.fsdecode(folder + b'/' + name + b'.PNG')), PHOTO)
    source = {scene.name: MASK for scene in find_inputs(tmp_path / 'in')}
    assert len(source) == len(names)
    results = inferencers[task](tmp_path / 'in', out_dir=tmp_path / 'out', masks=source)
    assert results['failures'] == []
    entries = json.loads((tmp_path / 'out/predictions.json').read_text())['predictions']
    assert len({entry['image'].casefold() for entry in entries}) == len(names)
    for entry in entries:
        assert (tmp_path / 'out' / entry['image']).exists()
        assert (tmp_path / 'out' / entry['picture']).exists()
    assert not list((tmp_path / 'out').rglob('*.partial'))


def test_masks_are_never_exchanged(inferencers: dict, tmp_path: Path) -> None:
    """a.jpg and a.png are done as a and a_2, beside a file that is called a_2."""
    inferencer = inferencers['fill']
    for name in ('a.bmp', 'a.png', 'a_2.png'):
        save(tmp_path / 'in' / name, PHOTO[..., :3].copy())
    for name in ('a.png', 'a_2.png'):
        save(tmp_path / 'masks' / name, MASK)
    results = inferencer(tmp_path / 'in', masks=tmp_path / 'masks')
    assert len(results['predictions']) == 1
    assert all('this may be the mask of' in failure for failure in results['failures'])
    assert 'e.g. a.bmp.png' in results['failures'][0]
    other = np.roll(MASK, 5, axis=0)
    save(tmp_path / 'masks/a.bmp.png', MASK)
    save(tmp_path / 'masks/a.png.PNG', other)
    results = inferencer(tmp_path / 'in', masks=tmp_path / 'masks')
    holes = [sample.hole.data[0].numpy() > 0 for sample in results['predictions']]
    np.testing.assert_array_equal(holes, [MASK > 0, other > 0, MASK > 0])


def test_masks_beside_the_photos(inferencers: dict, tmp_path: Path) -> None:
    """A folder of photos a.jpg and masks a.PNG; the photo itself is no mask."""
    save(tmp_path / 'a.jpg', PHOTO[..., :3].copy())
    inferencer = inferencers['fill']
    (failure,) = inferencer(tmp_path / 'a.jpg', masks=tmp_path)['failures']
    assert 'there are no masks for this image' in failure
    save(tmp_path / 'a.PNG', MASK)
    assert inferencer(tmp_path / 'a.jpg', masks=tmp_path)['failures'] == []


def test_links_are_followed_once(tmp_path: Path) -> None:
    save(tmp_path / 'real/a.png', PHOTO)
    (tmp_path / 'in').mkdir()
    (tmp_path / 'in/linked').symlink_to(tmp_path / 'real')
    (tmp_path / 'real/back').symlink_to(tmp_path / 'in')
    (tmp_path / 'in/b.png').symlink_to(tmp_path / 'real/a.png')
    names = [scene.name for scene in find_inputs(tmp_path / 'in', recursive=True)]
    assert names == ['b', 'linked/a']


def test_a_note_says_how_a_mask_was_read(inferencers: dict, tmp_path: Path) -> None:
    save(tmp_path / 'soft.png', cv2.GaussianBlur(MASK, (0, 0), 3))
    save(tmp_path / 'photo.png', PHOTO)
    for task in TASKS:
        inferencer = inferencers[task]
        stream = inferencer.stream(
            tmp_path / 'photo.png', out_dir=tmp_path / 'out', masks=tmp_path / 'soft.png'
        )
        (result,) = stream
        assert 'soft.png: its' in result.remark
        assert 'thresholded at half of 255' in result.remark
        (entry,) = json.loads((tmp_path / 'out/predictions.json').read_text())['predictions']
        assert entry['remark'] == result.remark


@pytest.mark.parametrize('suffix', ['gif', 'tif', 'webp', 'png'])
def test_further_pages_are_left_out_with_a_word(
    inferencers: dict, tmp_path: Path, suffix: str
) -> None:
    image = Image.fromarray(PHOTO[..., :3].copy())
    other = Image.fromarray(PHOTO[::-1, ::-1, :3].copy())
    image.save(tmp_path / f'a.{suffix}', save_all=True, append_images=[other])
    entry = run(inferencers['fill'], tmp_path / f'a.{suffix}', tmp_path / 'out')
    assert 'this has 2 pages or frames, of which the first is taken' in entry['remark']


def test_samples_of_32_bits_are_told(tmp_path: Path) -> None:
    for kind in (np.float32, np.int32):
        save(tmp_path / 'a.tif', PHOTO[..., 0].astype(kind))
        with pytest.raises(ValueError, match=r'a\.tif: this image has samples of 32 bits: scale'):
            read_colour(tmp_path / 'a.tif')


def test_whatever_a_parser_stumbles_over(inferencers: dict, tmp_path: Path) -> None:
    """Pillow's reader of QOI runs out of bytes with an IndexError."""
    broken = b'qoif' + (60).to_bytes(4, 'big') + (40).to_bytes(4, 'big') + bytes([3, 0])
    (tmp_path / 'a.qoi').write_bytes(broken)
    (failure,) = inferencers['fill'](tmp_path / 'a.qoi', masks=MASK)['failures']
    assert 'cannot be read as an image' in failure
    save(tmp_path / 'b.png', PHOTO)
    (failure,) = inferencers['fill'](tmp_path / 'b.png', masks=tmp_path / 'a.qoi')['failures']
    assert 'a.qoi: cannot be read as a mask' in failure
