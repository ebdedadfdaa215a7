_base_ = [
    '../_base_/models/pspnet_r50_shared.py',
    '../_base_/datasets/cityscapes.py',
    '../_base_/schedules/adam_50e.py',
    '../_base_/default_runtime.py',
]
train_dataloader = dict(batch_size=4)
