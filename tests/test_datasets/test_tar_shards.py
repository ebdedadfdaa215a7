"""Images in tar files: what is listed, what is read, and what is said of damaged ones."""

import io
import tarfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from seginpaint_mm.apis.inputs import find_inputs
from seginpaint_mm.apis.mask_sources.files import MaskFolder
from seginpaint_mm.datasets.image_reading import read_alpha, read_colour
from seginpaint_mm.datasets.photo_parts import read_photo_parts
from seginpaint_mm.datasets.tar_shards import expand_shards
from seginpaint_mm.errors import UserError

GENERATOR = np.random.default_rng(0)


def png(value: int, size: int = 8) -> bytes:
    return cv2.imencode('.png', np.full((size, size, 3), value, np.uint8))[1].tobytes()


def noise() -> bytes:
    """More than a block of a tar file, none of which looks like another."""
    return cv2.imencode('.png', GENERATOR.integers(0, 256, (20, 20, 3), np.uint8))[1].tobytes()


def write_tar(path: Path, files: dict[str, bytes], mode: str = 'w') -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, mode) as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path


def faults(path: Path | str) -> dict[str, str]:
    """Name -> why it cannot be read; '' of what can."""
    found = {}
    for scene in find_inputs(path):
        try:
            scene.read()
            found[scene.name] = ''
        except (OSError, ValueError) as error:
            found[scene.name] = str(error)
    return found


def test_images_keep_their_names(tmp_path: Path) -> None:
    files = {'000.png': png(10), '000.cls': b'3', 'sub/001.png': png(20), '._002.png': b''}
    write_tar(tmp_path / 'shard-00.tar', files)
    write_tar(tmp_path / 'shard-01.tar', {'000.png': png(30), f'{"long" * 40}.png': png(40)})
    for inputs in (
        f'{tmp_path}/shard-{{00..01}}.tar',
        f'{tmp_path}/shard-*.tar',
        tmp_path,
        sorted(tmp_path.iterdir()),
    ):
        scenes = find_inputs(inputs)
        names = ['000', 'sub/001', '000_2', 'long' * 40]
        assert [scene.name for scene in scenes] == names
        assert [int(scene.read()[0, 0, 0]) for scene in scenes] == [10, 20, 30, 40]
    assert [path.name for path in tmp_path.iterdir() if path.suffix != '.tar'] == []


def test_no_name_leads_out_of_the_results(tmp_path: Path) -> None:
    path = write_tar(tmp_path / 'a.tar', {'/etc/a.png': png(1), '../../b.png': png(2)})
    assert [scene.name for scene in find_inputs(path)] == ['etc/a', 'b']


def test_all_of_a_photo_is_read(tmp_path: Path) -> None:
    """What its file in a folder would give: upright, with transparency, 16 bits and EXIF."""
    turned, deep = Image.new('RGB', (16, 8), (250, 10, 10)), np.full((4, 5, 4), 300, np.uint16)
    exif = Image.Exif()
    exif[0x0112], exif[306] = 6, '2020:01:01 00:00:00'
    turned.save(tmp_path / 'turned.jpg', exif=exif)
    Image.new('RGBA', (5, 4), (1, 2, 3, 4)).save(tmp_path / 'clear.webp', lossless=True)
    cv2.imwrite(str(tmp_path / 'deep.png'), deep)
    paths = sorted(tmp_path.iterdir())
    tar = write_tar(tmp_path / 'a.tar', {path.name: path.read_bytes() for path in paths})
    for scene, path in zip(find_inputs(tar), paths, strict=True):
        np.testing.assert_array_equal(scene.read(), read_colour(path))
        np.testing.assert_array_equal(scene.read_alpha(), read_alpha(path))
        found, expected = scene.read_parts(), read_photo_parts(path)
        assert found.exif == expected.exif
        np.testing.assert_array_equal(found.deep, expected.deep)
        assert scene.note() is None


def test_a_broken_image_is_named(tmp_path: Path) -> None:
    path = write_tar(tmp_path / 'a.tar', {'a.png': png(1), 'b.png': b'no image', 'c.png': png(3)})
    found = faults(path)
    assert found.pop('b').startswith(f'{path}/b.png: cannot be read as an image')
    assert found == {'a': '', 'c': ''}


def test_a_damaged_header_loses_one_image_and_is_said(tmp_path: Path) -> None:
    path = write_tar(tmp_path / 'z.tar', {name: noise() for name in ('a.png', 'b.png', 'c.png')})
    with tarfile.open(path) as tar:
        damaged, after = tar.getmember('b.png').offset, tar.getmember('c.png').offset
    data = bytearray(path.read_bytes())
    data[damaged + 150] ^= 1
    path.write_bytes(data)
    found = faults(path)
    assert found.pop('a') == found.pop('c') == ''
    (fault,) = found.values()
    assert f'{path}: is damaged or cut off between byte {damaged} and byte {after}' in fault


@pytest.mark.parametrize('cut', [100, 900])
def test_a_tar_file_that_is_cut_off(cut: int, tmp_path: Path) -> None:
    path = write_tar(tmp_path / 'z.tar', {'a.png': noise(), 'b.png': noise()})
    with tarfile.open(path) as tar:
        start = tar.getmember('b.png').offset
    path.write_bytes(path.read_bytes()[: start + cut])
    found = faults(path)
    assert found.pop('a') == ''
    (fault,) = found.values()
    assert 'cut off' in fault


def test_what_is_no_tar_file_is_said(tmp_path: Path) -> None:
    good = write_tar(tmp_path / 'good.tar', {'a.png': png(1)})
    (tmp_path / 'text.tar').write_text('no tar' * 500)
    write_tar(tmp_path / 'packed.tar.gz', {'b.png': png(1)}, 'w:gz')
    write_tar(tmp_path / 'empty.tar', {'a.txt': b'text'})
    with tarfile.open(tmp_path / 'link.tar', 'w') as tar:
        member = tarfile.TarInfo('c.png')
        member.type, member.linkname = tarfile.SYMTYPE, 'd.png'
        tar.addfile(member)
    for name, sentence in {
        'absent.tar': 'there is no such file',
        'text.tar': 'is no tar file, or damaged',
        'packed.tar.gz': 'decompress it',
        'empty.tar': 'has no image that is read here',
        'link.tar': 'is a link to d.png',
    }.items():
        fault, good_one = faults([tmp_path / name, good]).values()
        assert sentence in fault
        assert fault.startswith(str(tmp_path / name))
        assert good_one == ''
    with pytest.raises(UserError, match='no file fits'):
        find_inputs(f'{tmp_path}/x*.tar')


def test_masks_are_found_by_the_name_inside(tmp_path: Path) -> None:
    path = write_tar(tmp_path / 'a.tar', {'sub/a.png': png(1), 'sub/a.jpg': png(2)})
    for name in ('a.png.png', 'a.jpg.png'):
        (tmp_path / 'masks/sub').mkdir(parents=True, exist_ok=True)
        mask = np.zeros((8, 8), np.uint8)
        mask[: 2 if 'jpg' in name else 4] = 255
        cv2.imwrite(str(tmp_path / 'masks/sub' / name), mask)
    source = MaskFolder(tmp_path / 'masks')
    areas = [
        int(np.asarray(source.objects(scene, scene.read()).masks[0]).sum())
        for scene in find_inputs(path)
    ]
    assert areas == [32, 16]


def test_patterns_of_shards() -> None:
    names = [path.name for path in expand_shards('a-{08..10}-{0..1}.tar')]
    assert names == [f'a-{n}-{k}.tar' for n in ('08', '09', '10') for k in (0, 1)]


@pytest.mark.parametrize(
    'numbers', ['{5..1}', '{000..999999999}', '{0..9}' * 7, f'{{0..{"9" * 5000}}}']
)
def test_numbers_of_shards_are_bounded(numbers: str) -> None:
    with pytest.raises(UserError, match='numbers that increase'):
        expand_shards(f's-{numbers}.tar')
