# RoI pooling from the last convolution, as the paper says; its code pools averages of 7x7 from it.
_base_ = './segan_r18_segmentor_dyce.py'
model = dict(segmentor=dict(pool_size=1))
