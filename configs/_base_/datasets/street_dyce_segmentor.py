# For the segmentor alone: the appearances are not read. Epochs of 240 pictures.
_base_ = './street_dyce.py'
load = [dict(type='LoadSceneImage'), dict(type='LoadAmodalObjects')]
train_pipeline = [
    dict(type='ChooseObjects', most=4),
    *load,
    {{_base_.train_frame}},
    dict(type='GrowBoxes', share=(0.1, 0.3)),
    dict(type='PackScene'),
]
test_pipeline = [
    *load,
    {{_base_.test_frame}},
    dict(type='GrowBoxes', share=(0.2, 0.2)),
    dict(type='PackScene'),
]
train_dataloader = dict(sampler=dict(samples_per_epoch=240), dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
val_evaluator = {{_base_.segmentation_metrics}}
test_evaluator = {{_base_.segmentation_metrics}}
