_base_ = './localizer_r50_voc_bs_weighted.py'
model = dict(backbone=dict(depth=101))
