# PASCAL-Context, 60 classes with the background: 4998 images to train, 5105 to validate. The class
# maps come from mmseg's tools/dataset_converters/pascal_context.py.
data_root = 'data/VOCdevkit/VOC2010'
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

part = dict(
    type='mmseg.PascalContextDataset',
    data_root=data_root,
    data_prefix=dict(img_path='JPEGImages', seg_map_path='SegmentationClassContext'),
)
train_dataloader = dict(
    batch_size=16,
    num_workers=4,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        **part,
        ann_file='ImageSets/SegmentationContext/train.txt',
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        **part,
        ann_file='ImageSets/SegmentationContext/val.txt',
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
