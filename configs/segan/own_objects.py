# Your own objects without their hidden parts: images/, and COCO's JSON train.json and val.json.
# Start from the network in the package, which knows objects of any kind: --from crop_r18_coco-tiny.
_base_ = [
    '../_base_/models/segan_crop_r18.py',
    '../_base_/datasets/own_objects_crops.py',
    '../_base_/schedules/segan_small_segmentor.py',
    '../_base_/default_runtime.py',
]
own = dict(data_root='data/own_objects')
train_dataloader = dict(dataset=own)
val_dataloader = dict(dataset=own)
test_dataloader = val_dataloader
