# Your own objects: images/, and COCO's JSON train.json and val.json; change the names to yours.
# One backbone learns the classes and the boxes that the pixels of objects vote for.
_base_ = [
    '../_base_/models/localizer_r18.py',
    '../_base_/datasets/own_objects.py',
    '../_base_/schedules/adam_short.py',
    '../_base_/default_runtime.py',
]
own = dict(data_root='data/own_objects', classes=['person', 'car'])
train_dataloader = dict(dataset=own)
val_dataloader = dict(dataset=own)
test_dataloader = val_dataloader
thing_ids = (1, 2)  # a number per class
model = dict(
    semantic=dict(
        _delete_=True,
        type='SharedScores',
        decode_head=dict(_base_.fcrn.decode_head, num_classes=3),  # and the background
    ),
    localization_head=dict(
        num_things=2,
        dilation=12,
        box_coder=dict(offset_scale=64.0, size_scale=64.0),  # pixels, about half an object
    ),
    instance_head=dict(thing_ids=thing_ids, box_coder=dict(offset_scale=64.0, size_scale=64.0)),
)
