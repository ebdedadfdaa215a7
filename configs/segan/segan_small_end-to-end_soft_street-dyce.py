# The painter's loss reaches the mask by mixed colours, not past the threshold.
_base_ = './segan_small_end-to-end_street-dyce.py'
model = dict(mask_gradient='soft')
