_base_ = './pspnet_r18_true-mask_cityscapes.py'
# Table III: MPI at 'input', true masks.
model = dict(neck=dict(position='input'))
