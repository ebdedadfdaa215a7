# EdgeConnect: discriminators learn at a tenth of the rate; the number of epochs is ours.
optim_wrapper = dict(
    constructor='PartOptimWrapperConstructor',
    generators=dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-4, betas=(0.0, 0.9))),
    discriminators=dict(
        type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-5, betas=(0.0, 0.9))
    ),
)
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=30, val_interval=5)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
