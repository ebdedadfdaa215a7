"""``remove``, ``complete`` and ``layers`` give what the inferencer gives, for all images."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from seginpaint_mm.apis import (
    Layering,
    Removal,
    SegInpaintInferencer,
    complete,
    find_inpainter,
    forget_models,
    layers,
    one_call,
    remove,
)
from seginpaint_mm.apis.inputs import SceneInput
from seginpaint_mm.apis.mask_sources import MaskSource, VisibleObjects
from seginpaint_mm.errors import UserError

SIZE = (60, 90)


@pytest.fixture(autouse=True)
def no_models() -> None:
    forget_models()


def photo() -> np.ndarray:
    """BGR; the three colours differ."""
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    return np.stack([rows * 3, columns * 2, 255 - rows - columns], axis=-1).astype(np.uint8)


def masks() -> np.ndarray:
    """Two posts of one object, and a box in front of what is between them."""
    drawn = np.zeros((2, *SIZE), bool)
    drawn[0, 10:50, 20:30] = drawn[0, 10:50, 60:70] = True
    drawn[1, 5:55, 30:60] = True
    return drawn


def test_removing_gives_the_kind_of_image_that_was_given(tmp_path: Path) -> None:
    image, mask = photo(), masks()[1]
    inferencer = SegInpaintInferencer(find_inpainter('telea'), task='remove', show_progress=False)
    results = inferencer(image, masks=mask[None], removal=Removal())
    expected = results['predictions'][0].pred_image.data.numpy().transpose(1, 2, 0)
    assert (expected != image[..., ::-1]).any()

    from_array = remove(image, mask, inpainter='telea')
    assert from_array.flags.c_contiguous
    np.testing.assert_array_equal(from_array[..., ::-1], expected)
    outside = ~cv2.dilate(mask.astype(np.uint8), np.ones((9, 9))).astype(bool)
    np.testing.assert_array_equal(from_array[outside], image[outside])

    cv2.imwrite(str(tmp_path / 'photo.png'), image)
    cv2.imwrite(str(tmp_path / 'mask.png'), mask.astype(np.uint8) * 255)
    from_file = remove(tmp_path / 'photo.png', tmp_path / 'mask.png', inpainter='telea')
    from_pillow = remove(
        Image.fromarray(image[..., ::-1]), Image.fromarray(mask), inpainter='telea'
    )
    for made in (from_file, from_pillow):
        assert isinstance(made, Image.Image)
        assert made.mode == 'RGB'
        np.testing.assert_array_equal(np.asarray(made), expected)


class Finder(MaskSource):
    """Finds the two objects, a chair and a lamp."""

    finds = True

    def objects(self, scene: SceneInput, image: np.ndarray) -> VisibleObjects:
        return VisibleObjects(masks(), names=('chair', 'lamp'), scores=(0.9, 0.8))


def test_what_is_removed_is_named() -> None:
    image = photo()
    with pytest.raises(UserError, match='give a mask, classes, or a Removal'):
        remove(image, inpainter='telea')
    changed = {
        name: (remove(image, classes=name, inpainter='telea', instances=Finder()) != image).any(-1)
        for name in ('chair', 'lamp')
    }
    assert changed['lamp'][30, 45]
    assert not changed['chair'][30, 45]
    clicked = remove(
        image, removal=Removal(clicks=[(45, 30)]), inpainter='telea', instances=Finder()
    )
    np.testing.assert_array_equal((clicked != image).any(-1), changed['lamp'])
    with pytest.raises(ValueError, match='dog'):
        remove(image, classes='dog', inpainter='telea', instances=Finder())


def test_what_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match='is a folder'):
        remove(tmp_path, masks()[0], inpainter='telea')
    (tmp_path / 'photo.jpg').write_bytes(b'no image')
    with pytest.raises(ValueError, match='photo.jpg'):
        remove(tmp_path / 'photo.jpg', masks()[0], inpainter='telea')
    with pytest.raises(ValueError, match='mask'):
        remove(photo(), masks()[0, :40], inpainter='telea')


def test_completing_says_what_hides_what() -> None:
    behind, front = complete(photo(), masks(), model='convex-hull_cocoa-sample')
    np.testing.assert_array_equal(behind.mask, masks()[0])
    assert behind.box == (20, 10, 70, 50)
    assert behind.full_mask[10:50, 20:70].all()
    assert behind.in_front == (1,)
    assert front.in_front == ()
    assert front.full_mask.sum() == masks()[1].sum()
    assert behind.cutout.shape == (40, 50, 4)
    assert (behind.cutout[..., 3] == 255).all()
    seen = behind.mask[10:50, 20:70]
    np.testing.assert_array_equal(behind.cutout[seen][:, :3], photo()[10:50, 20:70, ::-1][seen])


def test_layers_show_the_image_again() -> None:
    image = photo()
    scene = layers(Image.fromarray(image[..., ::-1]), masks(), layering=Layering(rim=0))
    np.testing.assert_array_equal(scene.flatten(), image[..., ::-1])
    assert [layer.name for layer in scene.layers()] == [
        'background',
        'object 1 (hidden part)',
        'object 1',
        'object 2',
    ]


def test_models_are_kept_but_not_many(monkeypatch: pytest.MonkeyPatch) -> None:
    built = []

    class Counted(SegInpaintInferencer):
        def __init__(self, *arguments: object, **options: object) -> None:
            built.append(arguments[0])
            super().__init__(*arguments, **options)

    monkeypatch.setattr(one_call, 'SegInpaintInferencer', Counted)
    for _ in range(2):
        remove(photo(), masks()[0], inpainter='telea')
    assert len(built) == 1
    remove(photo(), masks()[0], inpainter='navier-stokes')
    complete(photo(), masks())
    complete(photo(), masks(), occluders='any')
    assert len(one_call._kept) == 3
    remove(photo(), masks()[0], inpainter='telea')
    assert len(built) == 5


@pytest.mark.parametrize(
    ('name', 'sentence'),
    [
        ('tela', "lama, migan, telea, navier-stokes; did you mean 'telea'"),
        ('nothing', 'nothing does not exist.* Inpainters by name are lama'),
    ],
)
def test_a_wrong_name_of_an_inpainter_is_told(name: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        find_inpainter(name)
