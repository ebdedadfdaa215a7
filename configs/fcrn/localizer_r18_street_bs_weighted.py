# As on VOC at 1/8, where 512 pixels are 46 % of those of an image's objects.
_base_ = './localizer_r18_street.py'
model = dict(localization_head=dict(loss_box=dict(num_pixels=0.46), weighting='inverse_sqrt_area'))
