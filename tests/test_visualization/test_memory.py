"""Images of large photos need little memory beside the photo, whatever is drawn."""

import pytest

from tests.helpers.forked_runs import run_code_forked

OBJECTS, SIZE = 10, (1000, 2000)
SCRIPT = f"""
import resource
import numpy as np, torch
from mmengine.structures import InstanceData, PixelData
from seginpaint_mm.geometry.masks import CroppedMasks
from seginpaint_mm.structures import SceneSample
from seginpaint_mm.visualization import SceneVisualizer

(height, width), number = {SIZE}, {OBJECTS}
image = np.full((height, width, 3), 90, np.uint8)
full = torch.zeros(number, height, width, dtype=torch.bool)
for index, mask in enumerate(full):
    mask[20 * index : 700 + 20 * index, 50 * index : 900 + 50 * index] = True
visible = full.clone()
visible[:, ::2] = False
hole = PixelData(data=visible.any(0, keepdim=True).to(torch.uint8))
ids = PixelData(data=hole.data.clone())
colours = PixelData(data=torch.from_numpy(image).permute(2, 0, 1).contiguous())
labels, scores = torch.zeros(number, dtype=torch.int64), torch.ones(number)
names = ['a'] * number
packed = CroppedMasks.pack(visible.numpy(), (height, width)).as_tensor()
removed = InstanceData(masks=packed, names=names, removed=torch.ones(number, dtype=torch.bool))
completed = InstanceData(masks=visible, full_masks=full)
found = InstanceData(masks=visible, labels=labels, scores=scores)
samples = dict(
    remove=SceneSample(pred_instances=removed, pred_image=colours, pred_mask=hole),
    fill=SceneSample(pred_image=colours, hole=hole, pred_sem_seg=ids),
    predict=SceneSample(pred_instances=found, pred_sem_seg=ids),
    complete=SceneSample(gt_instances=completed),
)
visualizer = SceneVisualizer(name='a')
visualizer.dataset_meta = dict(classes=['a', 'b'], palette=[(1, 2, 3)] * 2, thing_ids=[0])
small = np.full((32, 48, 3), 90, np.uint8)
visualizer.draw(small, SceneSample(pred_background=PixelData(data=ids.data[:, :32, :48])))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for kind, sample in samples.items():
    assert visualizer.draw(image, sample).size < 1e8
    print(kind, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.slow
def test_of_ten_objects_of_two_megapixels() -> None:
    """Their masks are of 20 MB; a sum over all of them would need 160 MB more."""
    status, output = run_code_forked(SCRIPT)
    assert status == 0, output
    needed = dict(line.split() for line in output.splitlines() if line.count(' ') == 1)
    assert set(needed) == {'remove', 'fill', 'predict', 'complete'}
    for kind, kibibytes in needed.items():
        assert int(kibibytes) < 90_000, kind
