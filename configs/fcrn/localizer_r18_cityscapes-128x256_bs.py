_base_ = './localizer_r18_cityscapes-128x256.py'
model = dict(localization_head=dict(loss_box=dict(num_pixels=512)))
