# SGE-Net, Sec. 4.1: Outdoor Scenes' short side 256, crops of 256x256, holes of 128x128 in the
# middle.
_base_ = './inpainting_cityscapes.py'
data_root = 'data/outdoor_scenes'

load = [
    dict(type='LoadSceneImage'),
    dict(type='LoadClasses'),
    dict(type='mmseg.Resize', scale=(100000, 256), keep_ratio=True, interpolation='area'),
]
hole = dict(type='CentreHole', sides=128)
train_pipeline = [
    *load,
    dict(type='mmseg.RandomCrop', crop_size=(256, 256)),
    dict(type='mmseg.RandomFlip', prob=0.5),
    hole,
    *_base_.keep,
]
test_pipeline = [*load, dict(type='CenterCrop', crop_size=(256, 256)), hole, *_base_.keep]

train_dataloader = dict(
    dataset=dict(type='OutdoorScenesDataset', data_root=data_root, pipeline=train_pipeline)
)
val_dataloader = dict(
    dataset=dict(
        type='OutdoorScenesDataset', data_root=data_root, split='test', pipeline=test_pipeline
    )
)
test_dataloader = val_dataloader
