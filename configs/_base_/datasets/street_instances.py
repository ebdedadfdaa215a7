# Street in the Cityscapes layout at 128x256 (height x width), with its 19 classes and objects.
_base_ = './cityscapes_128x256_instances.py'
data_root = 'data/street'

load = [
    dict(type='LoadSceneImage'),
    dict(type='LoadInstances'),
    dict(type='mmseg.Resize', scale=(256, 128), interpolation='area'),
]
train_pipeline = [
    *load,
    dict(type='mmseg.RandomFlip', prob=0.5),
    dict(type='PackScene', instance_masks=False),
]
test_pipeline = [*load, dict(type='PackScene')]

train_dataloader = dict(
    batch_size=4,
    sampler=dict(_delete_=True, type='PartialEpochSampler', samples_per_epoch=400),
    dataset=dict(data_root=data_root, pipeline=train_pipeline),
)
val_dataloader = dict(dataset=dict(data_root=data_root, pipeline=test_pipeline))
test_dataloader = val_dataloader
