# Tests the network of spgnet_small_street.py on holes of any shape.
_base_ = [
    '../_base_/models/spgnet_small.py',
    '../_base_/datasets/inpainting_street_irregular.py',
    '../_base_/schedules/inpainting_gan_short.py',
    '../_base_/default_runtime.py',
]
test_evaluator = _base_.all_metrics
