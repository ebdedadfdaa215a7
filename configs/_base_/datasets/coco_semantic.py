# COCO's 80 classes of objects and the background: 118 287 images to train, 5000 to validate. The
# paper took COCO of 2014.
_base_ = './sbd_semantic.py'
part = dict(_delete_=True, type='CocoInstanceDataset', data_root='data/coco', classes=None)

train_dataloader = dict(
    dataset=dict(
        part,
        ann_file='annotations/instances_train2017.json',
        image_folder='train2017',
        keep_empty=False,
        pipeline={{_base_.train_pipeline}},
    )
)
val_dataloader = dict(
    dataset=dict(
        part,
        ann_file='annotations/instances_val2017.json',
        image_folder='val2017',
        pipeline={{_base_.test_pipeline}},
        test_mode=True,
    )
)
test_dataloader = val_dataloader
del part
