_base_ = './pspnet_r18_cityscapes.py'
# Features of the foreground are blacked out instead of filled.
model = dict(neck=dict(fill='zero'))
