# ResNet-50; the foreground head reads layer2 of the main branch: 59.5135 M parameters.
_base_ = './pspnet_r18_cityscapes.py'
model = dict(
    backbone=dict(depth=50),
    background_head=dict(in_channels=2048),
    foreground_backbone=None,
    foreground_head=dict(in_channels=512, extra_upsample=1),
)
train_dataloader = dict(batch_size=4)
