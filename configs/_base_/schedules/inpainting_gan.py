# mmagic's optimisers of DeepFillv2, 200 epochs as for SGE-Net here (mmagic counts batches).
adam = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-4))
optim_wrapper = dict(
    constructor='PartOptimWrapperConstructor', generators=adam, discriminators=adam
)
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=200, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
