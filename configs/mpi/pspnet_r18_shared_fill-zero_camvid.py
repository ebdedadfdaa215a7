_base_ = './pspnet_r18_shared_camvid.py'
model = dict(neck=dict(fill='zero'))
