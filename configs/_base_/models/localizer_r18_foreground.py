# Objects of all classes as one, to be found in the foreground that the method mpi predicts.
mpi = dict(
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
    foreground_backbone=None,
    foreground_head=dict(type='ForegroundHead', in_channels=128, extra_upsample=1),
)
box_coder = dict(type='BoxCoder', offset_scale=32.0, size_scale=32.0)

model = dict(
    type='HoughInstanceSegmentor',
    data_preprocessor=dict(
        type='SceneDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        pad_size_divisor=8,
    ),
    semantic=dict(type='TrueScores', num_classes=2),
    backbone=dict(type='StagedResNet', depth=18, strides=(1, 2, 1, 1), dilations=(1, 1, 2, 4)),
    localization_head=dict(
        type='LocalizationHead',
        in_channels=512,
        num_things=1,
        box_coder=box_coder,
        kernel_size=3,
        dilation=6,
        loss_resolution='label',
        loss_box=dict(type='BootstrappedBoxLoss', num_pixels=0.46, beta=0.1),
    ),
    instance_head=dict(
        type='HoughInstanceHead',
        thing_ids=(1,),
        box_coder=box_coder,
        confidence='extent',
        box_iou_threshold=0.2,
    ),
)
