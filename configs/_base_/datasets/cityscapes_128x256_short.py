# Epochs of 320 of the 2975 images, each image once before any twice.
_base_ = './cityscapes_128x256.py'
train_dataloader = dict(
    sampler=dict(_delete_=True, type='PartialEpochSampler', samples_per_epoch=320)
)
