# As localizer_r50_voc_bs_weighted, with 101 layers.
_base_ = './localizer_r50_voc.py'
model = dict(
    backbone=dict(depth=101),
    localization_head=dict(loss_box=dict(num_pixels=512), weighting='inverse_sqrt_area'),
)
