# Edges and image are learnt at the same time.
_base_ = [
    '../_base_/models/edgeconnect.py',
    '../_base_/datasets/inpainting_outdoor_irregular.py',
    '../_base_/schedules/edgeconnect.py',
    '../_base_/default_runtime.py',
]
