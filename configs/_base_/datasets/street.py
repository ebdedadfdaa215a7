# Street in the Cityscapes layout at 64x128 (height x width): small enough to train on a CPU.
data_root = 'data/street'
load = [dict(type='LoadSceneImage'), dict(type='LoadSceneAnnotations')]
resize = dict(type='mmseg.Resize', scale=(128, 64), interpolation='area')

train_pipeline = [*load, resize, dict(type='mmseg.RandomFlip', prob=0.5), dict(type='PackScene')]
test_pipeline = [*load, resize, dict(type='PackScene')]

train_dataloader = dict(
    batch_size=4,
    num_workers=2,
    persistent_workers=False,
    sampler=dict(type='PartialEpochSampler', samples_per_epoch=160),
    dataset=dict(
        type='CityscapesSceneDataset', data_root=data_root, split='train', pipeline=train_pipeline
    ),
)
val_dataloader = dict(
    batch_size=8,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='CityscapesSceneDataset',
        data_root=data_root,
        split='val',
        hidden_truth='manual',
        part=None,
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader

val_evaluator = dict(type='RegionIoUMetric')
test_evaluator = [
    val_evaluator,
    dict(type='NearestBackgroundMetric', source='truth'),
    dict(type='NearestBackgroundMetric', source='prediction'),
]
