# Plain EdgeConnect, edges and image, with masks of objects.
_base_ = [
    '../_base_/models/edgeconnect.py',
    '../_base_/datasets/pairs_coco.py',
    '../_base_/schedules/edgeconnect.py',
    '../_base_/default_runtime.py',
]
