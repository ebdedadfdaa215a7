# FCRN (Sec. 2.3): ResNet-50 dilated to 1/8, a linear 5x5 classifier with dilation 12 (FoV 392).
# The hole algorithm: with the stride in the 3x3 convolution (style='pytorch', as in torchvision's
# weights) the first block of a dilated stage keeps the dilation of the stage before. Weights with
# the stride in the 1x1 one (Caffe's) take style='caffe', contract_dilation=False.
model = dict(
    type='mmseg.EncoderDecoder',
    data_preprocessor=dict(
        type='SceneDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        pad_size_divisor=8,
    ),
    backbone=dict(
        type='mmseg.ResNet',
        depth=50,
        strides=(1, 2, 1, 1),
        dilations=(1, 1, 2, 4),
        style='pytorch',
        contract_dilation=True,
        norm_cfg=dict(type='BN', requires_grad=True),
    ),
    decode_head=dict(
        type='FCRNHead',
        in_channels=2048,
        num_classes=21,
        kernel_size=5,
        dilation=12,
        loss_decode=dict(type='mmseg.CrossEntropyLoss', avg_non_ignore=True),
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
