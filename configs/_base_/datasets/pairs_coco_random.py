# Trained with random masks, without objects; tested with objects (Table II). The masks are, as in
# the paper, those that NVIDIA trained partial convolutions with: PNG with 255 = hole.
_base_ = './pairs_coco.py'
masks = dict(type='IrregularHoles', folder='data/irregular_masks_train')
train_pipeline = [
    dict(type='LoadPair', with_object=False),
    _base_.flip,
    masks,
    _base_.pack,
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
