# The panoptic network alone; for small ones that start from nothing.
adam = dict(type='Adam', lr=5e-4, betas=(0.0, 0.9))
optim_wrapper = dict(
    constructor='PartOptimWrapperConstructor',
    selector=dict(type='OptimWrapper', optimizer=adam),
)
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=20, val_interval=5)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
