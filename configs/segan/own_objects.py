# Your own objects without their hidden parts: images/, and COCO's JSON train.json and val.json.
_base_ = [
    '../_base_/models/segan_small_segmentor.py',
    '../_base_/datasets/own_objects_amodal.py',
    '../_base_/schedules/segan_small_segmentor.py',
    '../_base_/default_runtime.py',
]
own = dict(data_root='data/own_objects')
train_dataloader = dict(dataset=own)
val_dataloader = dict(dataset=own)
test_dataloader = val_dataloader
