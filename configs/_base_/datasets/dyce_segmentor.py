# For the segmentor alone: the appearances are not read.
_base_ = './dyce.py'
load = [dict(type='LoadSceneImage'), dict(type='LoadAmodalObjects')]
train_pipeline = [
    *load,
    dict(type='FrameObjects', size={{_base_.size}}, window=(0.8, 1.0)),
    dict(type='GrowBoxes', share=(0.1, 0.3)),
    dict(type='PackScene'),
]
test_pipeline = [
    *load,
    dict(type='FrameObjects', size={{_base_.size}}, keep_photo=True),
    dict(type='GrowBoxes', share=(0.2, 0.2)),
    dict(type='PackScene'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
val_evaluator = {{_base_.segmentation_metrics}}
test_evaluator = {{_base_.segmentation_metrics}}
