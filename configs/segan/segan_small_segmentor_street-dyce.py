_base_ = [
    '../_base_/models/segan_small.py',
    '../_base_/datasets/street_dyce_segmentor.py',
    '../_base_/schedules/segan_small_segmentor.py',
    '../_base_/default_runtime.py',
]
model = dict(painter=None)
