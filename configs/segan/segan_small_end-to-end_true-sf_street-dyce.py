# For tests as in the published code: the painter is told the true full mask.
_base_ = './segan_small_end-to-end_street-dyce.py'
model = dict(painter_mask='truth')
