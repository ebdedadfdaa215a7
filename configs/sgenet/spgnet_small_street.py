_base_ = [
    '../_base_/models/spgnet_small.py',
    '../_base_/datasets/inpainting_street.py',
    '../_base_/schedules/inpainting_gan_short.py',
    '../_base_/default_runtime.py',
]
test_evaluator = _base_.all_metrics
