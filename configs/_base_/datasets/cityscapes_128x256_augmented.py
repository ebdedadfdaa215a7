# The reduced real set with random scales, crops of 96x192 (height x width), flips and colours. What
# is tested is brought to a height of 128: images of the set have it, photos have not.
data_root = 'data/cityscapes_256x128'

train_pipeline = [
    dict(type='LoadSceneImage'),
    dict(type='LoadSceneAnnotations'),
    dict(
        type='RandomResize',
        scale=(256, 128),
        ratio_range=(0.75, 1.5),
        resize_type='mmseg.Resize',
        keep_ratio=True,
    ),
    dict(type='mmseg.RandomCrop', crop_size=(96, 192)),
    dict(type='mmseg.RandomFlip', prob=0.5),
    dict(type='mmseg.PhotoMetricDistortion'),
    dict(type='PackScene'),
]
test_pipeline = [
    dict(type='LoadSceneImage'),
    dict(type='LoadSceneAnnotations'),
    dict(type='mmseg.Resize', scale=(4096, 128), keep_ratio=True, interpolation='area'),
    dict(type='PackScene'),
]

train_dataloader = dict(
    batch_size=8,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='CityscapesSceneDataset', data_root=data_root, split='train', pipeline=train_pipeline
    ),
)
val_dataloader = dict(
    batch_size=8,
    num_workers=0,
    persistent_workers=False,
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
