# The mean colour of what is seen, in the true mask. Nothing to train.
_base_ = [
    '../_base_/models/mean_colour.py',
    '../_base_/datasets/pairs_coco_tiny.py',
    '../_base_/schedules/test_only.py',
    '../_base_/default_runtime.py',
]
model = dict(_delete_=True, type='SelectThenInpaint', inpainter=_base_.model)
train_dataloader = None
val_dataloader = None
val_evaluator = None
