# SGE-Net, Sec. 4.1: Cityscapes' short side 512, crops of 256x256, holes of 96x96 in the middle; 19
# classes and void. The paper also trains on the 1525 test images, whose labels are not public:
# predict_labels.py makes some. Flips and the test crop (the middle) are ours.
data_root = 'data/cityscapes'

load = [
    dict(type='LoadSceneImage'),
    dict(type='LoadClasses', table='cityscapes_ids_void'),
    dict(type='mmseg.Resize', scale=(100000, 512), keep_ratio=True, interpolation='area'),
]
hole = dict(type='CentreHole', sides=96)
keep = [dict(type='KeepTrueImage'), dict(type='PackScene')]
train_pipeline = [
    *load,
    dict(type='mmseg.RandomCrop', crop_size=(256, 256)),
    dict(type='mmseg.RandomFlip', prob=0.5),
    hole,
    *keep,
]
test_pipeline = [*load, dict(type='CenterCrop', crop_size=(256, 256)), hole, *keep]

train_dataloader = dict(
    batch_size=8,
    num_workers=4,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='CityscapesLabelDataset', data_root=data_root, split='train', pipeline=train_pipeline
    ),
)
val_dataloader = dict(
    batch_size=8,
    num_workers=4,
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
val_evaluator = dict(type='InpaintingQualityMetric')
test_evaluator = image_metrics
