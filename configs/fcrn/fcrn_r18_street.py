_base_ = [
    '../_base_/models/fcrn_r18.py',
    '../_base_/datasets/street_semantic.py',
    '../_base_/schedules/adam_short.py',
    '../_base_/default_runtime.py',
]
model = dict(decode_head=dict(num_classes=19))
