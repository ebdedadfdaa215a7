# Ours-faster without layer4: all of it that is a backbone has ImageNet weights. layer3 has a stride
# of 2, and the filled layer2 joins the decoder. The stem and layer1 keep their ImageNet weights. In
# testing a place is filled where any of its pixels is foreground: 1.1 points behind objects.
_base_ = './pspnet_r18_shared.py'
model = dict(
    data_preprocessor=dict(pad_size_divisor=16),
    backbone=dict(strides=(1, 2, 2), dilations=(1, 1, 1), frozen_stages=1),
    neck=dict(cell=8),
    background_head=dict(
        in_channels=256,
        psp_channels=192,
        up_channels=(96, 48),
        skip_channels=128,
        loss_decode=dict(type='ClassWeightedCrossEntropyLoss', class_weight=[1.0, 2.0, 1.0]),
    ),
    foreground_head=dict(channels=96, up_channels=(48,), extra_upsample=0),
)
