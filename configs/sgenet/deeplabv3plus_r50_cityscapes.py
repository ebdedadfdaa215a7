# The segmentor of Table 4; mmseg's published deeplabv3plus_r50-d8 on Cityscapes fits as well.
_base_ = [
    '../_base_/models/deeplabv3plus_r50.py',
    '../_base_/datasets/cityscapes_semantic.py',
    '../_base_/schedules/sgd_50e.py',
    '../_base_/default_runtime.py',
]
