# The image inpainter alone, with random masks, on true edges and classes.
_base_ = [
    '../_base_/models/edgeconnect_segmentation.py',
    '../_base_/datasets/pairs_coco_random.py',
    '../_base_/schedules/edgeconnect.py',
    '../_base_/default_runtime.py',
]
model = dict(edge=None, segmentation=None, segmentation_cue=133)
