# What was learnt on DYCE, tried on natural images (Table 3): python tools/test.py this-config
_base_ = [
    '../_base_/models/segan.py',
    '../_base_/datasets/pascal3d.py',
    '../_base_/schedules/test_only.py',
    '../_base_/default_runtime.py',
]
model = dict(
    painter=None,
    part_checkpoints=dict(segmentor='work_dirs/segan_r18_segmentor_dyce/epoch_10.pth'),
)
