# Table IV at 384x768 (height x width); the paper does not say its batch size there.
_base_ = './cityscapes.py'
load = [dict(type='LoadSceneImage'), dict(type='LoadSceneAnnotations')]
resize = dict(type='mmseg.Resize', scale=(768, 384), interpolation='area')
train_pipeline = [
    *load,
    resize,
    dict(type='PackScene'),
]
test_pipeline = [*load, resize, dict(type='PackScene')]
train_dataloader = dict(batch_size=4, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(batch_size=4, dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(batch_size=4, dataset=dict(pipeline=test_pipeline))
