# A real subset of VOC 2012: 420 images to train, 100 to validate; no aeroplane, few vehicles. The
# longer side is reduced to 256; validation is on the labels as they are. Epochs of 320 of the 420
# images, each image once before any twice.
data_root = 'data/voc/VOC2012'
crop_size = (160, 160)  # height, width

train_pipeline = [
    dict(type='LoadSceneImage'),
    dict(type='mmseg.LoadAnnotations'),
    dict(
        type='RandomResize',
        scale=(256, 256),
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
    dict(type='mmseg.Resize', scale=(256, 256), keep_ratio=True),
    dict(type='mmseg.LoadAnnotations'),
    dict(type='PackScene', original_labels=True),
]

dataset = dict(
    type='mmseg.PascalVOCDataset',
    data_root=data_root,
    data_prefix=dict(img_path='JPEGImages', seg_map_path='SegmentationClassAug'),
)
train_dataloader = dict(
    batch_size=8,
    num_workers=2,
    persistent_workers=False,
    sampler=dict(type='PartialEpochSampler', samples_per_epoch=320),
    dataset=dict(**dataset, ann_file='ImageSets/Segmentation/train.txt', pipeline=train_pipeline),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        **dataset,
        ann_file='ImageSets/Segmentation/val.txt',
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader
del dataset

# Rare: less than 2 % of the labelled training pixels each, and present in both parts.
val_evaluator = dict(
    type='ClassIoUMetric',
    groups=dict(
        rare=['bird', 'bottle', 'car', 'diningtable', 'motorbike', 'pottedplant', 'tvmonitor']
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
                dict(type='mmseg.Resize', scale=(side, side), keep_ratio=True)
                for side in (192, 256, 320)
            ],
            [dict(type='mmseg.RandomFlip', prob=0.0), dict(type='mmseg.RandomFlip', prob=1.0)],
            [dict(type='mmseg.LoadAnnotations')],
            [dict(type='PackScene', original_labels=True)],
        ],
    ),
]
tta_model = dict(type='mmseg.SegTTAModel')
