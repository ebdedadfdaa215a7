# Real Cityscapes, reduced to 256x128 (width x height), with its 19 classes and objects.
data_root = 'data/cityscapes_256x128'

train_pipeline = [
    dict(type='LoadSceneImage'),
    dict(type='LoadInstances'),
    dict(
        type='RandomResize',
        scale=(256, 128),
        ratio_range=(1.0, 1.5),
        resize_type='mmseg.Resize',
        keep_ratio=True,
    ),
    dict(type='mmseg.RandomCrop', crop_size=(128, 256), cat_max_ratio=0.75),
    dict(type='mmseg.RandomFlip', prob=0.5),
    dict(type='PackScene', instance_masks=False),
]
test_pipeline = [
    dict(type='LoadSceneImage'),
    dict(type='LoadInstances'),
    dict(type='PackScene'),
]

train_dataloader = dict(
    batch_size=8,
    num_workers=2,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=True),
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
