# The foreground head reads layer2 of the main branch: 59.5135 M parameters.
_base_ = './pspnet_r50.py'
model = dict(
    foreground_backbone=None,
    foreground_head=dict(in_channels=512, extra_upsample=1),
)
