# Telea with the mask of the panoptic network (Table V). Nothing to train.
_base_ = [
    '../_base_/models/panoptic_selector_small.py',
    '../_base_/datasets/pairs_street_joint.py',
    '../_base_/schedules/test_only.py',
    '../_base_/default_runtime.py',
]
model = dict(
    type='SelectThenInpaint',
    inpainter=dict(type='OpenCVInpainter', method='telea', radius=3.0),
    selector=_base_.selector,
)
train_dataloader = None
val_dataloader = None
val_evaluator = None
