# The real training set and the paper's 100 validation images, reduced to 256x128 (width x height).
data_root = 'data/cityscapes_256x128'

train_pipeline = [
    dict(type='LoadSceneImage'),
    dict(type='LoadSceneAnnotations'),
    dict(type='mmseg.RandomFlip', prob=0.5),
    dict(type='PackScene'),
]
test_pipeline = [
    dict(type='LoadSceneImage'),
    dict(type='LoadSceneAnnotations'),
    dict(type='PackScene'),
]

train_dataloader = dict(
    batch_size=8,
    num_workers=2,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=True),
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
        part='val',
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
