# Your own images and label maps: images/{train,val} and labels/{train,val}; change the names to
# yours. Learns the quarter of a crop's pixels that is predicted worst (bootstrapping).
_base_ = [
    '../_base_/models/fcrn_r18.py',
    '../_base_/datasets/own_semantic.py',
    '../_base_/schedules/adam_short.py',
    '../_base_/default_runtime.py',
]
own = dict(
    data_root='data/own_streets',
    labels=['sky', 'building', 'road', 'pavement', 'plant', 'car', 'person'],  # 0, 1, ...
)
train_dataloader = dict(dataset=own)
val_dataloader = dict(dataset=own)
test_dataloader = val_dataloader
model = dict(
    decode_head=dict(
        num_classes=7,
        loss_decode=dict(_delete_=True, type='BootstrappedCrossEntropyLoss', num_pixels=9216),
    )
)
