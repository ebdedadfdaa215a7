# Sec. IV-A: Adam, 50 epochs, a tenth of the learning rate every 20 epochs.
pretrained = 'torchvision://resnet{depth}'  # every backbone; None: random, as the published script
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=1e-4, betas=(0.6, 0.9), weight_decay=1e-4),
)
param_scheduler = [dict(type='StepLR', step_size=20, gamma=0.1, by_epoch=True)]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=50, val_interval=1)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
