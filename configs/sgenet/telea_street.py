# Nothing to train: python tools/test.py this-config
_base_ = [
    '../_base_/datasets/inpainting_street.py',
    '../_base_/schedules/test_only.py',
    '../_base_/default_runtime.py',
]
model = dict(type='OpenCVInpainter', method='telea', radius=3.0)
train_dataloader = None
val_dataloader = None
val_evaluator = None
