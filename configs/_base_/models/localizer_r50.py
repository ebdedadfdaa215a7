# The localisation net is designed as the semantic one (Sec. 2.3): its backbone, another top. While
# it is trained, instances are found in the true classes. Units of the boxes are ours.
fcrn = dict(
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
box_coder = dict(type='BoxCoder', offset_scale=128.0, size_scale=128.0)
thing_ids = tuple(range(1, 21))

model = dict(
    type='HoughInstanceSegmentor',
    data_preprocessor=dict(
        type='SceneDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        pad_size_divisor=8,
    ),
    semantic=dict(type='TrueScores', num_classes=21),
    backbone=dict(
        type='mmseg.ResNet',
        depth=50,
        strides=(1, 2, 1, 1),
        dilations=(1, 1, 2, 4),
        style='pytorch',
        contract_dilation=True,
        norm_cfg=dict(type='BN', requires_grad=True),
    ),
    localization_head=dict(
        type='LocalizationHead',
        in_channels=2048,
        num_things=20,
        box_coder=box_coder,
        kernel_size=5,
        dilation=12,
        weighting='uniform',
        loss_box=dict(type='BootstrappedBoxLoss', num_pixels=None, beta=0.1),
    ),
    instance_head=dict(
        type='HoughInstanceHead', thing_ids=thing_ids, box_coder=box_coder, confidence='extent'
    ),
)
