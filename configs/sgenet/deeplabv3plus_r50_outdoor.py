# The segmentor of Table 4 in the place of the paper's DPN, whose weights are not public.
_base_ = [
    '../_base_/models/deeplabv3plus_r50.py',
    '../_base_/datasets/outdoor_semantic.py',
    '../_base_/schedules/sgd_50e.py',
    '../_base_/default_runtime.py',
]
model = dict(decode_head=dict(num_classes=8), auxiliary_head=dict(num_classes=8))
