"""Images shared by several processes, and runs that go on where they were stopped."""

import gc
import json
import multiprocessing
import os
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from seginpaint_mm.apis import ResultFolder, SegInpaintInferencer, Share, find_inpainter
from seginpaint_mm.apis.inputs import SceneInput
from seginpaint_mm.apis.mask_sources import MaskSource, VisibleObjects
from seginpaint_mm.errors import UserError
from tests.helpers.tool_runs import run_here

NAMES = [f'x/{number:02d}' for number in range(5)] + ['y/00', 'y/01']


class SameHole(MaskSource):
    """A square in the middle of every image."""

    def objects(self, scene: SceneInput, image: np.ndarray) -> VisibleObjects:
        mask = np.zeros((1, *image.shape[:2]), bool)
        mask[:, 4:8, 4:8] = True
        return VisibleObjects(mask, ('',))


@pytest.fixture(scope='module')
def painter() -> SegInpaintInferencer:
    return SegInpaintInferencer(find_inpainter('telea'), task='fill', show_progress=False)


@pytest.fixture
def images(tmp_path: Path) -> Path:
    generator = np.random.default_rng(0)
    for name in NAMES:
        path = tmp_path / 'in' / f'{name}.png'
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), generator.integers(0, 256, (16, 16, 3), np.uint8))
    return tmp_path / 'in'


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Counter:
    """Name -> how often an image was read."""
    counted, read = Counter(), SceneInput.read

    def counting(scene: SceneInput) -> np.ndarray:
        counted[scene.name] += 1
        return read(scene)

    monkeypatch.setattr(SceneInput, 'read', counting)
    return counted


def stream(
    painter: SegInpaintInferencer, inputs: Path | str | list, out: Path, share: Share | None = None
) -> Iterator:
    folder = ResultFolder(out, painter.task, share)
    yield from painter.stream(inputs, 1, folder, True, SameHole(), draw=False)
    yield folder


def run(painter: SegInpaintInferencer, inputs: Path, out: Path, share: Share | None = None):
    """Run to the end; names of what was done, and the folder."""
    *results, folder = stream(painter, inputs, out, share)
    return [result.scene.name for result in results], folder


def summary(out: Path) -> dict:
    return json.loads((out / 'predictions.json').read_text())


def test_shares_make_what_one_process_makes(
    painter: SegInpaintInferencer, images: Path, tmp_path: Path
) -> None:
    """Whatever their order; none waits for another, and the last says that all is there."""
    (images / 'x/03.png').write_text('no image')
    run(painter, images, tmp_path / 'one')
    for number, is_whole in ((2, False), (3, False), (1, True)):
        _, folder = run(painter, images, tmp_path / 'three', Share(number, 3))
        assert folder.totals.is_whole == is_whole
    assert (folder.totals.done, folder.totals.failed) == (6, 1)
    assert summary(tmp_path / 'three') == summary(tmp_path / 'one')
    written = [
        {path.relative_to(tmp_path / out): path.read_bytes() for path in files}
        for out in ('one', 'three')
        for files in [[path for path in (tmp_path / out).rglob('*') if path.is_file()]]
    ]
    assert written[0] == written[1]
    assert len(written[0]) == 7


def test_processes_at_the_same_time(
    painter: SegInpaintInferencer, images: Path, tmp_path: Path
) -> None:
    context = multiprocessing.get_context('fork')
    children = [
        context.Process(target=run, args=(painter, images, tmp_path, Share(number, 3)))
        for number in (1, 2, 3)
    ]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
        assert child.exitcode == 0
    assert [entry['name'] for entry in summary(tmp_path)['predictions']] == NAMES
    assert not (tmp_path / 'progress').exists()


@pytest.mark.parametrize('share', [Share(1, 2), Share()])
def test_a_killed_process_goes_on(
    painter: SegInpaintInferencer, images: Path, tmp_path: Path, reads: Counter, share: Share
) -> None:
    """No image is done twice, but for the one that was in work."""

    def be_killed() -> None:
        results = stream(painter, images, tmp_path, share)
        next(results), next(results)
        os._exit(9)

    child = multiprocessing.get_context('fork').Process(target=be_killed)
    child.start()
    child.join(60)
    assert child.exitcode == 9
    (journal,) = (tmp_path / 'progress').iterdir()
    with open(journal, 'a') as file:
        file.write('{"name": "x/04", "inp')
    assert not (tmp_path / 'predictions.json').exists()
    resumed = Share(share.number, share.count, resume=True)
    done, folder = run(painter, images, tmp_path, resumed)
    assert done == NAMES[share.number - 1 :: share.count][2:]
    assert folder.done_before == 2
    assert max(reads.values()) == 1
    if share.count > 1:
        run(painter, images, tmp_path, Share(2, 2))
    assert [entry['name'] for entry in summary(tmp_path)['predictions']] == NAMES
    assert run(painter, images, tmp_path, resumed)[0] == []


def test_others_take_over_what_a_killed_process_left(
    painter: SegInpaintInferencer, images: Path, tmp_path: Path
) -> None:
    """With another number of shares, or alone."""
    results = stream(painter, images, tmp_path, Share(2, 2))
    next(results), next(results)
    results.close()  # as an error would end it
    assert not (tmp_path / 'predictions.json').exists()
    done, _ = run(painter, images, tmp_path, Share(resume=True))
    assert done == [name for name in NAMES if name not in ('x/01', 'x/03')]
    assert [entry['name'] for entry in summary(tmp_path)['predictions']] == NAMES


def test_only_what_lies_there_is_done(
    painter: SegInpaintInferencer, images: Path, tmp_path: Path
) -> None:
    """Failures are tried again; what is not among the inputs stays in the summary."""
    good = (images / 'x/00.png').read_bytes()
    (images / 'x/00.png').write_text('no image')
    run(painter, images, tmp_path)
    (images / 'x/00.png').write_bytes(good)
    (tmp_path / 'pred/image/y/00.png').unlink()
    (images / 'y/01.png').unlink()
    done, folder = run(painter, images, tmp_path, Share(resume=True))
    assert done == ['x/00', 'y/00']
    assert folder.totals.failed == 0
    listed = [entry['name'] for entry in summary(tmp_path)['predictions']]
    assert listed == ['y/01', *NAMES[:-1]]
    assert run(painter, images, tmp_path)[0] == NAMES[:-1]
    assert [entry['name'] for entry in summary(tmp_path)['predictions']] == NAMES[:-1]


def test_no_two_processes_write_the_same(
    painter: SegInpaintInferencer, images: Path, tmp_path: Path
) -> None:
    first = stream(painter, images, tmp_path, Share(1, 2))
    next(first)
    for share in (Share(1, 2), Share()):
        with pytest.raises(UserError, match=r'Another process writes into .* \(share 1/2\)'):
            run(painter, images, tmp_path, share)
    _, folder = run(painter, images, tmp_path, Share(2, 2))
    assert not folder.totals.is_whole
    assert len([*first]) == 4
    assert len(summary(tmp_path)['predictions']) == 7


def test_no_results_of_others_are_overwritten(
    painter: SegInpaintInferencer, images: Path, tmp_path: Path
) -> None:
    options = dict(checkpoint='a.pth')
    run(painter, images / 'y', tmp_path, Share(options=options))
    with pytest.raises(UserError, match='under the name 00, which .*x/00.png would get'):
        run(painter, images / 'x', tmp_path, Share(resume=True, options=options))
    with pytest.raises(UserError, match="made with {'checkpoint': 'a.pth'}, not {'scales': True}"):
        run(painter, images / 'y', tmp_path, Share(resume=True, options=dict(scales=True)))
    run(painter, images / 'y', tmp_path, Share(resume=True))
    assert summary(tmp_path)['made_with'] == options
    (tmp_path / 'predictions.json').write_text('[')
    with pytest.raises(UserError, match='is damaged: remove it'):
        run(painter, images / 'y', tmp_path, Share(resume=True))


@pytest.mark.parametrize('text', ['3', '0/2', '3/2', '1/0', 'a/b', '-1/2', '1/2/3'])
def test_wrong_shares_are_said(text: str) -> None:
    with pytest.raises(UserError, match='share'):
        Share.read(text)


def test_torchrun_shares_a_share(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = []
    for shard in ('1/3', '2/3', '3/3'):
        for rank in '01':
            monkeypatch.setenv('RANK', rank)
            monkeypatch.setenv('WORLD_SIZE', '2')
            share = Share.read(shard)
            assert share.count == 6
            numbers.append(share.number)
    assert numbers == [1, 2, 3, 4, 5, 6]


def test_the_command_line(
    images: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """torchrun ends all processes when one fails: only the last says that images have failed."""
    mask = np.zeros((16, 16), np.uint8)
    mask[4:8, 4:8] = 255
    for name in NAMES:
        (tmp_path / 'masks' / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(tmp_path / 'masks' / f'{name}.png'), mask)
    (images / 'x/00.png').write_text('no image')
    words = [images, '--recursive', '--masks', tmp_path / 'masks', '--task', 'fill', '--no-vis']
    words += ['--inpainter', 'telea', '--out-dir', tmp_path / 'out']
    monkeypatch.setenv('WORLD_SIZE', '2')
    monkeypatch.setenv('RANK', '0')
    run_here('infer', *words)
    monkeypatch.setenv('RANK', '1')
    with pytest.raises(SystemExit) as stopped:
        run_here('infer', *words)
    assert stopped.value.code == 1
    output = capsys.readouterr()
    assert f'share 1/2: 3 of 4 images done: {tmp_path}/out' in output.out
    assert f'share 2/2: 3 of 3 images done: {tmp_path}/out\nall shares: 6 of 7' in output.out
    assert output.err.count('skipped: ') == 1
    monkeypatch.delenv('RANK')
    monkeypatch.delenv('WORLD_SIZE')
    cv2.imwrite(str(images / 'x/00.png'), np.zeros((16, 16, 3), np.uint8))
    run_here('infer', *words, '--resume')
    assert '1 of 1 images done (6 were before)' in capsys.readouterr().out
    made_with = dict(inpainter='telea', masks=[str(tmp_path / 'masks')], no_vis=True, task='fill')
    assert summary(tmp_path / 'out')['made_with'] == made_with
    for options, sentence in (
        (['--resume', '--working-size', '64'], 'holds results made with'),
        (['--shard', '2'], "A share is K/N, such as 3/8, not '2'."),
    ):
        with pytest.raises(SystemExit) as stopped:
            run_here('infer', *words, *options)
        assert stopped.value.code == 2
        assert sentence in capsys.readouterr().err


def test_memory_stays_the_same(painter: SegInpaintInferencer, tmp_path: Path) -> None:
    image = np.zeros((64, 64, 3), np.uint8)
    try:
        for number, _ in enumerate(stream(painter, [image] * 200, tmp_path)):
            if number == 170:  # it makes everything slow
                tracemalloc.start()
        gc.collect()
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 200_000  # bytes: the results of 30 images alone would be twice as many
    assert len(summary(tmp_path)['predictions']) == 200
