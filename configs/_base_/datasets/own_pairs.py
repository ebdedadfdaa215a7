# Your own images with instances, of which pairs are made while training: an object of one image is
# pasted into a 128x128 crop of another, which is the truth behind it. A config names data_root.
_base_ = './pairs_street.py'
load = [
    dict(type='LoadSceneImage'),
    dict(type='LoadInstances'),
    dict(type='mmseg.Resize', scale=(100000, 144), keep_ratio=True, interpolation='area'),
]
paste = dict(
    type='PasteForeground',
    source=dict(pipeline=load),
    num_objects=(1, 1),
    area=(0.005, 0.3),
    max_contact=0.5,
    scale=(0.4, 1.5),
    rotation=(-15.0, 15.0),
    placement='anywhere',
    blending=('none', 'gaussian', 'box', 'poisson'),
    truncation=False,
    removal=True,
)
crop = dict(type='mmseg.RandomCrop', crop_size=(128, 128))
train_pipeline = [*load, crop, _base_.flip, paste, _base_.pack]
# To validate, whole images: squeezed to squares, as batches have one size, and always the same.
square = dict(type='mmseg.Resize', scale=(128, 128), interpolation='area')
test_pipeline = [*load, square, dict(paste, fixed=True), _base_.pack]
objects = dict(type='CocoInstanceDataset', image_folder='images', classes=None, keep_empty=False)

train_dataloader = dict(
    dataset=dict(_delete_=True, **objects, ann_file='train.json', pipeline=train_pipeline)
)
# Not test_mode: where no object fits into an image, another image takes its place.
val_dataloader = dict(
    dataset=dict(_delete_=True, **objects, ann_file='val.json', pipeline=test_pipeline)
)
test_dataloader = val_dataloader
