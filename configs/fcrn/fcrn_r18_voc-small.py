_base_ = [
    '../_base_/models/fcrn_r18.py',
    '../_base_/datasets/voc_small.py',
    '../_base_/schedules/adam_short.py',
    '../_base_/default_runtime.py',
]
