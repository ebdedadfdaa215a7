# Completes objects from crops of the photo and the masks around; learns on real images, whose
# objects others are pasted over.
_base_ = [
    '../_base_/models/segan_crop_r18.py',
    '../_base_/datasets/coco_tiny_amodal.py',
    '../_base_/schedules/segan_small_segmentor.py',
    '../_base_/default_runtime.py',
]
train_pipeline, test_pipeline = _base_.train_pipeline, _base_.test_pipeline
for step in (*train_pipeline, *test_pipeline):
    if step['type'] == 'FrameObjects':
        step['size'] = (384, 384)
    if step['type'] == 'PasteForeground':
        step['unknown_behind'] = True  # where photos hide objects themselves
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
val_evaluator = [
    {**metric, 'side': 64} if 'side' in metric else metric for metric in _base_.val_evaluator
]
test_evaluator = val_evaluator
