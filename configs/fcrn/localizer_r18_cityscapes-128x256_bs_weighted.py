_base_ = './localizer_r18_cityscapes-128x256_bs.py'
model = dict(localization_head=dict(weighting='inverse_sqrt_area'))
