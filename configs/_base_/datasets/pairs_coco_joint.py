# For training end to end: with objects and distances; batches of 4 (Sec. IV-A).
_base_ = './pairs_coco.py'
load = dict(type='LoadPair', instances=True)
train_pipeline = [load, _base_.flip, dict(type='SignedDistance'), _base_.pack]
train_dataloader = dict(batch_size=4, dataset=dict(pipeline=train_pipeline))
