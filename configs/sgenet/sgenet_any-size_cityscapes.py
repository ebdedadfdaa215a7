# For pictures of any size, not only 256x256.
_base_ = [
    '../_base_/models/sgenet_any-size.py',
    '../_base_/datasets/inpainting_cityscapes.py',
    '../_base_/schedules/sgenet.py',
    '../_base_/default_runtime.py',
]
test_evaluator = _base_.all_metrics
