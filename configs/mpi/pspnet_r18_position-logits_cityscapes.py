_base_ = './pspnet_r18_true-mask_cityscapes.py'
# Table III: MPI at 'logits', true masks.
model = dict(neck=dict(position='logits'))
