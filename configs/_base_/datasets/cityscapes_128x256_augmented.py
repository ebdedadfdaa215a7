# The reduced real set with random scales, crops of 96x192 (height x width), flips and colours. What
# is tested is brought to a height of 128: images of the set have it, photos have not.
_base_ = './cityscapes_128x256.py'
train_pipeline = [
    dict(type='LoadSceneImage'),
    dict(type='LoadSceneAnnotations'),
    dict(
        type='RandomResize',
        scale=(256, 128),
        ratio_range=(0.75, 1.5),
        resize_type='mmseg.Resize',
        keep_ratio=True,
    ),
    dict(type='mmseg.RandomCrop', crop_size=(96, 192)),
    dict(type='mmseg.RandomFlip', prob=0.5),
    dict(type='mmseg.PhotoMetricDistortion'),
    dict(type='PackScene'),
]
test_pipeline = [
    dict(type='LoadSceneImage'),
    dict(type='LoadSceneAnnotations'),
    dict(type='mmseg.Resize', scale=(4096, 128), keep_ratio=True, interpolation='area'),
    dict(type='PackScene'),
]
train_dataloader = dict(num_workers=0, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(num_workers=0, persistent_workers=False, dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
