# 30 pictures of VOC 2007, the longer side reduced to 320: 20 to train, 10 to test.
data_root = 'data/voc_instance'
load = [dict(type='LoadSceneImage'), dict(type='LoadInstances')]

train_pipeline = [
    *load,
    dict(
        type='RandomResize',
        scale=(320, 320),
        ratio_range=(0.75, 1.5),
        resize_type='mmseg.Resize',
        keep_ratio=True,
    ),
    dict(type='mmseg.RandomCrop', crop_size=(256, 256), cat_max_ratio=0.75),
    dict(type='mmseg.RandomFlip', prob=0.5),
    dict(type='PackScene', instance_masks=False),
]
test_pipeline = [
    *load,
    dict(type='mmseg.Resize', scale=(320, 320), keep_ratio=True, interpolation='area'),
    dict(type='PackScene'),
]

train_dataloader = dict(
    batch_size=4,
    num_workers=2,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='VOCInstanceDataset',
        data_root=data_root,
        split=None,
        pipeline=train_pipeline,
        indices=20,
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='VOCInstanceDataset',
        data_root=data_root,
        split=None,
        pipeline=test_pipeline,
        test_mode=True,
        indices=[*range(20, 30)],
    ),
)
test_dataloader = val_dataloader

val_evaluator = [dict(type='RegionAPMetric'), dict(type='mmseg.IoUMetric')]
test_evaluator = val_evaluator
