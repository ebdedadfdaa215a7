# Holes of any shape: NVIDIA's raw training masks (white is known), prepared as their authors say,
# and its test masks, which are ready (360 of 512x512 are enough here).
_base_ = './inpainting_cityscapes.py'
train_holes = dict(
    type='IrregularHoles',
    folder='data/irregular_masks_train',
    invert=True,
    rotate=180,
    dilate=(5, 47),
    crop=(0.5, 1.0),
    ratios=(0.01, 0.6),  # those of the test masks
)
train_pipeline = [
    *_base_.load,
    dict(type='mmseg.RandomCrop', crop_size=(256, 256)),
    dict(type='mmseg.RandomFlip', prob=0.5),
    train_holes,
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
