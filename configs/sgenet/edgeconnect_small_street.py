# Edges and image are learnt at the same time.
_base_ = [
    '../_base_/models/edgeconnect_small.py',
    '../_base_/datasets/inpainting_street.py',
    '../_base_/schedules/edgeconnect_short.py',
    '../_base_/default_runtime.py',
]
