"""What Street says is hidden, and what it shows, fit together exactly."""

import numpy as np
import pytest

from seginpaint_mm.street import LOOKS, StreetScene, render_street
from seginpaint_mm.street.placement import Camera, Placement, front_to_back, rotation

GROUND = (7, 8, 22)


@pytest.fixture(params=[(look, index) for look in LOOKS for index in (0, 1, 6, 11)], scope='module')
def scene(request: pytest.FixtureRequest) -> StreetScene:
    look, index = request.param
    found = render_street(index, look=look)
    assert len(found.objects) >= 3
    return found


def covered(scene: StreetScene) -> np.ndarray:
    """bool (H, W): where any object is, were it only by a part of a pixel."""
    touched = np.zeros(scene.label_ids.shape, bool)
    for item in scene.objects:
        touched |= item.full_mask
    return touched


def test_objects_are_all_that_is_foreground(scene: StreetScene) -> None:
    assert (scene.background_label_ids < 24).all()
    visible = np.zeros(scene.label_ids.shape, int)
    for item in scene.objects:
        assert (scene.label_ids[item.visible_mask] == item.label).all()
        visible += item.visible_mask
    np.testing.assert_array_equal(visible, (scene.label_ids >= 24).astype(int))


def test_instance_ids_tell_the_same(scene: StreetScene) -> None:
    background = scene.label_ids < 24
    np.testing.assert_array_equal(scene.instance_ids[background], scene.label_ids[background])
    assert len({item.instance_id for item in scene.objects}) == len(scene.objects)
    for item in scene.objects:
        assert item.instance_id // 1000 == item.label
        np.testing.assert_array_equal(scene.instance_ids == item.instance_id, item.visible_mask)


def test_depth_order_explains_what_is_visible(scene: StreetScene) -> None:
    """An object's hidden part is under nearer objects or under things of the background."""
    nearer = np.zeros(scene.label_ids.shape, bool)
    for item in scene.objects:
        assert not (item.visible_mask & nearer).any()
        assert not (item.visible_mask & ~item.full_mask).any()
        hidden = item.full_mask & ~item.visible_mask & ~nearer
        assert (scene.label_ids[hidden] == scene.background_label_ids[hidden]).all()
        assert not np.isin(scene.label_ids[hidden], [*GROUND, 11, 12, 13, 23]).any()
        nearer |= item.full_mask


def test_background_is_what_shows_where_nothing_hides_it(scene: StreetScene) -> None:
    free = ~covered(scene)
    np.testing.assert_array_equal(scene.label_ids[free], scene.background_label_ids[free])


def test_picture_without_objects_differs_only_by_them_and_their_shadows(scene: StreetScene) -> None:
    change = (scene.image != scene.background_image).any(axis=2)
    edge = covered(scene)
    edge[1:] |= edge[:-1].copy()
    edge[:-1] |= edge[1:].copy()
    edge[:, 1:] |= edge[:, :-1].copy()
    edge[:, :-1] |= edge[:, 1:].copy()
    elsewhere = change & ~edge
    beside_ground = np.isin(scene.background_label_ids, GROUND) | (scene.label_ids >= 24)
    thin = np.isin(scene.background_label_ids, (4, 17, 19, 20, 21))  # shadow behind their edges
    assert not (elsewhere & ~beside_ground & ~thin).any()
    shadow = elsewhere & beside_ground
    darker = scene.image[shadow].sum(axis=1) <= scene.background_image[shadow].sum(axis=1)
    assert darker.mean() > 0.999


def test_appearance_is_what_the_picture_shows(scene: StreetScene) -> None:
    for item in scene.objects:
        left, top, right, bottom = item.bbox
        place = slice(top, bottom), slice(left, right)
        assert item.rgba.shape == (bottom - top, right - left, 4)
        coverage = item.rgba[:, :, 3]
        np.testing.assert_array_equal(coverage >= 128, item.full_mask[place])
        assert item.full_mask.sum() == item.full_mask[place].sum()
        for edge in (0, -1):
            assert (coverage[edge] >= 128).any()
            assert (coverage[:, edge] >= 128).any()


def test_nearest_object_appears_in_the_picture_unchanged(scene: StreetScene) -> None:
    """Where no other layer can have a part in a pixel, the image is the object's appearance."""
    compared = 0
    for item in scene.objects:
        left, top, right, bottom = item.bbox
        place = slice(top, bottom), slice(left, right)
        alone = item.visible_mask.copy()
        for step in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            alone &= np.roll(item.visible_mask, step, axis=(0, 1))
        alone = alone[place] & (item.rgba[:, :, 3] == 255)
        shown = scene.image[place][alone].astype(int)
        differs = (shown != item.rgba[:, :, :3][alone]).any(axis=1)
        compared += len(differs)
        assert differs.mean() < 0.02 if len(differs) > 50 else True
    assert compared > 1000


def test_projection() -> None:
    camera = Camera(512, 256, 500.0, 256.0, 120.0, 1.5, offset=1.0, bend=0.0)
    np.testing.assert_allclose(camera.project(1.0, 1.5, 10.0), [256.0, 120.0])
    np.testing.assert_allclose(camera.project(3.0, 0.0, 10.0), [356.0, 195.0])
    assert rotation(0.0) == (0.0, 1.0)
    np.testing.assert_allclose(rotation(1.0), (1.0, 0.0))


def thing(s: float, z: float, half_s: float, half_z: float) -> Placement:
    return Placement('person', s, z, 0.0, half_s, half_z, ())


@pytest.mark.parametrize(
    ('nearer', 'farther'),
    [
        (thing(0, 5, 1, 2), thing(0, 12, 1, 2)),  # one behind the other
        (thing(4, 15, 1.2, 5), thing(6, 12, 0.3, 0.3)),  # a person beside a bus, away from us
        (thing(-4, 15, 1.2, 5), thing(-6, 12, 0.3, 0.3)),
        (thing(2, 16, 0.3, 0.3), thing(4, 15, 1.2, 5)),  # and on our side of it
    ],
)
def test_depth_order_of_things_that_stand_beside_each_other(
    nearer: Placement, farther: Placement
) -> None:
    assert front_to_back([nearer, farther], camera_s=0.0) == [0, 1]
    assert front_to_back([farther, nearer], camera_s=0.0) == [1, 0]
    assert front_to_back([], camera_s=0.0) == []
