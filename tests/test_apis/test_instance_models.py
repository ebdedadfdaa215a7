"""Objects found by networks: mmdet's and our own, by config and checkpoint."""

import functools
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import mmdet
import numpy as np
import pytest
import torch
from mmdet.models import MaskRCNN
from mmdet.registry import MODELS as MMDET_MODELS
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.structures import InstanceData

from seginpaint_mm.apis import find_instance_model
from seginpaint_mm.apis.inputs import SceneInput
from seginpaint_mm.apis.mask_sources.detectors import InstanceModel, _things
from seginpaint_mm.apis.removal import Removal, RemovalSource
from seginpaint_mm.errors import CheckpointError, ConfigError, UserError
from seginpaint_mm.registry import MODELS, TRANSFORMS

MMDET_CONFIG = Path(mmdet.__file__).parent / '.mim/configs/mask_rcnn/mask-rcnn_r50_fpn_1x_coco.py'
HOUGH_CONFIG = Path(__file__).parents[2] / 'configs' / 'fcrn' / 'hough_r18_shared_street.py'
CLASSES = ('cup', 'dog')
SIZE = (48, 64)
SCENE = SceneInput('a', Path('a.jpg'))


def photo() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (*SIZE, 3), np.uint8)


@pytest.fixture(scope='module')
def detector(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Config and checkpoint of a small Mask R-CNN of two classes with random weights."""
    folder = tmp_path_factory.mktemp('mmdet')
    cfg = Config.fromfile(MMDET_CONFIG)
    cfg.model.backbone.update(depth=18, init_cfg=None)
    cfg.model.neck.update(in_channels=[64, 128, 256, 512], out_channels=16)
    cfg.model.rpn_head.update(in_channels=16, feat_channels=16)
    cfg.model.test_cfg.rpn.max_per_img = 20
    cfg.model.test_cfg.rcnn.update(score_thr=0.0, max_per_img=5)
    heads = cfg.model.roi_head
    for part in (heads.bbox_roi_extractor, heads.mask_roi_extractor):
        part.out_channels = 16
    heads.bbox_head.update(in_channels=16, fc_out_channels=16, num_classes=len(CLASSES))
    heads.mask_head.update(in_channels=16, conv_out_channels=16, num_classes=len(CLASSES))
    for step in cfg.test_dataloader.dataset.pipeline:
        if step.type == 'Resize':
            step.scale = (SIZE[1], SIZE[0])
    cfg.dump(folder / 'mask_rcnn.py')
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmdet'):
        model = MMDET_MODELS.build(cfg.model)
    meta = dict(dataset_meta=dict(classes=CLASSES))
    torch.save(dict(state_dict=model.state_dict(), meta=meta), folder / 'mask_rcnn.pth')
    return folder / 'mask_rcnn.py', folder / 'mask_rcnn.pth'


def test_instances_of_mmdet(detector: tuple[Path, Path]) -> None:
    found = find_instance_model(*detector, device='cpu', min_score=0.0).objects(SCENE, photo())
    assert 1 <= len(found) <= 5
    assert found.masks.dtype == bool
    assert found.masks.shape[1:] == SIZE
    assert found.masks.any(axis=(1, 2)).all()
    assert set(found.names) <= set(CLASSES)
    sure = find_instance_model(*detector, device='cpu', min_score=1.0).objects(SCENE, photo())
    assert len(sure) == 0
    assert sure.masks.shape == (0, *SIZE)


@pytest.mark.parametrize(
    ('meta', 'names'),
    [
        (dict(CLASSES=CLASSES, mmdet_version='2.25.0'), CLASSES),
        (dict(CLASSES=list(CLASSES), PALETTE=None), CLASSES),
        (dict(dataset_meta=dict(classes=CLASSES), mmdet_version='3.3.0'), CLASSES),
        (dict(dataset_meta=dict(CLASSES=CLASSES)), CLASSES),
        (dict(dataset_meta=None), ('person', 'bicycle')),  # of the config's CocoDataset
        (None, ('person', 'bicycle')),
        (dict(CLASSES='cup'), ('cup', '1')),
    ],
)
def test_names_of_every_release_of_mmdet(
    detector: tuple[Path, Path], tmp_path: Path, meta: dict | None, names: tuple[str, ...]
) -> None:
    """2.x names the classes elsewhere than 3.x; removal lists what it is given."""
    config, weights = detector
    state = torch.load(weights, weights_only=True)['state_dict']
    torch.save(dict(state_dict=state, meta=meta), tmp_path / 'a.pth')
    source = find_instance_model(config, tmp_path / 'a.pth', 'cpu', min_score=0.0)
    assert isinstance(source.classes, tuple)
    assert len(source.classes) in (1, 2, 80)
    assert set(source.objects(SCENE, photo()).names) <= set(names)
    plan = RemovalSource(source, Removal(ids=[1])).objects(SceneInput('a', photo()), photo())
    assert plan.chosen.sum() == 1


def test_nobody_names_the_classes(detector: tuple[Path, Path], tmp_path: Path) -> None:
    config, weights = detector
    cfg = Config.fromfile(config)
    cfg.test_dataloader.dataset.update(type='SomebodysDataset', metainfo=None)
    state = torch.load(weights, weights_only=True)['state_dict']
    torch.save(dict(state_dict=state), tmp_path / 'a.pth')
    cfg.dump(tmp_path / 'a.py')
    source = find_instance_model(tmp_path / 'a.py', tmp_path / 'a.pth', 'cpu', min_score=0.0)
    assert len(source.classes) == 0
    assert set(source.objects(SCENE, photo()).names) <= {'0', '1'}
    with pytest.raises(ValueError, match="there is no class 'dog'"):
        RemovalSource(source, Removal(classes=['dog'])).objects(SceneInput('a', photo()), photo())


def test_a_config_may_name_its_checkpoint(detector: tuple[Path, Path], tmp_path: Path) -> None:
    config, weights = detector
    cfg = Config.fromfile(config)
    cfg.model.init_cfg = dict(type='Pretrained', checkpoint=str(weights))
    cfg.dump(tmp_path / 'a.py')
    same = find_instance_model(tmp_path / 'a.py', None, 'cpu', min_score=0.0)
    expected = find_instance_model(config, weights, 'cpu', min_score=0.0)
    np.testing.assert_array_equal(
        same.objects(SCENE, photo()).masks, expected.objects(SCENE, photo()).masks
    )


def test_a_checkpoint_may_have_an_address(
    detector: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, weights = detector
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    handler = functools.partial(QuietHandler, directory=weights.parent)
    with ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f'http://127.0.0.1:{server.server_port}'
        source = find_instance_model(config, f'{address}/{weights.name}', 'cpu', min_score=0.0)
        with pytest.raises(CheckpointError, match='absent.pth cannot be downloaded'):
            find_instance_model(config, f'{address}/absent.pth', 'cpu')
        server.shutdown()
    assert source.classes == CLASSES
    with pytest.raises(CheckpointError, match='cannot be downloaded'):
        find_instance_model(config, f'{address}/other.pth', 'cpu')


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def test_things_of_a_panoptic_map() -> None:
    panoptic = torch.tensor([[3, 3, 2001], [1001, 1001, 2001], [133, 3002, 3002]])
    found = _things(panoptic)
    assert found.labels.tolist() == [1, 1, 2]
    assert found.masks.sum(dim=(1, 2)).tolist() == [2, 2, 2]
    assert not found.masks[:, 0, :2].any()


def test_large_pictures_are_looked_at_reduced(
    detector: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the memory for masks is bounded; they come at the image's size."""
    made = []
    original = MaskRCNN.predict

    def predict(model: MaskRCNN, inputs: torch.Tensor, samples: list, **options: bool) -> list:
        found = original(model, inputs, samples, **options)
        made.append(tuple(found[0].pred_instances.masks.shape))
        return found

    monkeypatch.setattr(MaskRCNN, 'predict', predict)
    large = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    source = find_instance_model(*detector, device='cpu', min_score=0.0, look_size=64)
    found = source.objects(SCENE, large)
    ((number, *size),) = made
    assert size == [48, 64]
    assert 1 < len(found) <= number  # some are empty
    assert found.masks.shape[1:] == (480, 640)
    for mask in found.masks:
        assert mask.sum() > 50
    least = sorted(found.scores)[-1]
    sure = find_instance_model(*detector, 'cpu', min_score=least, look_size=64)
    assert sure.objects(SCENE, large).scores == (least,)
    assert made[1][0] < number, 'no mask is made of what is left out'


def test_ours_are_found_after_mmdets_were_used(detector: tuple[Path, Path]) -> None:
    find_instance_model(*detector, device='cpu')
    assert TRANSFORMS.build(dict(type='PackScene'))


def test_instances_of_ours(tmp_path: Path) -> None:
    """Random weights, whose answers are almost the same for all classes: all may vote."""
    cfg = Config.fromfile(HOUGH_CONFIG)
    cfg.model.instance_head.update(min_score=0.0, min_pixels=1, max_instances=7)
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('seginpaint_mm'):
        torch.save(dict(state_dict=MODELS.build(cfg.model).state_dict()), tmp_path / 'a.pth')
    source = find_instance_model(cfg, tmp_path / 'a.pth', 'cpu', min_score=0.0)
    found = source.objects(SCENE, photo())
    assert 1 <= len(found) <= 7
    assert found.masks.shape[1:] == SIZE
    assert set(found.names) <= set(source.classes)
    assert {'person', 'car', 'bicycle'} <= set(source.classes)
    assert 'road' not in source.classes


def test_the_most_confident_come_first_and_the_unsure_and_unseen_not_at_all() -> None:
    masks = torch.ones(4, 2, 2, dtype=torch.bool)
    masks[3] = False
    instances = InstanceData(
        masks=masks,
        labels=torch.tensor([0, 1, 0, 1]),
        scores=torch.tensor([0.6, 0.9, 0.4, 1.0]),
    )
    source = InstanceModel(lambda image: instances, CLASSES, min_score=0.5)
    assert source.objects(SCENE, photo()).names == ('dog', 'cup')


def test_what_does_not_fit_is_told(
    detector: tuple[Path, Path], work_dir: Path, tmp_path: Path
) -> None:
    config, weights = detector
    with pytest.raises(UserError, match='needs a checkpoint'):
        find_instance_model(config, device='cpu')
    with pytest.raises(UserError, match="Device 'abacus' cannot be used here"):
        find_instance_model(*detector, device='abacus')
    with pytest.raises(CheckpointError, match=r'epoch_1\.pth is not a checkpoint of this MaskRCNN'):
        find_instance_model(config, work_dir / 'epoch_1.pth', 'cpu')
    with pytest.raises(ConfigError, match=r'absent\.py does not exist: give the path'):
        find_instance_model(tmp_path / 'absent.py', weights, 'cpu')
    with pytest.raises(UserError, match='A ForegroundInpainter gives no masks of instances'):
        find_instance_model(work_dir, device='cpu').objects(SCENE, photo())
