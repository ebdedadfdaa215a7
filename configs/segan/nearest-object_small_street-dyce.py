# The nearest neighbour baseline: remembers the training objects of 800 pictures as they are.
_base_ = [
    '../_base_/models/nearest_object.py',
    '../_base_/datasets/street_dyce.py',
    '../_base_/default_runtime.py',
]
# For CPUs, and without weights to download: a random ResNet-18 tells shapes and colours apart.
model = dict(backbone=dict(init_cfg=None), crop_size=64, mask_size=28, painter_size=64)
train_dataloader = dict(
    sampler=dict(samples_per_epoch=800), dataset=dict(pipeline={{_base_.test_pipeline}})
)
# Once through the training set, which it remembers: nothing is optimised.
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.0))
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=1, val_interval=1)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
