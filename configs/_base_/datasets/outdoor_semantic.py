# Outdoor Scenes to segment: no holes. The paper does not say how its segmentor was trained.
_base_ = './inpainting_outdoor.py'
train_pipeline = [
    *_base_.load,
    dict(type='mmseg.RandomCrop', crop_size=(256, 256)),
    dict(type='mmseg.RandomFlip', prob=0.5),
    dict(type='PackScene'),
]
load_image, load_classes, resize = _base_.load
test_pipeline = [  # whole images; classes at their original size
    load_image,
    resize,
    load_classes,
    dict(type='PackScene', original_labels=True),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(batch_size=1, dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
val_evaluator = dict(type='ClassIoUMetric')
test_evaluator = [val_evaluator]
