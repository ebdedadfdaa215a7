# CamVid at 192x256 (height x width). Hidden truth: objects of other val frames are pasted.
data_root = 'data/camvid'

load = [dict(type='LoadSceneImage'), dict(type='LoadSceneAnnotations')]
resize = dict(type='mmseg.Resize', scale=(256, 192), interpolation='area')
train_pipeline = [
    *load,
    resize,
    dict(type='mmseg.RandomFlip', prob=0.5),
    dict(type='PackScene'),
]
object_source = dict(
    type='CamVidSceneDataset',
    data_root=data_root,
    split='val',
    pipeline=[*load, dict(type='LoadObjects'), resize],
)
test_pipeline = [
    *load,
    resize,
    dict(type='PasteForeground', source=object_source, fixed=True),
    dict(type='PackScene'),
]

train_dataloader = dict(
    batch_size=8,
    num_workers=2,
    persistent_workers=False,
    sampler=dict(type='PartialEpochSampler', samples_per_epoch=360),  # whole batches of the 367
    dataset=dict(
        type='CamVidSceneDataset', data_root=data_root, split='train', pipeline=train_pipeline
    ),
)
val_dataloader = dict(
    batch_size=8,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='CamVidSceneDataset',
        data_root=data_root,
        split='val',
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
