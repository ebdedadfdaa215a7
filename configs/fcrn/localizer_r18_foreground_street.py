# At 64x128 (height x width), where configs/mpi/pspnet_r18_shared_street.py learns the foreground.
_base_ = [
    '../_base_/models/localizer_r18_foreground.py',
    '../_base_/datasets/street_instances.py',
    '../_base_/schedules/adam_short.py',
    '../_base_/default_runtime.py',
]
load = [
    dict(type='LoadSceneImage'),
    dict(type='LoadInstances'),
    dict(type='mmseg.Resize', scale=(128, 64), interpolation='area'),
]
train_pipeline = [*load, dict(type='mmseg.RandomFlip', prob=0.5), dict(type='PackScene')]
test_pipeline = [*load, dict(type='PackScene')]
train_dataloader = dict(dataset=dict(merge_things=True, pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(merge_things=True, pipeline=test_pipeline))
test_dataloader = val_dataloader
