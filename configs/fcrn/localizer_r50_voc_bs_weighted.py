_base_ = './localizer_r50_voc_bs.py'
model = dict(localization_head=dict(weighting='inverse_sqrt_area'))
