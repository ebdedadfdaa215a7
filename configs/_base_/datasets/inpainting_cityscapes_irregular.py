# Holes of any shape: NVIDIA's training masks, and its test masks (360 of 512x512 are enough here).
_base_ = './inpainting_cityscapes.py'
train_pipeline = [
    *_base_.load,
    dict(type='mmseg.RandomCrop', crop_size=(256, 256)),
    dict(type='mmseg.RandomFlip', prob=0.5),
    dict(type='IrregularHoles', folder='data/irregular_masks_train'),
    *_base_.keep,
]
test_pipeline = [
    *_base_.load,
    dict(type='CenterCrop', crop_size=(256, 256)),
    dict(type='IrregularHoles', folder='data/irregular_masks', fixed=True),
    *_base_.keep,
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
