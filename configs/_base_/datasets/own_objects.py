# Your own images and COCO's JSON of your objects, the longer side 320. A config names data_root and
# classes, the categories in any order; their classes are 1, 2, ...; all else is class 0.
_base_ = './voc_instance_small.py'
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='CocoInstanceDataset',
        ann_file='train.json',
        image_folder='images',
        pipeline={{_base_.train_pipeline}},
    )
)
val_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='CocoInstanceDataset',
        ann_file='val.json',
        image_folder='images',
        pipeline={{_base_.test_pipeline}},
        test_mode=True,
    )
)
test_dataloader = val_dataloader
