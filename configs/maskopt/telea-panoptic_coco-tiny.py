# Telea with the mask of the small instance network. Nothing to train.
_base_ = [
    '../_base_/models/instance_selector_small_coco.py',
    '../_base_/datasets/pairs_coco_tiny_persons.py',
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
