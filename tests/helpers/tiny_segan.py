"""A config of the project's own runtime that trains a tiny SeGAN on tiny images."""

from pathlib import Path

from tests.helpers.segan_scenes import MASK_SIZE, PAINTER_SIZE, SIZE, tiny_segan
from tests.helpers.tool_runs import REPOSITORY

# What a phase changes in the model of all parts, and its parts.
PHASES = dict(
    segmentor=(dict(painter=None), ['segmentor']),
    painter=(
        dict(segmentor=None, painter_mask='truth', painter_weight=1.0),
        ['generator', 'discriminator'],
    ),
    together=({}, ['segmentor', 'generator', 'discriminator']),
)


def tiny_segan_config(folder: Path, data_root: Path, phase: str, body: str = '') -> Path:
    """Of a folder in DYCE's layout with the splits train and val; ``body`` are further lines."""
    changes, parts = PHASES[phase]
    wrapper = {part: dict(type='OptimWrapper', optimizer=_ADAM) for part in parts}
    painting = ['PaintingErrorMetric', 'VisiblePaintingErrorMetric'] if 'generator' in parts else []
    segmenting = ['AmodalIoUMetric', 'VisibleMaskIoUMetric'] if 'segmentor' in parts else []
    path = folder / f'{phase}.py'
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        _CONFIG.format(
            runtime=str(REPOSITORY / 'configs/_base_/default_runtime.py'),
            model=tiny_segan(**changes),
            size=SIZE,
            side=PAINTER_SIZE,
            data_root=str(data_root),
            optim_wrapper=dict(constructor='PartOptimWrapperConstructor', **wrapper),
            metrics=[dict(type=name) for name in painting]
            + [dict(type=name, side=MASK_SIZE) for name in segmenting],
        )
        + body
    )
    return path


_ADAM = dict(type='Adam', lr=1e-3)
_CONFIG = """
_base_ = {runtime!r}
custom_imports = dict(
    imports=['seginpaint_mm.interop.mmagic', 'tests.helpers.tiny_run'], allow_failed_imports=False
)
model = {model}
pipeline = [
    dict(type='LoadSceneImage'),
    dict(type='LoadAmodalObjects', appearance=True),
    dict(type='FrameObjects', size={size}),
    dict(type='GrowBoxes', share=(0.2, 0.2)),
    dict(type='CropAppearances', size={side}),
    dict(type='PackScene'),
]
train_dataloader = dict(
    batch_size=4,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='DYCEDataset',
        data_root={data_root!r},
        split='train',
        one_object=True,
        leave_out=(),
        pipeline=pipeline,
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='DYCEDataset',
        data_root={data_root!r},
        split='val',
        leave_out=(),
        pipeline=pipeline,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader
val_evaluator = {metrics}
test_evaluator = val_evaluator
optim_wrapper = {optim_wrapper}
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=1)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
custom_hooks = _base_.custom_hooks + [dict(type='LossFileHook')]
"""
