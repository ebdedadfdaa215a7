# Ours-faster without layer4: all of it that is a backbone has ImageNet weights. layer3 has a stride
# of 2, and the filled layer2 joins the decoder. The stem and layer1 keep their ImageNet weights. In
# testing a place is filled where any of its pixels is foreground: 0.4 points behind objects.
model = dict(
    type='ForegroundInpainter',
    data_preprocessor=dict(
        type='SceneDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        pad_size_divisor=16,
    ),
    backbone=dict(
        type='StagedResNet', depth=18, strides=(1, 2, 2), dilations=(1, 1, 1), frozen_stages=1
    ),
    neck=dict(type='MPINeck', position='layer2', fill='max_pool', num_rectangles=3, cell=8),
    background_head=dict(
        type='BackgroundHead',
        in_channels=256,
        num_classes=3,
        psp_channels=192,
        up_channels=(96, 48),
        skip_channels=128,
        loss_decode=dict(type='ClassWeightedCrossEntropyLoss', class_weight=[1.0, 2.0, 1.0]),
    ),
    foreground_backbone=None,
    foreground_head=dict(
        type='ForegroundHead', in_channels=128, extra_upsample=0, channels=96, up_channels=(48,)
    ),
)
