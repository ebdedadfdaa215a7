# The panoptic network alone; for small ones that start from nothing.
adam = dict(type='Adam', lr=5e-4, betas=(0.9, 0.999))
optim_wrapper = dict(
    constructor='PartOptimWrapperConstructor',
    selector=dict(type='OptimWrapper', optimizer=adam),
)
param_scheduler = [
    dict(type='PolyLR', power=0.9, eta_min=1e-6, by_epoch=True, convert_to_iter_based=True)
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=15, val_interval=15)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
