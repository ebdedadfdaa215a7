# For minutes on a CPU and from random weights: Adam, where the paper's SGD goes on from ImageNet's.
_base_ = './segan_segmentor.py'
optim_wrapper = dict(segmentor=dict(optimizer=dict(_delete_=True, type='Adam', lr=1e-3)))
param_scheduler = [
    dict(type='PolyLR', power=0.9, eta_min=1e-6, by_epoch=True, convert_to_iter_based=True)
]
train_cfg = dict(val_begin=10)
