# Baseline [6] with ResNet-50 in both networks: 106.6 M parameters.
_base_ = [
    '../_base_/models/two_stage_r18.py',
    '../_base_/datasets/cityscapes.py',
    '../_base_/schedules/adam_50e.py',
    '../_base_/default_runtime.py',
]
model = dict(
    backbone=dict(depth=50),
    background_head=dict(in_channels=2048),
    foreground_backbone=dict(depth=50),
    foreground_head=dict(in_channels=2048),
)
train_dataloader = dict(batch_size=4)
