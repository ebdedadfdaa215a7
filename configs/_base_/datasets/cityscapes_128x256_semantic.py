# Real Cityscapes, reduced to 256x128 (width x height), with its 19 classes; labelIds as they are.
# Epochs of 400 of the 2975 images, each image once before any twice.
data_root = 'data/cityscapes_256x128'

load = [dict(type='LoadSceneImage'), dict(type='LoadClasses', table='cityscapes_ids')]
train_pipeline = [*load, dict(type='mmseg.RandomFlip', prob=0.5), dict(type='PackScene')]
test_pipeline = [*load, dict(type='PackScene')]

train_dataloader = dict(
    batch_size=8,
    num_workers=2,
    persistent_workers=False,
    sampler=dict(type='PartialEpochSampler', samples_per_epoch=400),
    dataset=dict(
        type='mmseg.CityscapesDataset',
        data_root=data_root,
        data_prefix=dict(img_path='leftImg8bit/train', seg_map_path='gtFine/train'),
        img_suffix='_leftImg8bit.jpg',
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
        img_suffix='_leftImg8bit.jpg',
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
                dict(type='mmseg.Resize', scale_factor=factor, keep_ratio=True)
                for factor in (0.75, 1.0, 1.25)
            ],
            [dict(type='mmseg.RandomFlip', prob=0.0), dict(type='mmseg.RandomFlip', prob=1.0)],
            [dict(type='LoadClasses', table='cityscapes_ids')],
            [dict(type='PackScene', original_labels=True)],
        ],
    ),
]
tta_model = dict(type='mmseg.SegTTAModel')
