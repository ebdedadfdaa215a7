"""Models that need no training: inpainters by a short name, and what stands in for a config."""

from pathlib import Path

from mmengine.config import Config

from seginpaint_mm.zoo import WEIGHTS, fetch

_CLASSICAL = {
    'telea': dict(type='OpenCVInpainter', method='telea'),
    'navier-stokes': dict(type='OpenCVInpainter', method='navier_stokes'),
}
_TRAINED = {name: weights.model for name, weights in WEIGHTS.items() if weights.model is not None}
INPAINTERS = (*_TRAINED, *_CLASSICAL)
DEFAULT_INPAINTER, DEFAULT_INSTANCES = 'lama', 'torchvision'
DEFAULT_COMPLETER = 'convex-hull_cocoa-sample'
DEFAULT_PREDICTOR = 'lean_r18_cityscapes-128x256'  # in the package


def find_inpainter(name: str | Path | Config) -> str | Path | Config:
    """Return the model that :class:`SegInpaintInferencer` takes for the name of an inpainter.

    Args:
        name: One of :data:`INPAINTERS`, whose weights are downloaded where they are not in the
            cache; anything else is returned as it is: a config, its name, or a work dir.

    Raises:
        CheckpointError: when the weights cannot be had, one sentence.
    """
    if name not in INPAINTERS:
        return name
    if name in _TRAINED:
        fetch(WEIGHTS[name])
    # no data set is read: its pipeline says how the model takes images
    dataset = dict(type='PairsDataset', data_root='', pipeline=[dict(type='PackScene')])
    return Config(
        dict(
            default_scope='seginpaint_mm',
            model={**_TRAINED, **_CLASSICAL}[name],
            test_dataloader=dict(dataset=dataset),
            test_cfg=dict(),
        )
    )
