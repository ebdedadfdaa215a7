# Plain EdgeConnect, edges and image, with masks of objects of real pictures.
_base_ = [
    '../_base_/models/edgeconnect_small.py',
    '../_base_/datasets/pairs_coco_tiny.py',
    '../_base_/schedules/edgeconnect_short.py',
    '../_base_/default_runtime.py',
]
model = dict(image=dict(hole_weight=100.0))
