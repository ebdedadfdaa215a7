_base_ = [
    '../_base_/models/two_stage_r18.py',
    '../_base_/datasets/cityscapes_128x256_short.py',
    '../_base_/schedules/adam_short.py',
    '../_base_/default_runtime.py',
]
