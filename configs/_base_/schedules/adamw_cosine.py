# AdamW with a linear start and cosine decay; a backbone starts from ImageNet and learns at a third
# of the rate.
pretrained = 'torchvision://resnet{depth}'
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=8e-4, weight_decay=0.02),
    paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.33)), norm_decay_mult=0.0),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, end=200),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=True, convert_to_iter_based=True),
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=20, val_interval=2)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
