# Pairs made while training, so that no epoch shows one again: of Street at 128x256 (height x width)
# random crops of 128x128, each with an object of a random picture pasted as make_pairs.py does for
# pairs_street.py. Only validation and test need its folder of pairs.
_base_ = './pairs_street.py'
data_root = 'data/street'

load = [
    dict(type='LoadSceneImage'),
    dict(type='LoadInstances'),
    dict(type='mmseg.Resize', scale=(256, 128), interpolation='area'),
]
street = dict(type='CityscapesInstanceDataset', data_root=data_root, split='train')
paste = dict(
    type='PasteForeground',
    source=dict(**street, pipeline=load),
    num_objects=(1, 1),
    area=(0.005, 0.2),
    max_contact=0.25,
    scale=(0.7, 2.0),
    rotation=(-15.0, 15.0),
    placement='anywhere',
    blending=('none', 'gaussian', 'box', 'poisson'),
    truncation=False,
    removal=True,
)
train_pipeline = [
    *load,
    dict(type='mmseg.RandomCrop', crop_size=(128, 128)),
    _base_.flip,
    paste,
    _base_.pack,
]
train_dataloader = dict(dataset=dict(_delete_=True, **street, pipeline=train_pipeline))
