# COCOA at 500x500; nobody knows how its objects look where they are hidden: segmentation only.
data_root = 'data/cocoa'
load = [dict(type='LoadSceneImage'), dict(type='LoadAmodalObjects')]
train_pipeline = [
    dict(type='ChooseObjects', most=5),
    *load,
    dict(type='FrameObjects', size=(500, 500), window=(0.8, 1.0), flip_prob=0.5),
    dict(type='GrowBoxes', share=(0.1, 0.3)),
    dict(type='PackScene'),
]
test_pipeline = [
    *load,
    dict(type='FrameObjects', size=(500, 500), keep_photo=True),
    dict(type='GrowBoxes', share=(0.2, 0.2)),
    dict(type='PackScene'),
]

train_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='COCOADataset',
        data_root=data_root,
        ann_file='annotations/COCO_amodal_train2014.json',
        image_folder='train2014',
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='COCOADataset',
        data_root=data_root,
        ann_file='annotations/COCO_amodal_val2014.json',
        image_folder='val2014',
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader

val_evaluator = [
    dict(type='AmodalIoUMetric', side=58),
    dict(type='AmodalIoUMetric', side=58, with_given=True, prefix='with_given'),
    dict(type='AmodalIoUMetric', side=58, with_given=True, occluders='given', prefix='behind'),
    dict(type='AmodalIoUMetric', photo=True, prefix='photo_any'),
    dict(type='AmodalIoUMetric', photo=True, occluders='given', prefix='photo_behind'),
    dict(type='VisibleMaskIoUMetric', side=58),
    dict(type='VisibleMaskIoUMetric', photo=True),
    dict(type='DepthOrderMetric'),
    dict(type='DepthOrderMetric', threshold=None, prefix='larger_count'),
    dict(type='LowerIsNearerMetric'),
]
test_evaluator = val_evaluator
