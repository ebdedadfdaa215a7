# Baseline [6]: the image is blacked out where a first network sees foreground (34.8 M parameters).
_base_ = './pspnet_r18.py'
model = dict(
    neck=dict(position='input', fill='zero'),
    foreground_backbone=dict(
        _delete_=True,
        type='StagedResNet',
        depth=18,
        strides=(1, 2, 1, 1),
        dilations=(1, 1, 2, 4),
    ),
    foreground_head=dict(_delete_=True, type='PSPForegroundHead', in_channels=512),
    train_mask='truth',
    test_mask='predicted',
)
