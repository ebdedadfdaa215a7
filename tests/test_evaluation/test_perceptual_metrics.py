"""LPIPS and FID: against plain implementations, on real weights, and without any."""

import logging
import pickle
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator
from scipy.linalg import sqrtm
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
from torchvision.models import squeezenet1_1

from seginpaint_mm.errors import CheckpointError
from seginpaint_mm.evaluation import FIDMetric, InpaintingQualityMetric, LPIPSMetric
from seginpaint_mm.evaluation.image_quality import frechet_distance
from tests.helpers.painted_records import colours, hole_left, noisy, painted_record

SIZE = (64, 64)
# Where LPIPS reads SqueezeNet 1.1: after these layers.
LAYERS = (1, 4, 7, 9, 10, 11, 12)


def records(level: int, number: int = 1) -> list[dict]:
    hole = hole_left(0.5, SIZE)
    truths = [colours(SIZE, seed) for seed in range(number)]
    return [painted_record(noisy(truth, hole, level), truth, hole) for truth in truths]


def records_of(ratios: Sequence[float]) -> list[dict]:
    """An image for each of the shares, with a noise of its own in its hole."""
    samples = []
    for seed, ratio in enumerate(ratios):
        truth, hole = colours(SIZE, seed), hole_left(ratio, SIZE)
        samples.append(painted_record(noisy(truth, hole, 80, seed), truth, hole))
    return samples


def evaluate(metric: LPIPSMetric | FIDMetric, samples: list[dict]) -> dict:
    metric.process(None, samples)
    return metric.evaluate(size=len(samples))


@pytest.fixture(scope='module')
def random_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp('weights') / 'squeezenet.pth'
    torch.save(squeezenet1_1(weights=None).state_dict(), path)
    return path


def plain_frechet_distance(true: np.ndarray, painted: np.ndarray) -> float:
    """With the covariances' product's own square root."""
    covariances = [np.cov(features, rowvar=False) for features in (true, painted)]
    distance = np.square(true.mean(0) - painted.mean(0)).sum()
    return distance + np.trace(sum(covariances) - 2 * sqrtm(covariances[0] @ covariances[1]).real)


def plain_lpips(weights: Path, heads: Path, painted: torch.Tensor, truth: torch.Tensor) -> float:
    """Eq. (1) of the LPIPS paper."""
    network = squeezenet1_1(weights=None)
    network.load_state_dict(torch.load(weights))
    heads = torch.load(heads)
    shift = torch.tensor((-0.030, -0.088, -0.188))[:, None, None]
    scale = torch.tensor((0.458, 0.448, 0.450))[:, None, None]
    one, two = (((x / 255 * 2 - 1) - shift) / scale for x in (painted[None], truth[None]))
    total = 0.0
    with torch.no_grad():
        for index, layer in enumerate(network.features):
            one, two = layer(one), layer(two)
            if index in LAYERS:
                units = [x / (x.square().sum(1, keepdim=True) + 1e-8).sqrt() for x in (one, two)]
                difference = (units[0] - units[1]).square()[0].mean(dim=(1, 2))
                head = heads[f'lin{LAYERS.index(index)}.model.1.weight'].flatten()
                total += (difference * head).sum().item()
    return total


def test_lpips_agrees_with_a_plain_implementation(random_weights, tmp_path):
    widths = (64, 128, 256, 384, 384, 512, 512)
    heads = {f'lin{i}.model.1.weight': torch.rand(1, width, 1, 1) for i, width in enumerate(widths)}
    torch.save(heads, tmp_path / 'heads.pth')
    (sample,) = records(80)
    metric = LPIPSMetric(str(random_weights), heads=str(tmp_path / 'heads.pth'))
    pair = (sample['pred_image']['data'], sample['gt_image']['data'])
    expected = plain_lpips(random_weights, tmp_path / 'heads.pth', *pair)
    assert expected > 0.01
    assert evaluate(metric, [sample])['LPIPS'] == pytest.approx(expected, rel=1e-3)


def test_lpips_with_real_weights(real_data):
    weights = real_data / 'weights/squeezenet1_1_torchvision.pth'
    values = [
        evaluate(LPIPSMetric(str(weights)), records(level))['LPIPS'] for level in (0, 40, 120)
    ]
    assert values[0] == pytest.approx(0, abs=1e-6)
    assert 0.01 < values[1] < values[2]
    given = LPIPSMetric(str(weights), heads=str(real_data / 'weights/lpips_v0.1_squeeze.pth'))
    assert evaluate(given, records(40))['LPIPS'] == pytest.approx(values[1], rel=1e-5)


def test_means_by_hole_ratio(random_weights):
    metrics = evaluate(LPIPSMetric(str(random_weights)), records(40, number=2))
    assert metrics['hole_40-50/LPIPS'] == pytest.approx(metrics['LPIPS'])
    assert metrics['hole_40-50/num_images_LPIPS'] == 2


def test_all_metrics_of_filled_holes_are_used_together(random_weights):
    weights = str(random_weights)
    evaluator = Evaluator(
        [
            InpaintingQualityMetric(),
            LPIPSMetric(weights),
            FIDMetric(weights, network='squeezenet'),
        ]
    )
    samples = records(40, number=2)
    evaluator.process(samples)
    metrics = evaluator.evaluate(size=2)
    assert {'PSNR', 'LPIPS', 'FD_squeezenet', 'hole_40-50/hole/L1'} <= metrics.keys()


def test_frechet_distance_agrees_with_scipy():
    generator = np.random.default_rng(0)
    true = generator.normal(size=(200, 6))
    painted = generator.normal(0.5, 2, size=(150, 6)) @ generator.normal(size=(6, 6))
    expected = plain_frechet_distance(true, painted)
    found = frechet_distance(torch.from_numpy(true), torch.from_numpy(painted))
    assert found == pytest.approx(expected, rel=1e-5)
    assert frechet_distance(torch.from_numpy(true), torch.from_numpy(true)) < 1e-6
    assert np.isnan(frechet_distance(torch.zeros(1, 6), torch.zeros(1, 6)))


def test_distance_in_another_network_has_another_name(random_weights):
    values = []
    for level in (0, 20, 120):
        metric = FIDMetric(str(random_weights), network='squeezenet')
        metrics = evaluate(metric, records(level, number=4))
        assert {'FD_squeezenet', 'num_images_FD_squeezenet'} <= metrics.keys()
        values.append(metrics['FD_squeezenet'])
    assert values[0] == pytest.approx(0, abs=1e-4)
    assert values[0] < values[1] < values[2]


@pytest.mark.slow
def test_fid_with_inception(tmp_path, monkeypatch):
    """A network of random weights, whose file the metric reads as it would the published one."""
    torch.manual_seed(0)
    path = tmp_path / 'inception.pth'
    torch.save({}, path)
    with monkeypatch.context() as patch:
        patch.setattr(FeatureExtractorInceptionV3, 'load_state_dict', lambda *_: None)
        network = FeatureExtractorInceptionV3('inception', ['2048'], str(path))
    torch.save(network.state_dict(), path)
    samples = records(100, number=2)
    pictures = [sample[name]['data'] for name in ('gt_image', 'pred_image') for sample in samples]
    with torch.no_grad():
        features = network.eval()(torch.stack(pictures))[0]
    expected = frechet_distance(features[:2], features[2:])
    metrics = evaluate(FIDMetric(str(path)), samples)
    assert features.shape == (4, 2048)
    assert metrics['FID'] == pytest.approx(expected, rel=0.05), 'but for how images are resized'
    assert metrics['hole_40-50/FID'] == pytest.approx(metrics['FID'])


SHARES = (0.125, 0.0625, 0.1875, 0.375, 0.25, 0.125, 0.25, 0.1875, 0.5, 0.25)  # exact


@pytest.mark.slow
def test_frechet_distance_by_hole_ratio(random_weights):
    """Each bin's is that of its own images, up to its upper edge."""
    samples = records_of(SHARES)
    metric = FIDMetric(str(random_weights), network='squeezenet', ratios=(0, 0.125, 0.25, 0.5))
    metric.process(None, samples)
    features = torch.stack([pair for _, pair in metric.results], dim=1).double().numpy()
    metrics = metric.evaluate(size=len(samples))
    bins = {'hole_0-12.5/': (0, 1, 5), 'hole_12.5-25/': (2, 4, 6, 7, 9), 'hole_25-50/': (3, 8)}
    for name, pictures in {**bins, '': range(len(samples))}.items():
        expected = plain_frechet_distance(*features[:, [*pictures]])
        assert metrics[f'{name}FD_squeezenet'] == pytest.approx(expected, rel=1e-3)
        assert metrics[f'{name}num_images_FD_squeezenet'] == len(pictures)


def test_frechet_distance_of_few_pictures(random_weights):
    """Of one there is none, and of no image nothing is said."""
    metric = FIDMetric(str(random_weights), network='squeezenet')
    metrics = evaluate(metric, records_of([0.15, 0.15, 0.25]))
    assert metrics['hole_10-20/FD_squeezenet'] > 0
    assert np.isnan(metrics['hole_20-30/FD_squeezenet'])
    assert metrics['hole_20-30/num_images_FD_squeezenet'] == 1
    assert 'hole_30-40/FD_squeezenet' not in metrics


def test_frechet_distance_of_what_several_processes_saw(random_weights, monkeypatch):
    """Their results are sent, in turn, to one of them, which must not ask the others again."""
    samples = records_of(SHARES)
    metrics = [FIDMetric(str(random_weights), network='squeezenet') for _ in range(3)]
    whole, *parts = metrics
    expected = evaluate(whole, samples)
    for rank, part in enumerate(parts):
        part.process(None, samples[rank::2])
    sent = [pickle.loads(pickle.dumps(part.results)) for part in parts]
    collected = [result for results in zip(*sent, strict=True) for result in results]
    with monkeypatch.context() as patch:
        patch.setattr('torch.distributed.is_initialized', lambda: True)
        found = parts[0].compute_metrics(collected)
    assert found == pytest.approx(expected, rel=1e-3, nan_ok=True)


@pytest.mark.parametrize(
    ('cls', 'sentence'),
    [
        (
            LPIPSMetric,
            r'LPIPSMetric: .*absent\.pth does not exist; download squeezenet1_1-b8a52dc0\.pth',
        ),
        (FIDMetric, r'FIDMetric: .*absent\.pth does not exist; download pt_inception-2015-12-05'),
    ],
)
def test_without_weights(cls, sentence, tmp_path, caplog):
    """The file that is missing may have another name than the one to download."""
    sentence = f'{sentence}.* and save it under this name.*nothing is downloaded'
    with pytest.raises(CheckpointError, match=sentence):
        cls(str(tmp_path / 'absent.pth')).process(None, records(10))
    metric = cls(str(tmp_path / 'absent.pth'), optional=True)
    with caplog.at_level(logging.WARNING):
        assert evaluate(metric, records(10)) == {}


def test_weights_of_another_network(tmp_path, random_weights):
    torch.save({'conv.weight': torch.zeros(3)}, tmp_path / 'other.pth')
    other = str(tmp_path / 'other.pth')
    for metric in (
        LPIPSMetric(other),
        LPIPSMetric(str(random_weights), heads=other),
        LPIPSMetric(str(random_weights), network='alex'),
        FIDMetric(other),
        FIDMetric(other, network='squeezenet'),
    ):
        with pytest.raises(CheckpointError, match=r'other\.pth|squeezenet\.pth'):
            metric.process(None, records(10))
    with pytest.raises(ValueError, match='network must be one of'):
        LPIPSMetric(other, network='resnet')
    with pytest.raises(ValueError, match='network must be one of'):
        FIDMetric(other, network='vgg')
