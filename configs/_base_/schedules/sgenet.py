# The paper tells nothing of its optimisers; these are pix2pix's, the number of epochs is ours.
adam = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=2e-4, betas=(0.5, 0.999)))
optim_wrapper = dict(
    constructor='PartOptimWrapperConstructor', generators=adam, discriminators=adam
)
param_scheduler = [dict(type='LinearLR', start_factor=1.0, end_factor=0.0, begin=100, end=200)]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=200, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
