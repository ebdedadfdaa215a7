# Sec. 3.2: VOC 2012's images with SBD's objects, by VOC's lists: 5623 to train, 5732 to test (val).
data_root = 'data/sbd'

train_pipeline = [
    dict(type='LoadSceneImage'),
    dict(type='LoadInstances'),
    dict(
        type='RandomResize',
        scale=(2048, 512),
        ratio_range=(0.5, 2.0),
        resize_type='mmseg.Resize',
        keep_ratio=True,
    ),
    dict(type='mmseg.RandomCrop', crop_size=(512, 512), cat_max_ratio=0.75),
    dict(type='mmseg.RandomFlip', prob=0.5),
    dict(type='PackScene', instance_masks=False),
]
test_pipeline = [dict(type='LoadSceneImage'), dict(type='LoadInstances'), dict(type='PackScene')]
voc_root = 'data/VOCdevkit/VOC2012'

train_dataloader = dict(
    batch_size=4,
    num_workers=4,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='SBDInstanceDataset',
        data_root=data_root,
        split='train',
        pipeline=train_pipeline,
        voc_root=voc_root,
        num_images=5623,
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='SBDInstanceDataset',
        data_root=data_root,
        split='val',
        pipeline=test_pipeline,
        test_mode=True,
        voc_root=voc_root,
        num_images=5732,
    ),
)
test_dataloader = val_dataloader

val_evaluator = [dict(type='RegionAPMetric'), dict(type='mmseg.IoUMetric')]
test_evaluator = val_evaluator
