# Persons in COCO's first pictures, the longer side reduced to 320; only pictures with persons.
data_root = 'data/coco_tiny'
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
        type='CocoInstanceDataset',
        data_root=data_root,
        ann_file='annotations/instances_train2017.json',
        image_folder='train2017',
        classes=('person',),
        keep_empty=False,
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='CocoInstanceDataset',
        data_root=data_root,
        ann_file='annotations/instances_val2017.json',
        image_folder='val2017',
        classes=('person',),
        keep_empty=False,
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader

val_evaluator = [dict(type='RegionAPMetric'), dict(type='mmseg.IoUMetric')]
test_evaluator = val_evaluator
