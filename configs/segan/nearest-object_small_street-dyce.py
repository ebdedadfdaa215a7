# The nearest neighbour baseline: remembers all training objects as they are.
_base_ = [
    '../_base_/models/nearest_object_small.py',
    '../_base_/datasets/street_dyce.py',
    '../_base_/schedules/one_look.py',
    '../_base_/default_runtime.py',
]
train_dataloader = dict(dataset=dict(pipeline={{_base_.test_pipeline}}))
