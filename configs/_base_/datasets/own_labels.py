# Your own images and label maps, 128 high: images/SPLIT, labels/SPLIT. A config names data_root and
# labels.
data_root = 'data/cityscapes_256x128'
load = [
    dict(type='LoadSceneImage'),
    dict(type='LoadClasses'),
    dict(type='mmseg.Resize', scale=(100000, 128), keep_ratio=True, interpolation='area'),
]
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
test_pipeline = [
    dict(type='LoadSceneImage'),
    dict(type='LoadClasses', table='cityscapes_ids_void'),
    test_crop,
    dict(type='CentreHole', sides=(32, 64), fixed=True),
    *keep,
]
train_holes = dict(
    type='RandomChoice',
    transforms=[
        [dict(type='CentreHole', sides=(32, 64))],
        [dict(type='RandomRectangles', num=3, min_ratio=0.1, max_ratio=0.4)],
        [dict(type='FreeFormStrokes')],
    ],
)

train_pipeline = [
    dict(type='LoadSceneImage'),
    dict(type='LoadClasses', table='cityscapes_ids_void'),
    crop,
    dict(type='mmseg.RandomFlip', prob=0.5),
    train_holes,
    *keep,
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
        pipeline=[*load, crop, dict(type='mmseg.RandomFlip', prob=0.5), train_holes, *keep],
    ),
)
val_dataloader = dict(
    batch_size=8,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='LabelFolderDataset',
        image_folder='images/val',
        label_folder='labels/val',
        pipeline=[*load, test_crop, dict(type='CentreHole', sides=(32, 64), fixed=True), *keep],
        test_mode=True,
    ),
)
test_dataloader = val_dataloader

val_evaluator = dict(type='InpaintingQualityMetric')
test_evaluator = image_metrics
