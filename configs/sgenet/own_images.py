# Your own images with label maps: images/{train,val}, labels/{train,val}; change names to yours.
_base_ = [
    '../_base_/models/sgenet_small.py',
    '../_base_/datasets/own_labels.py',
    '../_base_/schedules/inpainting_gan_short.py',
    '../_base_/default_runtime.py',
]
own = dict(
    data_root='data/own_streets',
    metainfo=dict(
        classes=['sky', 'building', 'road', 'pavement', 'plant', 'car', 'person'],  # 0, 1, ...
        palette=[
            [70, 130, 180],
            [70, 70, 70],
            [128, 64, 128],
            [244, 35, 232],
            [107, 142, 35],
            [0, 0, 142],
            [220, 20, 60],
        ],
    ),
)
train_dataloader = dict(dataset=own)
val_dataloader = dict(dataset=own)
test_dataloader = val_dataloader
model = dict(generator=dict(decoder=dict(num_classes=7)))
