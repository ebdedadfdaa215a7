# ResNet-50 main branch, ResNet-18 light foreground branch: 58.4271 M parameters.
_base_ = './pspnet_r18.py'
model = dict(
    backbone=dict(depth=50),
    background_head=dict(in_channels=2048),
)
