_base_ = [
    '../_base_/models/sgenet.py',
    '../_base_/datasets/inpainting_outdoor_irregular.py',
    '../_base_/schedules/sgenet.py',
    '../_base_/default_runtime.py',
]
model = dict(generator=dict(decoder=dict(num_classes=8)))
test_evaluator = _base_.all_metrics
