# True masks isolate the neck from the quality of the foreground branch (Tables III and IV).
_base_ = './pspnet_r18_cityscapes.py'
model = dict(foreground_backbone=None, foreground_head=None, train_mask='truth', test_mask='truth')
