_base_ = './pspnet_r18_street.py'
model = dict(foreground_backbone=None, foreground_head=dict(extra_upsample=1))
