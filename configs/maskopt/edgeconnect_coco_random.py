# Plain EdgeConnect, edges and image, with random masks.
_base_ = [
    '../_base_/models/edgeconnect.py',
    '../_base_/datasets/pairs_coco_random.py',
    '../_base_/schedules/edgeconnect.py',
    '../_base_/default_runtime.py',
]
