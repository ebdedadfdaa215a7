# Trained with random masks, without objects; tested with objects (Table II). The masks are, as in
# the paper, those that NVIDIA trained partial convolutions with, prepared as their authors say.
_base_ = './pairs_coco.py'
masks = dict(
    type='IrregularHoles',
    folder='data/irregular_masks_train',
    invert=True,  # white is known
    rotate=180,
    dilate=(5, 47),
    crop=(0.5, 1.0),
    ratios=(0.01, 0.6),
)
train_pipeline = [
    dict(type='LoadPair', with_object=False),
    _base_.flip,
    masks,
    _base_.pack,
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
