# The painter's loss reaches the mask by mixed colours, not past the threshold.
_base_ = './segan_r18_end-to-end_dyce.py'
model = dict(mask_gradient='soft')
