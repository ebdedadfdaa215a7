# For small pictures and CPUs: ResNet-18 without its last stage, which is two thirds of the work.
# 1/8 of a small picture are few predictions: they are enlarged before the loss.
_base_ = './fcrn_r50.py'
model = dict(
    backbone=dict(
        _delete_=True,
        type='StagedResNet',  # mmseg's ResNet-18 dilates only every other convolution
        depth=18,
        strides=(1, 2, 1),
        dilations=(1, 1, 2),
    ),
    decode_head=dict(
        in_channels=256, kernel_size=3, dilation=6, loss_resolution='label'
    ),  # FoV 104
)
