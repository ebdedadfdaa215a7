# The nearest neighbour of Table 2: remembers all training objects as they are.
_base_ = [
    '../_base_/models/nearest_object.py',
    '../_base_/datasets/dyce.py',
    '../_base_/default_runtime.py',
]
train_dataloader = dict(
    dataset=dict(one_object=False, pipeline={{_base_.test_pipeline}}), batch_size=1
)
# Once through the training set, which it remembers: nothing is optimised.
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.0))
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=1, val_interval=1)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
