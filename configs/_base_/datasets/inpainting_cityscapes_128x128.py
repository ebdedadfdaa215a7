# Real Cityscapes, reduced to 256x128 (width x height), in crops of 128x128. Trained with holes of
# 32 to 64 pixels in the middle, rectangles and strokes; tested with those in the middle.
_base_ = './inpainting_cityscapes.py'
data_root = 'data/cityscapes_256x128'

load = [dict(type='LoadSceneImage'), dict(type='LoadClasses', table='cityscapes_ids_void')]
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
train_pipeline = [
    *load,
    crop,
    dict(type='mmseg.RandomFlip', prob=0.5),
    train_holes,
    *_base_.keep,
]
test_pipeline = [
    *load,
    test_crop,
    dict(type='CentreHole', sides=(32, 64), fixed=True),
    *_base_.keep,
]

train_dataloader = dict(
    num_workers=2,
    sampler=dict(_delete_=True, type='PartialEpochSampler', samples_per_epoch=400),
    dataset=dict(data_root=data_root, pipeline=train_pipeline),
)
val_dataloader = dict(num_workers=2, dataset=dict(data_root=data_root, pipeline=test_pipeline))
test_dataloader = val_dataloader
