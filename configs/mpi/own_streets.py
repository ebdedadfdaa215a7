# Your own streets: images/{train,val} and labels/{train,val}; change the names to yours.
_base_ = [
    '../_base_/models/pspnet_r18.py',
    '../_base_/datasets/own_scenes.py',
    '../_base_/schedules/adam_short.py',
    '../_base_/default_runtime.py',
]
own = dict(
    data_root='data/own_streets',
    labels=['sky', 'building', 'road', 'pavement', 'plant', 'car', 'person'],  # 0, 1, ...
    foreground=['car', 'person'],
    ground=['road', 'pavement'],
)
train_dataloader = dict(dataset=own)
val_dataloader = dict(dataset=own)
test_dataloader = val_dataloader
model = dict(background_head=dict(num_classes=5))
