# Baseline [6] with ResNet-50 in both networks: 106.6 M parameters.
_base_ = './two_stage_r18.py'
model = dict(
    backbone=dict(depth=50),
    background_head=dict(in_channels=2048),
    foreground_backbone=dict(depth=50),
    foreground_head=dict(in_channels=2048),
)
