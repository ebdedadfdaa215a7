"""Hooks, one a file."""

from seginpaint_mm.engine.hooks.atomic_checkpoint_hook import AtomicCheckpointHook
from seginpaint_mm.engine.hooks.channels_last_hook import ChannelsLastHook
from seginpaint_mm.engine.hooks.checkpoint_guard_hook import CheckpointGuardHook
from seginpaint_mm.engine.hooks.class_count_hook import ClassCountHook
from seginpaint_mm.engine.hooks.epoch_seed_hook import EpochSeedHook
from seginpaint_mm.engine.hooks.finite_loss_hook import FiniteLossHook
from seginpaint_mm.engine.hooks.label_presence_hook import LabelPresenceHook
from seginpaint_mm.engine.hooks.last_epochs_mean_hook import LastEpochsMeanHook
from seginpaint_mm.engine.hooks.pretrained_hook import PretrainedHook
from seginpaint_mm.engine.hooks.resume_settings_hook import ResumeSettingsHook
from seginpaint_mm.engine.hooks.save_predictions_hook import SavePredictionsHook
from seginpaint_mm.engine.hooks.scene_visualization_hook import SceneVisualizationHook

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
    'SavePredictionsHook',
    'SceneVisualizationHook',
]
