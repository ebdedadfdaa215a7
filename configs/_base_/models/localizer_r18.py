# ResNet-18 for small pictures, with the classes and things of Cityscapes; see localizer_r50.py.
# Objects fall between the pixels of 1/8 maps: the loss is at the pictures' resolution.
fcrn = dict(
    type='mmseg.EncoderDecoder',
    data_preprocessor=dict(
        type='SceneDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        pad_size_divisor=8,
    ),
    backbone=dict(type='StagedResNet', depth=18, strides=(1, 2, 1), dilations=(1, 1, 2)),
    decode_head=dict(
        type='FCRNHead',
        in_channels=256,
        num_classes=19,
        kernel_size=3,
        dilation=6,
        loss_decode=dict(type='mmseg.CrossEntropyLoss', avg_non_ignore=True),
        loss_resolution='label',
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
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
    semantic=dict(type='TrueScores', num_classes=19),
    backbone=dict(type='StagedResNet', depth=18, strides=(1, 2, 1), dilations=(1, 1, 2)),
    localization_head=dict(
        type='LocalizationHead',
        in_channels=256,
        num_things=8,
        box_coder=box_coder,
        kernel_size=3,
        dilation=6,
        loss_resolution='label',
        weighting='uniform',
        loss_box=dict(type='BootstrappedBoxLoss', num_pixels=None, beta=0.1),
    ),
    instance_head=dict(
        type='HoughInstanceHead',
        thing_ids=tuple(range(11, 19)),
        box_coder=box_coder,
        confidence='extent',
        box_iou_threshold=0.2,  # boxes learnt in minutes agree less than those learnt in days
    ),
)
