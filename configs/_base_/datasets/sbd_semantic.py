# The classes of SBD's 5623 training images, for the semantic nets of Table 6. Those of
# voc12aug.py learn from images on which Table 6 is tested.
_base_ = './sbd_instances.py'
crop_size = (512, 512)  # height, width

train_pipeline = [
    dict(type='LoadSceneImage'),
    dict(type='LoadInstances'),
    dict(
        type='RandomResize',
        scale=(2048, 512),
        ratio_range=(0.5, 2.0),
        resize_type='mmseg.Resize',
        keep_ratio=True,
    ),
    dict(type='mmseg.RandomCrop', crop_size=crop_size, cat_max_ratio=0.75),
    dict(type='mmseg.RandomFlip', prob=0.5),
    dict(type='Pad', size=crop_size, pad_val=dict(img=(104, 116, 124), seg=255)),
    dict(type='PackScene', instance_masks=False),
]
train_dataloader = dict(batch_size=16, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict()
test_dataloader = val_dataloader

val_evaluator = dict(_delete_=True, type='ClassIoUMetric')
test_evaluator = val_evaluator
