# Your own images with label maps: images/{train,val}, labels/{train,val}; change names to yours.
_base_ = [
    '../_base_/models/sgenet_small.py',
    '../_base_/datasets/own_labels.py',
    '../_base_/schedules/inpainting_gan_short.py',
    '../_base_/default_runtime.py',
]
own = dict(
    data_root='data/own_streets',
    labels=['sky', 'building', 'road', 'pavement', 'plant', 'car', 'person'],  # 0, 1, ...
)
train_dataloader = dict(dataset=own)
val_dataloader = dict(dataset=own)
test_dataloader = val_dataloader
model = dict(generator=dict(decoder=dict(num_classes=7)))
