# CamVid at 192x256 (height x width) in crops of 128x128, with its 11 classes and unlabelled.
_base_ = './inpainting_cityscapes_128x128.py'
data_root = 'data/camvid'

load = [
    dict(type='LoadSceneImage'),
    dict(type='LoadClasses'),
    dict(type='mmseg.Resize', scale=(256, 192), interpolation='area'),
]
train_pipeline = [
    *load,
    _base_.crop,
    dict(type='mmseg.RandomFlip', prob=0.5),
    _base_.train_holes,
    *_base_.keep,
]
test_pipeline = [
    *load,
    _base_.test_crop,
    dict(type='CentreHole', sides=(32, 64), fixed=True),
    *_base_.keep,
]
train_dataloader = dict(
    sampler=dict(samples_per_epoch=360),
    dataset=dict(type='CamVidLabelDataset', data_root=data_root, pipeline=train_pipeline),
)
val_dataloader = dict(
    dataset=dict(type='CamVidLabelDataset', data_root=data_root, pipeline=test_pipeline)
)
test_dataloader = val_dataloader
