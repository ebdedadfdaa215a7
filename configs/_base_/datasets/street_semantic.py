# Street in the Cityscapes layout at 128x256 (height x width), with 17 of its 19 classes.
data_root = 'data/street'
resize = dict(type='mmseg.Resize', scale=(256, 128), interpolation='area')
load = [dict(type='LoadSceneImage'), dict(type='LoadClasses', table='cityscapes_ids'), resize]

train_pipeline = [*load, dict(type='mmseg.RandomFlip', prob=0.5), dict(type='PackScene')]
test_pipeline = [
    dict(type='LoadSceneImage'),
    resize,
    dict(type='LoadClasses', table='cityscapes_ids'),
    dict(type='PackScene', original_labels=True),
]

train_dataloader = dict(
    batch_size=4,
    num_workers=2,
    persistent_workers=False,
    sampler=dict(type='PartialEpochSampler', samples_per_epoch=400),
    dataset=dict(
        type='mmseg.CityscapesDataset',
        data_root=data_root,
        data_prefix=dict(img_path='leftImg8bit/train', seg_map_path='gtFine/train'),
        img_suffix='_leftImg8bit.png',
        seg_map_suffix='_gtFine_labelIds.png',
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=8,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='mmseg.CityscapesDataset',
        data_root=data_root,
        data_prefix=dict(img_path='leftImg8bit/val', seg_map_path='gtFine/val'),
        img_suffix='_leftImg8bit.png',
        seg_map_suffix='_gtFine_labelIds.png',
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader
# Rare: less than 1 % of the labelled training pixels each.
val_evaluator = dict(
    type='ClassIoUMetric',
    groups=dict(
        rare=[
            'wall',
            'fence',
            'traffic light',
            'traffic sign',
            'rider',
            'truck',
            'bus',
            'train',
            'motorcycle',
            'bicycle',
        ]
    ),
)
test_evaluator = val_evaluator
# Multi-view testing: tools/test.py ... --tta
tta_pipeline = [
    dict(type='LoadSceneImage'),
    dict(
        type='TestTimeAug',
        transforms=[
            [
                dict(type='mmseg.Resize', scale_factor=0.75, keep_ratio=True),
                dict(type='mmseg.Resize', scale_factor=1.0, keep_ratio=True),
                dict(type='mmseg.Resize', scale_factor=1.25, keep_ratio=True),
            ],
            [dict(type='mmseg.RandomFlip', prob=0.0), dict(type='mmseg.RandomFlip', prob=1.0)],
            [dict(type='LoadClasses', table='cityscapes_ids')],
            [dict(type='PackScene', original_labels=True)],
        ],
    ),
]
tta_model = dict(type='mmseg.SegTTAModel')
