# The nearest neighbour baseline: remembers the training objects of 800 pictures as they are.
_base_ = [
    '../_base_/models/nearest_object_small.py',
    '../_base_/datasets/street_dyce.py',
    '../_base_/schedules/one_look.py',
    '../_base_/default_runtime.py',
]
train_dataloader = dict(
    sampler=dict(samples_per_epoch=800), dataset=dict(pipeline={{_base_.test_pipeline}})
)
