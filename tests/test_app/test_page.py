"""The page in a real browser: open, click, paint, remove, undo, download; and its logic in node."""

import base64
import io
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seginpaint_mm.apis import Removal, complete, remove
from seginpaint_mm.app import Service, server
from tests.helpers.serving import Finder, masks, photo, serving

BROWSERS = ('chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome')


def test_the_logic_runs_without_a_browser(tmp_path: Path) -> None:
    node = shutil.which('node')
    if node is None:
        pytest.skip('needs node')
    shutil.copytree(server.PAGE, tmp_path / 'page')
    (tmp_path / 'page/package.json').write_text('{"type": "module"}')
    script = Path(__file__).with_name('page_logic.mjs')
    for command in (
        [node, script, tmp_path / 'page'],
        [node, '--check', tmp_path / 'page/page.js'],
    ):
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope='module')
def browser() -> Iterator[object]:
    playwright = pytest.importorskip('playwright.sync_api', reason='needs playwright')
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip(f'needs one of {", ".join(BROWSERS)}, e.g. apt install {BROWSERS[0]}')
    with playwright.sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=program, args=['--no-sandbox'])
        yield browser
        browser.close()


@pytest.fixture(scope='module')
def address() -> Iterator[str]:
    with serving(Service('telea', Finder(), layout='pspnet_r18_small_street')) as address:
        yield address


@pytest.fixture(scope='module')
def tab(browser: object, address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple]:
    """The page, and a photo; no error may reach the console."""
    file = tmp_path_factory.mktemp('photos') / 'a photo.png'
    photo().save(file)
    page = browser.new_page(viewport=dict(width=800, height=500))
    page.set_default_timeout(120000)
    errors: list[str] = []
    page.on('pageerror', lambda error: errors.append(str(error)))
    page.on('console', lambda message: message.type == 'error' and errors.append(message.text))
    page.goto(address)
    page.wait_for_selector('#find:not([hidden])')
    yield page, file
    page.close()
    assert errors == []


@pytest.fixture
def page(tab: tuple) -> object:
    """The page with a photo, just opened, whose objects are found."""
    page, file = tab
    page.set_input_files('#photo', [])
    page.set_input_files('#photo', file)
    page.locator('#say', has_text='Click objects to mark them.').wait_for()
    page.wait_for_selector('#cancel', state='hidden')
    return page


def place(page: object, x: float, y: float) -> tuple[float, float]:
    """Where a pixel of the photo is in the window, while all of the photo is shown."""
    box = page.locator('#view').bounding_box()
    width, height = photo().size
    scale = min(box['width'] / width, box['height'] / height, 8)
    left = box['x'] + (box['width'] - width * scale) / 2
    top = box['y'] + (box['height'] - height * scale) / 2
    return left + (x + 0.5) * scale, top + (y + 0.5) * scale


def download(page: object, button: str) -> tuple[str, Path]:
    with page.expect_download() as caught:
        page.click(button)
    return caught.value.suggested_filename, caught.value.path()


def saved_mask(page: object) -> np.ndarray:
    name, file = download(page, '#save-mask')
    assert name == 'a photo_mask.png'
    return np.asarray(Image.open(file).convert('L')) > 127


def removed(page: object) -> np.ndarray:
    page.click('#remove')
    page.locator('#say', has_text='Removed.').wait_for()
    name, file = download(page, '#download')
    assert name == 'a photo.png'
    return np.asarray(Image.open(file))


def drag(page: object, *places: tuple[float, float]) -> None:
    page.mouse.move(*place(page, *places[0]))
    page.mouse.down()
    for x, y in places[1:]:
        page.mouse.move(*place(page, x, y), steps=4)
    page.mouse.up()


def test_a_clicked_object_is_removed_as_python_does_it(page: object) -> None:
    page.mouse.click(*place(page, 18, 20))
    assert page.get_attribute('[data-object="1"]', 'aria-pressed') == 'true'
    np.testing.assert_array_equal(saved_mask(page), masks()[0])
    expected = remove(photo(), masks()[0], removal=Removal(grow=0, feather=3), inpainter='telea')
    np.testing.assert_array_equal(removed(page), expected)

    page.keyboard.press('Control+z')  # the removal
    np.testing.assert_array_equal(saved_mask(page), masks()[0])
    page.keyboard.press('Control+z')  # the mark
    assert not saved_mask(page).any()
    assert page.get_attribute('[data-object="1"]', 'aria-pressed') == 'false'
    page.click('#redo')
    page.click('#redo')
    _, file = download(page, '#download')
    np.testing.assert_array_equal(np.asarray(Image.open(file)), expected)


def test_brush_eraser_lasso_and_files_mark(page: object, tmp_path: Path) -> None:
    page.keyboard.press('b')
    drag(page, (30, 20), (50, 20))
    painted = saved_mask(page)
    assert painted[20, 30:50].all()
    assert not painted[40].any()
    page.keyboard.press('e')
    drag(page, (40, 10), (40, 30))
    erased = saved_mask(page)
    assert not erased[20, 40]
    assert erased[20, 31]
    page.keyboard.press('Escape')
    assert not saved_mask(page).any()
    page.keyboard.press('l')
    drag(page, (10, 10), (30, 10), (30, 30), (10, 30))
    lasso = saved_mask(page)
    assert 350 <= lasso.sum() <= 480
    assert lasso[20, 20]
    Image.fromarray(masks()[1]).convert('L').save(tmp_path / 'given.png')
    page.set_input_files('#mask-file', tmp_path / 'given.png')
    page.locator('#say', has_text='The mask is read.').wait_for()
    np.testing.assert_array_equal(saved_mask(page), masks()[1])


def test_marks_follow_the_photo_when_it_is_zoomed_and_moved(page: object) -> None:
    x, y = place(page, 18, 20)
    page.mouse.move(x, y)
    page.mouse.wheel(0, -300)
    page.mouse.click(x, y)  # what was below the pointer is still there
    np.testing.assert_array_equal(saved_mask(page), masks()[0])
    page.mouse.move(x, y)
    page.keyboard.down('Space')
    page.mouse.down()
    page.mouse.move(x + 90, y + 60, steps=3)
    page.mouse.up()
    page.keyboard.up('Space')
    page.mouse.click(x + 90, y + 60)  # the same place: not marked again
    assert not saved_mask(page).any()


def test_all_of_a_class_and_each_object_apart(page: object) -> None:
    page.click('summary:has-text("lamp") button')
    page.click('[data-object="1"]')
    names, images = [], []
    page.on('download', lambda file: (names.append(file.suggested_filename), images.append(file)))
    page.click('#pull')
    page.locator('#say', has_text='2 objects are saved.').wait_for()
    while len(names) < 2:  # which come after the sentence
        page.wait_for_timeout(20)
    assert sorted(names) == ['a photo_object1.png', 'a photo_object2.png']
    seen = masks()
    seen[1] &= ~seen[0]  # the first is in front of it in the map
    expected = complete(np.ascontiguousarray(np.asarray(photo())[..., ::-1]), seen)
    for name, image in zip(names, images, strict=True):
        whole = expected[int(name[-5]) - 1]
        cutout = np.asarray(Image.open(image.path()))
        np.testing.assert_array_equal(cutout, whole.cutout)
    name, _ = download(page, '#layers')
    assert name == 'a photo.ora'


def test_the_layout_is_shown_with_its_colours(page: object) -> None:
    page.click('#behind')
    page.wait_for_selector('#side .swatch')
    assert page.get_attribute('#behind', 'aria-pressed') == 'true'
    page.click('#behind')
    page.wait_for_selector('#side .swatch', state='detached')


def test_before_and_after_are_shown_side_by_side(page: object) -> None:
    page.click('[data-object="2"]')
    after = removed(page)
    page.fill('#compare', '50')
    page.keyboard.press('h')
    pixels = page.evaluate("document.querySelector('#view').toDataURL('image/png').split(',')[1]")
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(pixels))))
    box = page.locator('#view').bounding_box()
    for (x, y), expected in (((20, 30), np.asarray(photo())), ((36, 30), after)):
        left, top = place(page, x, y)
        colour = shown[round(top - box['y']), round(left - box['x']), :3]
        assert np.abs(colour.astype(int) - expected[y, x]).max() <= 2
    assert (after[15:40, 20:31] != np.asarray(photo())[15:40, 20:31]).any()


def test_the_page_fits_a_phone(browser: object, address: str) -> None:
    page = browser.new_page(viewport=dict(width=360, height=640), has_touch=True)
    page.goto(address)
    page.wait_for_selector('#find:not([hidden])')
    width = page.evaluate('document.documentElement.scrollWidth')
    assert width <= 360
    assert page.locator('main').bounding_box()['height'] > 400
    for button in page.locator('header button:visible').all():
        assert button.bounding_box()['height'] >= 44
    page.close()
