# The network in the box: ResNet-18 without layer4, a head a quarter as wide, 8x16 maps at its end.
_base_ = [
    '../_base_/models/lean_r18.py',
    '../_base_/datasets/cityscapes_128x256_augmented.py',
    '../_base_/schedules/adamw_cosine.py',
    '../_base_/default_runtime.py',
]
# The last two epochs see whole images, as those that are tested: 2.5 points behind objects.
custom_hooks = [
    *_base_.custom_hooks,
    dict(
        type='EMAHook',
        ema_type='ExponentialMovingAverage',
        momentum=0.002,
        update_buffers=True,
    ),
    dict(
        type='mmdet.PipelineSwitchHook',
        switch_epoch=18,
        switch_pipeline=[
            dict(type='LoadSceneImage'),
            dict(type='LoadSceneAnnotations'),
            dict(type='mmseg.RandomFlip', prob=0.5),
            dict(type='mmseg.PhotoMetricDistortion'),
            dict(type='PackScene'),
        ],
    ),
]
default_hooks = dict(checkpoint=dict(save_best='fg_mIoU', rule='greater'))
