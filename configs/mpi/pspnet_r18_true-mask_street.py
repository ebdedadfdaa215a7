_base_ = './pspnet_r18_street.py'
model = dict(foreground_backbone=None, foreground_head=None, train_mask='truth', test_mask='truth')
