# Outdoor Scenes to segment: no holes. The paper does not say how its segmentor was trained.
_base_ = './inpainting_outdoor.py'
pack = dict(type='PackScene')
train_pipeline = [
    *_base_.load,
    dict(type='mmseg.RandomCrop', crop_size=(256, 256)),
    dict(type='mmseg.RandomFlip', prob=0.5),
    pack,
]
test_pipeline = [*_base_.load, dict(type='CenterCrop', crop_size=(256, 256)), pack]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(batch_size=1, dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
val_evaluator = dict(type='ClassIoUMetric')
test_evaluator = [val_evaluator]
