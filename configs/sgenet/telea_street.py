# Nothing to train: python tools/test.py this-config
_base_ = [
    '../_base_/models/telea.py',
    '../_base_/datasets/inpainting_street.py',
    '../_base_/schedules/test_only.py',
    '../_base_/default_runtime.py',
]
train_dataloader = None
val_dataloader = None
val_evaluator = None
