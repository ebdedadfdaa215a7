"""``PackScene``: from the pipeline's dictionary to what a model reads."""

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmengine.structures import PixelData
from torch import Tensor

from seginpaint_mm.registry import TRANSFORMS
from seginpaint_mm.structures import SceneSample

_META_KEYS = (
    'img_path',
    'sample_idx',
    'ori_shape',
    'img_shape',
    'scale_factor',
    'flip',
    'flip_direction',
)
# Field of the sample: (key of the pipeline's dictionary, dtype of the tensor).
_FIELDS = {
    'gt_sem_seg': ('gt_seg_map', torch.int64),
    'gt_foreground': ('gt_foreground', torch.uint8),
    'gt_background': ('gt_background', torch.int64),
    'hole': ('hole', torch.uint8),
}


@TRANSFORMS.register_module()
class PackScene(BaseTransform):
    """Pack a scene as ``dict(inputs, data_samples)``.

    ``inputs`` is a uint8 tensor (3, H, W), BGR. ``data_samples`` is a :class:`SceneSample` with
    ``gt_sem_seg`` (int64), ``gt_foreground`` (uint8, 1 = foreground), ``gt_background`` (int64)
    and ``hole`` (uint8, 1 = to be filled), each (1, H, W) and each only if the pipeline made it,
    and the metainfo ``img_path``, ``sample_idx``, ``ori_shape``, ``img_shape``,
    ``scale_factor``, ``flip``, ``flip_direction`` where present.

    Raises:
        ValueError: when a map's size is not the image's.
    """

    def transform(self, results: dict) -> dict:
        image = results['img']
        sample = SceneSample(metainfo={key: results[key] for key in _META_KEYS if key in results})
        for field, (key, dtype) in _FIELDS.items():
            if key in results:
                if results[key].shape != image.shape[:2]:
                    raise ValueError(
                        f'PackScene: {key} is {results[key].shape} (height, width), the image '
                        f'{image.shape[:2]}: list {key!r} in seg_fields before it is resized.'
                    )
                sample.set_field(PixelData(data=_tensor(results[key][None]).to(dtype)), field)
        return dict(inputs=_tensor(image.transpose(2, 0, 1)), data_samples=sample)


def _tensor(array: np.ndarray) -> Tensor:
    # a copy: one pixel, flipped, counts as contiguous and has strides that torch refuses
    return torch.from_numpy(array.copy(order='C'))
