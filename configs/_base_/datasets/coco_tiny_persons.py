# Persons in COCO's first pictures, the longer side reduced to 320; only pictures with persons.
_base_ = './voc_instance_small.py'
data_root = 'data/coco_tiny'

train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='CocoInstanceDataset',
        data_root=data_root,
        ann_file='annotations/instances_train2017.json',
        image_folder='train2017',
        classes=('person',),
        keep_empty=False,
        pipeline={{_base_.train_pipeline}},
    )
)
val_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='CocoInstanceDataset',
        data_root=data_root,
        ann_file='annotations/instances_val2017.json',
        image_folder='val2017',
        classes=('person',),
        keep_empty=False,
        pipeline={{_base_.test_pipeline}},
        test_mode=True,
    )
)
test_dataloader = val_dataloader
