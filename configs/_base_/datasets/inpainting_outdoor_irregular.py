# Outdoor Scenes with holes of any shape, as Cityscapes with them.
_base_ = './inpainting_outdoor.py'
train_pipeline = [
    *_base_.load,
    dict(type='mmseg.RandomCrop', crop_size=(256, 256)),
    dict(type='mmseg.RandomFlip', prob=0.5),
    dict(
        type='IrregularHoles',
        folder='data/irregular_masks_train',
        invert=True,
        rotate=180,
        dilate=(5, 47),
        crop=(0.5, 1.0),
        ratios=(0.01, 0.6),
    ),
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
