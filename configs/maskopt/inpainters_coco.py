# The three inpainters, with masks of objects: fine-tuned at once (Table III), or as trained alone.
_base_ = [
    '../_base_/models/edgeconnect_segmentation.py',
    '../_base_/datasets/pairs_coco.py',
    '../_base_/schedules/edgeconnect.py',
    '../_base_/default_runtime.py',
]
