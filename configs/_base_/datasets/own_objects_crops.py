# Your own objects for a segmentor of crops, which sees photos at 384x384 and predicts 64x64 masks.
# Nothing is learnt, or counted, where other objects of the photo itself may hide an object.
_base_ = './own_objects_amodal.py'
train_pipeline = _base_.train_dataloader.dataset.pipeline
test_pipeline = _base_.val_dataloader.dataset.pipeline
for step in (*train_pipeline, *test_pipeline):
    if step['type'] == 'FrameObjects':
        step['size'] = (384, 384)
    if step['type'] == 'PasteForeground':
        step['unknown_behind'] = True
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
val_evaluator = [
    {**metric, 'side': 64} if 'side' in metric else metric for metric in _base_.val_evaluator
]
test_evaluator = val_evaluator
