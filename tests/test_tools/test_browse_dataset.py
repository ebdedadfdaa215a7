import cv2
import pytest

from tests.helpers.tiny_run import tiny_config, write_tiny_street
from tests.helpers.tool_runs import run_here

TOOL = 'analysis_tools/browse_dataset'


@pytest.fixture
def config(tmp_path):
    return tiny_config(tmp_path, write_tiny_street(tmp_path / 'data', num_train=5))


@pytest.mark.parametrize(('split', 'number'), [('train', 3), ('val', 2)])
def test_writes_pictures_of_samples_spread_evenly(config, tmp_path, split, number, capsys):
    run_here(TOOL, config, '--split', split, '--num', '3', '--out-dir', tmp_path / 'out')
    pictures = sorted((tmp_path / 'out').iterdir())
    assert len(pictures) == number
    for path in pictures:
        height, width = cv2.imread(str(path)).shape[:2]
        assert width > 3 * height  # three panels side by side
    assert pictures[-1].name.startswith('00004_tiny' if split == 'train' else '00001_tiny')
    assert f'{number} of' in capsys.readouterr().out


def test_split_that_the_config_does_not_have(config, tmp_path, capsys):
    config.write_text(config.read_text() + '\ntest_dataloader = test_cfg = test_evaluator = None\n')
    with pytest.raises(SystemExit):
        run_here(TOOL, config, '--split', 'test', '--out-dir', tmp_path / 'out')
    assert 'choose --split from' in capsys.readouterr().err
