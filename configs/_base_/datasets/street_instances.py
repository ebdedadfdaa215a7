# Street in the Cityscapes layout at 128x256 (height x width), with its 19 classes and objects.
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
    num_workers=2,
    persistent_workers=False,
    sampler=dict(type='PartialEpochSampler', samples_per_epoch=400),
    dataset=dict(
        type='CityscapesInstanceDataset',
        data_root=data_root,
        split='train',
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=8,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='CityscapesInstanceDataset',
        data_root=data_root,
        split='val',
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader

val_evaluator = [dict(type='RegionAPMetric'), dict(type='mmseg.IoUMetric')]
test_evaluator = val_evaluator
