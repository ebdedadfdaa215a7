# Your own images and label maps, 256 high: images/SPLIT, labels/SPLIT. A config names data_root and
# labels. Validated at the labels' own size.
load = [dict(type='LoadSceneImage'), dict(type='LoadClasses')]
crop_size = (192, 192)  # height, width
train_pipeline = [
    *load,
    dict(
        type='RandomResize',
        scale=(100000, 256),
        ratio_range=(0.75, 1.5),
        resize_type='mmseg.Resize',
        keep_ratio=True,
    ),
    dict(type='mmseg.RandomCrop', crop_size=crop_size, cat_max_ratio=0.75),
    dict(type='mmseg.RandomFlip', prob=0.5),
    dict(type='Pad', size=crop_size, pad_val=dict(img=(104, 116, 124), seg=255)),
    dict(type='PackScene'),
]
test_pipeline = [
    dict(type='LoadSceneImage'),
    dict(type='mmseg.Resize', scale=(100000, 256), keep_ratio=True, interpolation='area'),
    dict(type='LoadClasses'),
    dict(type='PackScene', original_labels=True),
]

train_dataloader = dict(
    batch_size=8,
    num_workers=2,
    persistent_workers=False,
    sampler=dict(type='PartialEpochSampler', samples_per_epoch=400),
    dataset=dict(
        type='LabelFolderDataset',
        image_folder='images/train',
        label_folder='labels/train',
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='LabelFolderDataset',
        image_folder='images/val',
        label_folder='labels/val',
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader

val_evaluator = dict(type='ClassIoUMetric')
test_evaluator = val_evaluator
