# PASCAL VOC 2012: 10 582 images to train with those of SBD, 1449 to validate. SegmentationClassAug
# and aug.txt come from mmseg's tools/dataset_converters/voc_aug.py. The paper does not give its
# crops, scales and batch.
data_root = 'data/VOCdevkit/VOC2012'
crop_size = (512, 512)  # height, width

train_pipeline = [
    dict(type='LoadSceneImage'),
    dict(type='mmseg.LoadAnnotations'),
    dict(
        type='RandomResize',
        scale=(2048, 512),
        ratio_range=(0.5, 2.0),
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
    dict(type='mmseg.LoadAnnotations'),
    dict(type='PackScene'),
]

part = dict(type='mmseg.PascalVOCDataset', data_root=data_root)
train_dataloader = dict(
    batch_size=16,
    num_workers=4,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='ConcatDataset',
        datasets=[
            dict(
                **part,
                data_prefix=dict(img_path='JPEGImages', seg_map_path='SegmentationClass'),
                ann_file='ImageSets/Segmentation/train.txt',
                pipeline=train_pipeline,
            ),
            dict(
                **part,
                data_prefix=dict(img_path='JPEGImages', seg_map_path='SegmentationClassAug'),
                ann_file='ImageSets/Segmentation/aug.txt',
                pipeline=train_pipeline,
            ),
        ],
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        **part,
        data_prefix=dict(img_path='JPEGImages', seg_map_path='SegmentationClass'),
        ann_file='ImageSets/Segmentation/val.txt',
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader
del part

val_evaluator = dict(type='ClassIoUMetric')
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
            [dict(type='mmseg.LoadAnnotations')],
            [dict(type='PackScene', original_labels=True)],
        ],
    ),
]
tta_model = dict(type='mmseg.SegTTAModel')
