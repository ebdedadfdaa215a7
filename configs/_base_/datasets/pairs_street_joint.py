# For training end to end: with objects and distances; batches of 4.
_base_ = './pairs_street.py'
load = dict(type='LoadPair', instances=True)
distance = dict(type='SignedDistance', unit='pixels')  # the loss divides them
train_pipeline = [load, _base_.flip, distance, _base_.pack]
train_dataloader = dict(batch_size=4, dataset=dict(pipeline=train_pipeline))

# The quality of what was filled, and how much larger than the object the mask is.
growth = dict(type='MaskGrowthMetric')
val_evaluator = [_base_.val_evaluator, growth]
test_evaluator = [*_base_.test_evaluator, growth]
