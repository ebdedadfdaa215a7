# Real images without amodal labels: objects of COCO's first images with others pasted over them, at
# the small SeGAN's size. What an object was before is all of it (PCNet's idea).
_base_ = './street_dyce_segmentor.py'
load = [dict(type='LoadSceneImage'), dict(type='LoadInstances')]
train_source = dict(
    type='CocoInstanceDataset',
    data_root='data/coco_tiny',
    ann_file='annotations/instances_train2017.json',
    image_folder='train2017',
    classes=None,
    keep_empty=False,
    pipeline=load,
)
val_source = dict(
    train_source, ann_file='annotations/instances_val2017.json', image_folder='val2017'
)
paste = dict(
    type='PasteForeground',
    amodal=True,
    placement='anywhere',
    num_objects=(1, 4),
    area=(0.01, 0.3),
    max_contact=0.5,
    scale=(0.5, 1.2),
)
train_pipeline = [
    *load,
    dict(paste, source=train_source),
    dict(type='FrameObjects', size=(128, 128), window=(0.8, 1.0), flip_prob=0.5),
    dict(type='GrowBoxes', share=(0.1, 0.3)),
    dict(type='PackScene'),
]
test_pipeline = [
    *load,
    dict(paste, source=val_source, fixed=True),
    dict(type='FrameObjects', size=(128, 128), keep_photo=True),
    dict(type='GrowBoxes', share=(0.2, 0.2)),
    dict(type='PackScene'),
]
train_dataloader = dict(dataset=dict(train_source, _delete_=True, pipeline=train_pipeline))
val_dataloader = dict(
    dataset=dict(val_source, _delete_=True, pipeline=test_pipeline, test_mode=True)
)
test_dataloader = val_dataloader
