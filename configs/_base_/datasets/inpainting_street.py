# Street in the Cityscapes layout at 128x256 (height x width), in crops of 128x128.
_base_ = './inpainting_cityscapes_128x128.py'
data_root = 'data/street'

resize = dict(type='mmseg.Resize', scale=(256, 128), interpolation='area')
train_pipeline = [
    *_base_.load,
    resize,
    _base_.crop,
    dict(type='mmseg.RandomFlip', prob=0.5),
    _base_.train_holes,
    *_base_.keep,
]
test_pipeline = [
    *_base_.load,
    resize,
    _base_.test_crop,
    dict(type='CentreHole', sides=(32, 64), fixed=True),
    *_base_.keep,
]
train_dataloader = dict(dataset=dict(data_root=data_root, pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(data_root=data_root, pipeline=test_pipeline))
test_dataloader = val_dataloader
