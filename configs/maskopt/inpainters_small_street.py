# The three inpainters, with masks of objects: fine-tuned at once (Table III), or as trained alone.
_base_ = [
    '../_base_/models/edgeconnect_small_segmentation.py',
    '../_base_/datasets/pairs_street.py',
    '../_base_/schedules/edgeconnect_all_short.py',
    '../_base_/default_runtime.py',
]
