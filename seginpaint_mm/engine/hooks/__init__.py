"""Hooks of a training, by subject: checkpoints, checks, epochs, output, resuming."""

from seginpaint_mm.engine.hooks.check_hooks import (
    ClassCountHook,
    FiniteLossHook,
    LabelPresenceHook,
    RunGuardHook,
)
from seginpaint_mm.engine.hooks.checkpoint_hooks import (
    AtomicCheckpointHook,
    CheckpointGuardHook,
    PretrainedHook,
)
from seginpaint_mm.engine.hooks.epoch_hooks import (
    ChannelsLastHook,
    EpochSeedHook,
    LastEpochsMeanHook,
)
from seginpaint_mm.engine.hooks.output_hooks import SavePredictionsHook, SceneVisualizationHook
from seginpaint_mm.engine.hooks.resume_settings_hook import ResumeSettingsHook

__all__ = [
    'AtomicCheckpointHook',
    'ChannelsLastHook',
    'CheckpointGuardHook',
    'ClassCountHook',
    'EpochSeedHook',
    'FiniteLossHook',
    'LabelPresenceHook',
    'LastEpochsMeanHook',
    'PretrainedHook',
    'ResumeSettingsHook',
    'RunGuardHook',
    'SavePredictionsHook',
    'SceneVisualizationHook',
]
