# The nearest neighbour of Table 2: remembers all training objects as they are.
_base_ = [
    '../_base_/models/nearest_object.py',
    '../_base_/datasets/dyce.py',
    '../_base_/schedules/one_look.py',
    '../_base_/default_runtime.py',
]
train_dataloader = dict(
    dataset=dict(one_object=False, pipeline={{_base_.test_pipeline}}), batch_size=1
)
