# The best of Table 3: 152 layers, 1/8, 5x5, dilation 12.
_base_ = [
    '../_base_/models/fcrn_r50.py',
    '../_base_/datasets/cityscapes_semantic.py',
    '../_base_/schedules/sgd_50e.py',
    '../_base_/default_runtime.py',
]
model = dict(backbone=dict(depth=152), decode_head=dict(num_classes=19))
