# Outdoor Scenes to segment: no holes. The paper does not say how its segmentor was trained.
data_root = 'data/outdoor_scenes'
keep = [dict(type='KeepTrueImage'), dict(type='PackScene')]

image_metrics = [
    dict(type='InpaintingQualityMetric'),
    dict(type='LPIPSMetric', weights='data/weights/squeezenet1_1_torchvision.pth', optional=True),
    dict(type='FIDMetric', weights='data/weights/pt_inception-2015-12-05.pth', optional=True),
    dict(
        type='FIDMetric',
        network='squeezenet',
        weights='data/weights/squeezenet1_1_torchvision.pth',
        optional=True,
    ),
    dict(type='SceneComplexityMetric', leave_out=['void', 'background', 'unlabelled']),
]
segmentation_metrics = [
    dict(type='ClassIoUMetric'),
    dict(type='HoleClassIoUMetric'),
    dict(type='ConfidenceErrorMetric'),
]
all_metrics = [*image_metrics, *segmentation_metrics]
load_image = dict(type='LoadSceneImage')
load_classes = dict(type='LoadClasses')
resize = dict(type='mmseg.Resize', scale=(100000, 256), keep_ratio=True, interpolation='area')
load = [load_image, load_classes, resize]

train_pipeline = [
    *load,
    dict(type='mmseg.RandomCrop', crop_size=(256, 256)),
    dict(type='mmseg.RandomFlip', prob=0.5),
    dict(type='PackScene'),
]
test_pipeline = [load_image, resize, load_classes, dict(type='PackScene', original_labels=True)]

train_dataloader = dict(
    batch_size=8,
    num_workers=4,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='OutdoorScenesDataset', data_root=data_root, split='train', pipeline=train_pipeline
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='OutdoorScenesDataset',
        data_root=data_root,
        split='test',
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader

val_evaluator = dict(type='ClassIoUMetric')
test_evaluator = [val_evaluator]
