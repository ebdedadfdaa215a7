_base_ = [
    '../_base_/models/pspnet_r18_shared.py',
    '../_base_/datasets/street.py',
    '../_base_/schedules/adam_short.py',
    '../_base_/default_runtime.py',
]
