# Epochs of 320 of the 2975 images, each image once before any twice.
_base_ = [
    '../_base_/models/pspnet_r18_shared.py',
    '../_base_/datasets/cityscapes_128x256.py',
    '../_base_/schedules/adam_short.py',
    '../_base_/default_runtime.py',
]
train_dataloader = dict(
    sampler=dict(_delete_=True, type='PartialEpochSampler', samples_per_epoch=320)
)
