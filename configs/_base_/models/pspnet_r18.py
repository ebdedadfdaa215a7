# Fig. 2 with ResNet-18 and a light foreground branch of its own ("ours"): 22.5026 M parameters.
model = dict(
    type='ForegroundInpainter',
    data_preprocessor=dict(
        type='SceneDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        pad_size_divisor=8,
    ),
    backbone=dict(type='StagedResNet', depth=18, strides=(1, 2, 1, 1), dilations=(1, 1, 2, 4)),
    neck=dict(type='MPINeck', position='layer2', fill='max_pool', num_rectangles=3),
    background_head=dict(type='BackgroundHead', in_channels=512, num_classes=3),
    foreground_backbone=dict(type='StagedResNet', depth=18, strides=(1, 1), dilations=(2, 2)),
    foreground_head=dict(type='ForegroundHead', in_channels=128),
)
