# Trained with random masks, without objects; tested with objects (Table II).
_base_ = './pairs_coco.py'
masks = dict(
    type='RandomChoice',
    transforms=[
        [dict(type='RandomRectangles', num=3, min_ratio=0.1, max_ratio=0.4)],
        [dict(type='FreeFormStrokes')],
    ],
)
train_pipeline = [
    dict(type='LoadPair', with_object=False),
    _base_.flip,
    masks,
    _base_.pack,
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
