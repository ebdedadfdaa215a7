# Telea with the true mask, grown by model.grow pixels (Table I). Nothing to train.
_base_ = [
    '../_base_/datasets/pairs_coco_tiny.py',
    '../_base_/schedules/test_only.py',
    '../_base_/default_runtime.py',
]
model = dict(
    type='SelectThenInpaint', inpainter=dict(type='OpenCVInpainter', method='telea', radius=3.0)
)
train_dataloader = None
val_dataloader = None
val_evaluator = None
