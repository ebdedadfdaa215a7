# The best of Table 1: 101 layers, 1/8, 5x5, dilation 12.
_base_ = [
    '../_base_/models/fcrn_r50.py',
    '../_base_/datasets/voc12aug.py',
    '../_base_/schedules/sgd_50e.py',
    '../_base_/default_runtime.py',
]
model = dict(backbone=dict(depth=101))
