# Street in the Cityscapes layout at 128x256 (height x width), in crops of 128x128.
data_root = 'data/street'
load = [dict(type='LoadSceneImage'), dict(type='LoadClasses', table='cityscapes_ids_void')]
keep = [dict(type='KeepTrueImage'), dict(type='PackScene')]
# What needs weights that are not there is left out with a warning; see their docstrings.
squeezenet = 'data/weights/squeezenet1_1_torchvision.pth'

image_metrics = [
    dict(type='InpaintingQualityMetric'),
    dict(type='LPIPSMetric', weights=squeezenet, optional=True),
    dict(type='FIDMetric', weights='data/weights/pt_inception-2015-12-05.pth', optional=True),
    dict(type='FIDMetric', network='squeezenet', weights=squeezenet, optional=True),
    dict(type='SceneComplexityMetric', leave_out=['void', 'background', 'unlabelled']),
]
segmentation_metrics = [
    dict(type='ClassIoUMetric'),
    dict(type='HoleClassIoUMetric'),
    dict(type='ConfidenceErrorMetric'),
]
all_metrics = [*image_metrics, *segmentation_metrics]
crop = dict(type='mmseg.RandomCrop', crop_size=(128, 128))
test_crop = dict(type='CenterCrop', crop_size=(128, 128))
train_holes = dict(
    type='RandomChoice',
    transforms=[
        [dict(type='CentreHole', sides=(32, 64))],
        [dict(type='RandomRectangles', num=3, min_ratio=0.1, max_ratio=0.4)],
        [dict(type='FreeFormStrokes')],
    ],
)
resize = dict(type='mmseg.Resize', scale=(256, 128), interpolation='area')

train_pipeline = [*load, resize, crop, dict(type='mmseg.RandomFlip', prob=0.5), train_holes, *keep]
test_pipeline = [
    *load,
    resize,
    test_crop,
    dict(type='CentreHole', sides=(32, 64), fixed=True),
    *keep,
]

train_dataloader = dict(
    batch_size=8,
    num_workers=2,
    persistent_workers=False,
    sampler=dict(type='PartialEpochSampler', samples_per_epoch=400),
    dataset=dict(
        type='CityscapesLabelDataset', data_root=data_root, split='train', pipeline=train_pipeline
    ),
)
val_dataloader = dict(
    batch_size=8,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='CityscapesLabelDataset',
        data_root=data_root,
        split='val',
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader

val_evaluator = dict(type='InpaintingQualityMetric')
test_evaluator = image_metrics
