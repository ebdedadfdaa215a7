_base_ = './pspnet_r18_cityscapes.py'
model = dict(neck=dict(num_rectangles=0))
