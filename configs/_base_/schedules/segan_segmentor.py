# Sec. 5.1: plain SGD. As in the published code the rate falls to 0.1, 0.001 and 0.0001 of it, every
# 20000 batches of 5.
optim_wrapper = dict(
    constructor='PartOptimWrapperConstructor',
    generators=dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=1e-3)),
)
param_scheduler = [
    dict(type='MultiStepLR', milestones=[20000, 40000, 40000, 60000], gamma=0.1, by_epoch=False)
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=10, val_interval=1)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
