# Plain EdgeConnect with the mask of the panoptic network (Table V). Nothing to train.
_base_ = [
    '../_base_/models/edgeconnect.py',
    '../_base_/models/panoptic_selector_r50.py',
    '../_base_/datasets/pairs_coco_joint.py',
    '../_base_/schedules/test_only.py',
    '../_base_/default_runtime.py',
]
model = dict(
    _delete_=True,
    type='SelectThenInpaint',
    inpainter=_base_.model,
    selector=_base_.selector,
)
train_dataloader = None
val_dataloader = None
val_evaluator = None
