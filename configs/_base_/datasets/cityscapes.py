# Sec. IV-A: 256x512 (height x width); the sorted val images: 100 to validate, 400 to test. Images
# are not flipped: the paper does not speak of it, the published code does not.
data_root = 'data/cityscapes'

resize = dict(type='mmseg.Resize', scale=(512, 256), interpolation='area')
train_pipeline = [
    dict(type='LoadSceneImage'),
    dict(type='LoadSceneAnnotations'),
    resize,
    dict(type='PackScene'),
]
test_pipeline = [
    dict(type='LoadSceneImage'),
    dict(type='LoadSceneAnnotations'),
    resize,
    dict(type='PackScene'),
]

train_dataloader = dict(
    batch_size=8,
    num_workers=4,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='CityscapesSceneDataset', data_root=data_root, split='train', pipeline=train_pipeline
    ),
)
val_dataloader = dict(
    batch_size=8,
    num_workers=4,
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
test_dataloader = dict(
    batch_size=8,
    num_workers=4,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='CityscapesSceneDataset',
        data_root=data_root,
        split='val',
        hidden_truth='manual',
        part='test',
        pipeline=test_pipeline,
        test_mode=True,
    ),
)

val_evaluator = dict(type='RegionIoUMetric')
test_evaluator = [
    val_evaluator,
    dict(type='NearestBackgroundMetric', source='truth'),
    dict(type='NearestBackgroundMetric', source='prediction'),
]
