_base_ = './pspnet_r18_shared_cityscapes-128x256_short.py'
model = dict(neck=dict(fill='zero'))
