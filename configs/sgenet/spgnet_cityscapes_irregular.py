_base_ = [
    '../_base_/models/spgnet.py',
    '../_base_/datasets/inpainting_cityscapes_irregular.py',
    '../_base_/schedules/sgenet.py',
    '../_base_/default_runtime.py',
]
test_evaluator = _base_.all_metrics
