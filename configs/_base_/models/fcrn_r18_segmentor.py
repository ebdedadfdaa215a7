# FCRN of what an inpainter has filled (InpaintThenSegment, Table 4). Its 19 classes are the first
# of the 20: it never says void.
segmentor = dict(  # fcrn_r18.py
    type='mmseg.EncoderDecoder',
    data_preprocessor=dict(type='SceneDataPreprocessor', pad_size_divisor=8),
    backbone=dict(
        type='StagedResNet',
        depth=18,
        strides=(1, 2, 1),
        dilations=(1, 1, 2),
    ),
    decode_head=dict(
        type='FCRNHead',
        in_channels=256,
        num_classes=19,
        kernel_size=3,
        dilation=6,
        loss_resolution='label',
        loss_decode=dict(type='mmseg.CrossEntropyLoss', avg_non_ignore=True),
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
