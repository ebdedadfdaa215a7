_base_ = './localizer_r18_street.py'
model = dict(localization_head=dict(loss_box=dict(num_pixels=512)))
