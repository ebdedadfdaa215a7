# For small pictures and CPUs: ResNet-18 without its last stage, which is two thirds of the work.
# 1/8 of a small picture are few predictions: they are enlarged before the loss.
model = dict(
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
        num_classes=21,
        kernel_size=3,
        dilation=6,
        loss_decode=dict(type='mmseg.CrossEntropyLoss', avg_non_ignore=True),
        loss_resolution='label',
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
