# Real images without amodal labels: objects of COCO's first images with others pasted over them, at
# the small SeGAN's size. What an object was before is all of it (PCNet's idea).
data_root = 'data/street_dyce'
load = [dict(type='LoadSceneImage'), dict(type='LoadInstances')]
size = (500, 500)
segmentation_metrics = [
    dict(type='AmodalIoUMetric', side=28),
    dict(type='AmodalIoUMetric', side=28, with_given=True, prefix='with_given'),
    dict(type='AmodalIoUMetric', side=28, with_given=True, occluders='given', prefix='behind'),
    dict(type='AmodalIoUMetric', photo=True, occluders='given', prefix='photo_behind'),
    dict(type='VisibleMaskIoUMetric', side=28),
    dict(type='VisibleMaskIoUMetric', photo=True),
    dict(type='DepthOrderMetric'),
    dict(type='DepthOrderMetric', threshold=None, prefix='larger_count'),
    dict(type='LowerIsNearerMetric'),
]
painting_metrics = [dict(type='PaintingErrorMetric'), dict(type='VisiblePaintingErrorMetric')]
train_frame = dict(type='FrameObjects', size=(128, 128), window=(0.8, 1.0), flip_prob=0.5)
test_frame = dict(type='FrameObjects', size=(128, 128), keep_photo=True)
crop = dict(type='CropAppearances', size=64)
train_source = dict(
    type='CocoInstanceDataset',
    data_root='data/coco_tiny',
    ann_file='annotations/instances_train2017.json',
    image_folder='train2017',
    classes=None,
    keep_empty=False,
    pipeline=load,
)

train_pipeline = [
    *load,
    dict(
        type='PasteForeground',
        amodal=True,
        placement='anywhere',
        num_objects=(1, 4),
        area=(0.01, 0.3),
        max_contact=0.5,
        scale=(0.5, 1.2),
        source=train_source,
    ),
    train_frame,
    dict(type='GrowBoxes', share=(0.1, 0.3)),
    dict(type='PackScene'),
]
val_source = dict(
    type='CocoInstanceDataset',
    data_root='data/coco_tiny',
    ann_file='annotations/instances_val2017.json',
    image_folder='val2017',
    classes=None,
    keep_empty=False,
    pipeline=load,
)
test_pipeline = [
    *load,
    dict(
        type='PasteForeground',
        amodal=True,
        placement='anywhere',
        num_objects=(1, 4),
        area=(0.01, 0.3),
        max_contact=0.5,
        scale=(0.5, 1.2),
        source=val_source,
        fixed=True,
    ),
    test_frame,
    dict(type='GrowBoxes', share=(0.2, 0.2)),
    dict(type='PackScene'),
]
paste = dict(
    type='PasteForeground',
    amodal=True,
    placement='anywhere',
    num_objects=(1, 4),
    area=(0.01, 0.3),
    max_contact=0.5,
    scale=(0.5, 1.2),
)

train_dataloader = dict(
    batch_size=4,
    num_workers=2,
    persistent_workers=False,
    sampler=dict(type='PartialEpochSampler', samples_per_epoch=240),
    dataset=dict(
        type='CocoInstanceDataset',
        data_root='data/coco_tiny',
        ann_file='annotations/instances_train2017.json',
        image_folder='train2017',
        classes=None,
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
        data_root='data/coco_tiny',
        ann_file='annotations/instances_val2017.json',
        image_folder='val2017',
        classes=None,
        keep_empty=False,
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader

val_evaluator = segmentation_metrics
test_evaluator = val_evaluator
