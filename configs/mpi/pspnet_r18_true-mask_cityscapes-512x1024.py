_base_ = [
    '../_base_/models/pspnet_r18_true-mask.py',
    '../_base_/datasets/cityscapes_512x1024.py',
    '../_base_/schedules/adam_50e.py',
    '../_base_/default_runtime.py',
]
