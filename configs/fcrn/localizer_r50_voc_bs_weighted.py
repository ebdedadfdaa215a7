# The paper does not say how many pixels it keeps here: as many as for the classes.
_base_ = './localizer_r50_voc.py'
model = dict(localization_head=dict(loss_box=dict(num_pixels=512), weighting='inverse_sqrt_area'))
