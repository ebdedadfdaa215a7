_base_ = [
    '../_base_/models/localizer_r18.py',
    '../_base_/datasets/cityscapes_128x256_instances.py',
    '../_base_/schedules/adam_short.py',
    '../_base_/default_runtime.py',
]
# Epochs of 240 of the 2975 images, each image once before any twice.
train_dataloader = dict(
    sampler=dict(_delete_=True, type='PartialEpochSampler', samples_per_epoch=240),
)
