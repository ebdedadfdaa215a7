"""Natural images with full masks: CAD models projected, visible masks found and matched."""

from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from scipy.io import savemat

from seginpaint_mm.apis.mask_sources import VisibleObjects
from seginpaint_mm.datasets import DYCEDataset, LoadAmodalObjects, LoadSceneImage
from tests.helpers.amodal_folders import visible_masks, write_dyce, write_dyce_real
from tests.helpers.dataset_folders import SIZE, picture, write_map
from tests.helpers.tool_runs import load_tool, run_here

CORNERS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) / 2
# The twelve triangles of a cube, numbers of corners from 1 on.
FACES = np.array(
    [
        [1, 2, 4], [1, 4, 3], [5, 6, 8], [5, 8, 7], [1, 2, 6], [1, 6, 5],
        [3, 4, 8], [3, 8, 7], [1, 3, 7], [1, 7, 5], [2, 4, 8], [2, 8, 6],
    ]
)  # fmt: skip


def viewpoint(**changes: float) -> dict:
    straight = dict(azimuth=0.0, elevation=0.0, theta=0.0, distance=5.5, focal=1.0, viewport=100.0)
    return {**straight, 'px': 31.0, 'py': 21.0, **changes}


def cube(**changes: float) -> np.ndarray:
    tool = load_tool('dataset_converters/pascal3d')
    model = SimpleNamespace(vertices=CORNERS, faces=FACES)
    return tool.silhouette(model, SimpleNamespace(**viewpoint(**changes)), (40, 60))


def test_a_cube_is_where_it_is_seen() -> None:
    """Its front is 5 away: 100 * 0.5 / 5 = 10 pixels to each side of (30, 20)."""
    mask = cube()
    expected = np.zeros((40, 60), bool)
    expected[10:31, 20:41] = True
    np.testing.assert_array_equal(mask, expected)
    np.testing.assert_array_equal(cube(azimuth=90.0), expected)
    above = cube(elevation=30.0)
    assert above.sum() > mask.sum(), 'two faces are seen'
    turned = cube(theta=45.0)
    assert turned[20, 30 - 13], 'a corner'
    assert not turned[10 + 1, 20 + 1]
    assert not cube(px=500.0).any(), 'outside the image'


def test_natural_images(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A cube whose left half another object hides, and one without a visible mask."""
    root, voc = tmp_path / 'PASCAL3D', tmp_path / 'VOC2012'
    (root / 'CAD').mkdir(parents=True)
    for category in ('bottle', 'chair', 'diningtable', 'sofa', 'tvmonitor'):
        model = dict(vertices=CORNERS, faces=FACES)
        savemat(root / f'CAD/{category}.mat', {category: [model]})
        (root / f'Annotations/{category}_pascal').mkdir(parents=True)
    common = dict(cad_index=1, viewpoint=viewpoint())
    items = [
        {'class': name, 'bbox': box, **common}
        for name, box in (
            ('chair', [31.0, 11.0, 41.0, 31.0]),
            ('chair', [1.0, 1.0, 5.0, 5.0]),
            ('sofa', [1.0, 1.0, 5.0, 5.0]),
        )
    ]
    record = dict(filename='a.jpg', objects=items)
    savemat(root / 'Annotations/chair_pascal/a.mat', dict(record=record))
    write_map(root / 'Images/chair_pascal/a.jpg', picture((40, 60)))
    classes, objects = np.zeros((40, 60), np.uint8), np.zeros((40, 60), np.uint8)
    classes[10:31, 30:41], objects[10:31, 30:41] = 9, 3
    sbd = dict(GTinst=dict(Segmentation=objects // 3, Categories=np.array([9])))
    (voc / 'inst').mkdir(parents=True)
    savemat(voc / 'inst/a.mat', sbd)
    (voc / 'val.txt').write_text('a\nb\n')
    run_here('dataset_converters/pascal3d', root, voc, tmp_path / 'out')
    assert '1 objects: ' in capsys.readouterr().out
    data = DYCEDataset(
        str(tmp_path / 'out'), 'test', real=True, pipeline=[LoadSceneImage(), LoadAmodalObjects()]
    )
    (sample,) = data
    np.testing.assert_array_equal(sample['gt_visible_masks'][0], objects > 0)
    np.testing.assert_array_equal(sample['gt_full_masks'][0], cube())
    np.testing.assert_array_equal(
        sample['img'], cv2.imread(str(root / 'Images/chair_pascal/a.jpg'))
    )


class Source:
    """Finds all but the last object, each without its first row, and nonsense."""

    def objects(self, scene: object, image: np.ndarray) -> VisibleObjects:
        masks = visible_masks()[:2]
        masks[:, 4] = False
        nonsense = np.zeros((1, *SIZE), bool)
        nonsense[0, 0, :3] = True
        return VisibleObjects(np.concatenate([nonsense, masks]), ('',) * 3)


@pytest.mark.parametrize('real', [False, True])
def test_visible_masks_of_a_network(tmp_path: Path, real: bool) -> None:
    if real:
        write_dyce_real(tmp_path, 'a')
    else:
        write_dyce(tmp_path, ['a', 'b'], split='test')
    tool = load_tool('dataset_converters/predict_visible_masks')
    path, overlaps = tool.predict(Source(), tmp_path, 'test', real)
    assert path.name == ('test_multipath_real.txt' if real else 'test_multipath.txt')
    count = len(overlaps) // 3
    assert overlaps[2::3] == [0.0] * count, 'missed'
    assert overlaps[0::3] == [pytest.approx(1 - 1 / 8)] * count
    data = DYCEDataset(
        str(tmp_path),
        'test',
        real=real,
        predicted_masks=True,
        leave_out=(),
        pipeline=[LoadSceneImage(), LoadAmodalObjects()],
    )
    assert len(data) == count
    for sample in data:
        given = sample['gt_input_masks']
        expected = Source().objects(None, None).masks.numpy()[1:]
        np.testing.assert_array_equal(given[:2], expected)
        assert not given[2].any()
        np.testing.assert_array_equal(sample['gt_visible_masks'], visible_masks())
