_base_ = './pspnet_r18_true-mask_cityscapes.py'
# Table III: MPI at 'layer2', true masks.
model = dict(neck=dict(position='layer2'))
