# Sec. IV-A: Adam with 1e-5 for all; the number of epochs is ours.
adam = dict(type='Adam', lr=1e-5, betas=(0.0, 0.9))
judge_adam = dict(type='Adam', lr=1e-6, betas=(0.0, 0.9))
optim_wrapper = dict(
    constructor='PartOptimWrapperConstructor',
    selector=dict(type='OptimWrapper', optimizer=adam),
    edge=dict(type='OptimWrapper', optimizer=adam),
    edge_discriminator=dict(type='OptimWrapper', optimizer=judge_adam),
    segmentation=dict(type='OptimWrapper', optimizer=adam),
    segmentation_discriminator=dict(type='OptimWrapper', optimizer=judge_adam),
    image=dict(type='OptimWrapper', optimizer=adam),
    image_discriminator=dict(type='OptimWrapper', optimizer=judge_adam),
)
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=10, val_interval=1)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
