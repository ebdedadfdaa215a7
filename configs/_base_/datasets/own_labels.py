# Your own images and label maps, 128 high: images/SPLIT, labels/SPLIT. A config names data_root and
# metainfo: classes in the order of their ids, and a colour each.
_base_ = './inpainting_cityscapes_128x128.py'
load = [
    dict(type='LoadSceneImage'),
    dict(type='LoadClasses'),
    dict(type='mmseg.Resize', scale=(100000, 128), keep_ratio=True, interpolation='area'),
]
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='LabelFolderDataset',
        image_folder='images/train',
        label_folder='labels/train',
        pipeline=[
            *load,
            _base_.crop,
            dict(type='mmseg.RandomFlip', prob=0.5),
            _base_.train_holes,
            *_base_.keep,
        ],
    )
)
val_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='LabelFolderDataset',
        image_folder='images/val',
        label_folder='labels/val',
        pipeline=[
            *load,
            _base_.test_crop,
            dict(type='CentreHole', sides=(32, 64), fixed=True),
            *_base_.keep,
        ],
        test_mode=True,
    )
)
test_dataloader = val_dataloader
