_base_ = [
    '../_base_/models/spgnet.py',
    '../_base_/datasets/inpainting_outdoor.py',
    '../_base_/schedules/sgenet.py',
    '../_base_/default_runtime.py',
]
model = dict(num_classes=8, segmentation=dict(out_channels=8), painter=dict(in_channels=12))
test_evaluator = _base_.all_metrics
