# Tests the network of spgnet_small_cityscapes-128x128.py on holes of any shape.
_base_ = [
    '../_base_/models/spgnet_small.py',
    '../_base_/datasets/inpainting_cityscapes_128x128_irregular.py',
    '../_base_/schedules/inpainting_gan_short.py',
    '../_base_/default_runtime.py',
]
test_evaluator = _base_.all_metrics
