"""The example with Ray Data, on a local Ray of two workers."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config

from seginpaint_mm.apis import SegInpaintInferencer
from seginpaint_mm.registry import MODELS
from tests.helpers.tiny_run import tiny_config, write_tiny_street
from tests.helpers.tool_runs import REPOSITORY, load_tool

ray = pytest.importorskip('ray', reason='pip install "seginpaint_mm[ray]"')
pytest.importorskip('pyarrow', reason='pip install "seginpaint_mm[ray]"')


@pytest.mark.slow
def test_actors_give_what_the_inferencer_gives(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import pyarrow.parquet

    config = tiny_config(tmp_path / 'config', write_tiny_street(tmp_path / 'data'))
    state = MODELS.build(Config.fromfile(config).model).state_dict()
    torch.save(dict(state_dict=state), tmp_path / 'tiny.pth')
    images = tmp_path / 'data/leftImg8bit'
    (images / 'broken.png').write_text('no image')
    variables = dict(PYTHONPATH=f'{REPOSITORY}:{os.environ.get("PYTHONPATH", "")}')
    ray.init(
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        runtime_env=dict(env_vars=variables),
    )
    try:
        words = [str(images), str(tmp_path / 'out'), '--config', str(config)]
        words += ['--checkpoint', str(tmp_path / 'tiny.pth'), '--batch-size', '2']
        load_tool('examples/ray_data').main(words)
    finally:
        ray.shutdown()
    assert f'10 of 11 images done: {tmp_path}/out' in capsys.readouterr().out
    rows = pyarrow.parquet.read_table(tmp_path / 'out').to_pylist()
    assert len({row['path'] for row in rows}) == 11
    inferencer = SegInpaintInferencer(config, tmp_path / 'tiny.pth', 'cpu', show_progress=False)
    for row in rows:
        if row['failure']:
            assert row['path'].endswith('broken.png')
            continue
        (expected,) = inferencer(row['path'], draw=False)['predictions']
        data = np.frombuffer(row['maps']['background'], np.uint8)
        background = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
        np.testing.assert_array_equal(background, expected.pred_background.data[0])
        assert background.shape == (row['height'], row['width'])
