_base_ = './pspnet_r18_street.py'
model = dict(neck=dict(fill='zero'))
