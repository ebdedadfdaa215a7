import numpy as np
import pytest

from seginpaint_mm.datasets import CamVidSceneDataset
from seginpaint_mm.datasets.object_library import ObjectLibrary, cut_out_objects
from tests.helpers.dataset_folders import SIZE, picture, write_camvid

LOAD = [dict(type='seginpaint_mm.LoadSceneImage'), dict(type='seginpaint_mm.LoadSceneAnnotations')]
OPTIONS = dict(area=(0.01, 0.5), max_contact=0.1)


def camvid_source(
    root, pipeline=(*LOAD, dict(type='seginpaint_mm.LoadObjects'))
) -> CamVidSceneDataset:
    return CamVidSceneDataset(str(root), 'val', pipeline=pipeline)


def scene() -> tuple[np.ndarray, np.ndarray]:
    objects = np.zeros((40, 60), np.uint16)
    objects[10:20, 10:22] = 1
    return picture((40, 60)), objects


def test_cut_out_is_the_object():
    image, objects = scene()
    objects[10, 10] = 0
    (cut_out,) = cut_out_objects(image, objects, (objects > 0).astype(np.uint8), **OPTIONS)
    np.testing.assert_array_equal(cut_out.image, image[10:20, 10:22])
    np.testing.assert_array_equal(cut_out.mask, objects[10:20, 10:22])
    assert cut_out.foot == 20 / 40


@pytest.mark.parametrize('place', [(0, 10), (10, 0), (30, 10), (10, 50)])
def test_objects_at_the_border_are_left_out(place):
    image, objects = scene()
    objects[:] = 0
    objects[place[0] : place[0] + 10, place[1] : place[1] + 10] = 1
    foreground = (objects > 0).astype(np.uint8)
    assert cut_out_objects(image, objects, foreground, **OPTIONS) == []


def test_objects_that_may_be_hidden_or_have_another_size_are_left_out():
    image, objects = scene()
    foreground = (objects > 0).astype(np.uint8)
    foreground[10:20, 22:30] = 1  # something else beside it
    assert cut_out_objects(image, objects, foreground, **OPTIONS) == []
    assert len(cut_out_objects(image, objects, foreground, area=(0, 1), max_contact=0.5)) == 1
    alone = (objects > 0).astype(np.uint8)
    for area in ((0.06, 0.5), (0.001, 0.04)):
        assert cut_out_objects(image, objects, alone, area=area, max_contact=1) == []


def test_draws_from_a_data_set(tmp_path):
    write_camvid(tmp_path, ['a', 'b'])
    library = ObjectLibrary(camvid_source(tmp_path), cache_size=1, **OPTIONS)
    cut_outs = [library.draw(np.random.default_rng(seed)) for seed in range(8)]
    expected = [picture(SIZE, seed)[4:12, 16:24] for seed in range(2)]
    found = {int(np.argmin([np.abs(c.image - e).sum() for e in expected])) for c in cut_outs}
    assert found == {0, 1}
    for cut_out in cut_outs:
        assert any(np.array_equal(cut_out.image, image) for image in expected)


def test_no_object_that_fits(tmp_path):
    write_camvid(tmp_path, ['a', 'b'])
    library = ObjectLibrary(camvid_source(tmp_path), area=(0.9, 1), max_contact=0.1, cache_size=1)
    with pytest.raises(ValueError, match='none of the 2 images has a whole object of 0.9 to 1'):
        library.draw(np.random.default_rng(0))


def test_source_without_objects(tmp_path):
    write_camvid(tmp_path, ['a'])
    library = ObjectLibrary(camvid_source(tmp_path, LOAD), cache_size=1, **OPTIONS)
    with pytest.raises(ValueError, match='LoadObjects'):
        library.draw(np.random.default_rng(0))
