# Tests the network of edgeconnect_small_cityscapes-128x128.py on holes of any shape.
_base_ = [
    '../_base_/models/edgeconnect_small.py',
    '../_base_/datasets/inpainting_cityscapes_128x128_irregular.py',
    '../_base_/schedules/edgeconnect_short.py',
    '../_base_/default_runtime.py',
]
