# Tests the network of edgeconnect_small_street.py on holes of any shape.
_base_ = [
    '../_base_/models/edgeconnect_small.py',
    '../_base_/datasets/inpainting_street_irregular.py',
    '../_base_/schedules/edgeconnect_short.py',
    '../_base_/default_runtime.py',
]
