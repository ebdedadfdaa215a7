"""What make_pairs.py says of wrong inputs, a sentence each, and of its options."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from seginpaint_mm.datasets import PairsDataset
from seginpaint_mm.utils.files import write_json
from tests.helpers.dataset_folders import picture, write_map
from tests.helpers.tool_runs import run_here

TOOL = 'dataset_converters/make_pairs'
OPTIONS = ('--num', 1, '--size', 48, 48, '--workers', 1)


def folder(root: Path, suffix: str = '.png') -> Path:
    """Images, and masks of a disk that is 255."""
    mask = cv2.circle(np.zeros((96, 96), np.uint8), (45, 50), 23, 255, -1)
    for number in range(2):
        write_map(root / f'images/{number}.png', picture((96, 96), number))
        write_map(root / f'masks/{number}{suffix}', mask)
    return root


def refusal(capsys: pytest.CaptureFixture, *arguments: object) -> str:
    """The one sentence with which the tool ends."""
    with pytest.raises(SystemExit, match='2'):
        run_here(TOOL, *arguments)
    (line,) = [line for line in capsys.readouterr().err.splitlines() if 'error: ' in line]
    return line


def test_masks_that_were_saved_as_jpeg(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """They are read as everywhere: thresholded at half, with a note; also once saved as PNG."""
    root = folder(tmp_path / 'jpeg', '.jpg')
    run_here(TOOL, tmp_path / 'a', *OPTIONS, 'folder', root, '--masks', 'masks/{name}.jpg')
    assert 'are thresholded at half of 255' in ''.join(capfd.readouterr())
    for path in root.glob('masks/*.jpg'):
        write_map(path.with_suffix('.png'), cv2.imread(str(path), cv2.IMREAD_GRAYSCALE))
    run_here(TOOL, tmp_path / 'b', *OPTIONS, 'folder', root, '--masks', 'masks/{name}.png')
    run_here(TOOL, tmp_path / 'c', *OPTIONS, 'folder', folder(tmp_path / 'png'))
    holes = [
        PairsDataset(str(tmp_path / name), pipeline=[dict(type='seginpaint_mm.LoadPair')])[0][
            'hole'
        ]
        for name in 'abc'
    ]
    assert (holes[0] == holes[1]).all()
    assert (holes[0] != holes[2]).sum() < 0.1 * holes[2].sum(), 'an outline of JPEG, at most'


def test_a_finished_folder_and_another_source(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    run_here(TOOL, tmp_path / 'out', *OPTIONS, 'folder', folder(tmp_path / 'train'))
    other = folder(tmp_path / 'val')
    for path in other.glob('*/1.png'):
        path.rename(path.with_name('2.png'))
    said = refusal(capsys, tmp_path / 'out', *OPTIONS, 'folder', other)
    assert 'holds pairs of another source' in said


def test_options_are_named(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    root = folder(tmp_path / 'data')
    said = refusal(capsys, tmp_path / 'out', *OPTIONS, '--seed', -1, 'folder', root)
    assert said.endswith('--seed is -1, but must be 0 or more.')
    assert not (tmp_path / 'out').exists()
    tiny = ('--scale', 0.01, 0.01)
    said = refusal(capsys, tmp_path / 'out', *OPTIONS, *tiny, 'folder', root)
    assert said.endswith('they vanish: raise --scale.')


def test_help_tells_of_blocks(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit, match='0'):
        run_here(TOOL, '--help')
    told = ' '.join(capsys.readouterr().out.split())
    assert 'pairs; rounded up to whole blocks of 32' in told
    assert 'in blocks of 32, each of 16 random images' in told


@pytest.mark.parametrize('with_ids', [True, False])
def test_pairs_from_coco_instances(tmp_path: Path, with_ids: bool) -> None:
    """Made, and found again by the same command; ids of annotations may be absent."""
    for number in range(2):
        write_map(tmp_path / f'data/images/{number}.jpg', picture((96, 96), number))
    outline = [[20, 20, 60, 20, 60, 70, 20, 70]]
    content = dict(
        images=[dict(id=k, file_name=f'{k}.jpg', height=96, width=96) for k in range(2)],
        categories=[dict(id=1, name='person')],
        annotations=[
            dict(image_id=k, category_id=1, segmentation=outline, bbox=[20, 20, 40, 50])
            | (dict(id=k + 1) if with_ids else {})
            for k in range(2)
        ],
    )
    write_json(tmp_path / 'data/truth.json', content)
    files = ('--annotations', 'truth.json', '--images', 'images')
    for _ in range(2):
        run_here(TOOL, tmp_path / 'out', *OPTIONS, 'coco', tmp_path / 'data', *files)
    assert len(list(tmp_path.glob('out/**/*.jpg')) + list(tmp_path.glob('out/**/*.png'))) > 32


def test_more_classes_than_a_class_map_holds(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """Class maps of pairs have 8 bits: more categories are refused before anything is written."""
    write_map(tmp_path / 'data/images/0.jpg', picture((96, 96), 0))
    content = dict(
        images=[dict(id=0, file_name='0.jpg', height=96, width=96)],
        categories=[dict(id=k, name=f'c{k}') for k in range(1, 256)],
        annotations=[
            dict(
                id=1,
                image_id=0,
                category_id=255,
                segmentation=[[20, 20, 60, 20, 60, 70, 20, 70]],
                bbox=[20, 20, 40, 50],
            )
        ],
    )
    write_json(tmp_path / 'data/truth.json', content)
    files = ('--annotations', 'truth.json', '--images', 'images')
    said = refusal(capsys, tmp_path / 'out', *OPTIONS, 'coco', tmp_path / 'data', *files)
    assert 'there are 255 classes of objects' in said
    assert said.endswith('choose fewer classes.')
    assert not (tmp_path / 'out').exists()


def test_numbers_without_bound(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = ('folder', folder(tmp_path / 'in'))
    said = refusal(capsys, tmp_path / 'a', *OPTIONS, '--rotation', 'inf', 'inf', *source)
    assert 'rotation must be (least, greatest)' in said
    said = refusal(capsys, tmp_path / 'a', *OPTIONS, '--size', 100_000, 100_000, *source)
    assert 'at most 16384 x 16384' in said
