# The foreground head reads layer2 of the main branch ("ours-faster"): 21.8195 M parameters.
_base_ = './pspnet_r18.py'
model = dict(
    foreground_backbone=None,
    foreground_head=dict(in_channels=128, extra_upsample=1),
)
